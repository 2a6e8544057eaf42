use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

fn filled() -> Metrics {
    let metrics = Metrics::new("1.2.3");
    let route = metrics.route("GET", "/api/orders/{id}");
    route.answered(200, Duration::from_micros(700));
    route.answered(200, Duration::from_millis(20));
    route.answered(404, Duration::from_micros(100));
    metrics.use_case_ran("order.read", "OK", Duration::from_micros(600));
    metrics.use_case_ran("order.read", "NOT_FOUND", Duration::from_micros(90));
    metrics.database_used(3, Duration::from_micros(300));
    metrics.job_ran("mail.send", JobOutcome::Done, Duration::from_millis(3));
    metrics.job_ran("mail.send", JobOutcome::Dead, Duration::from_millis(3));
    metrics.queue_depths([("default", "queued", 9), ("gone", "dead", 1)]);
    metrics.queue_depths([("default", "queued", 4)]);
    metrics.security_event("unauthorized_access");
    metrics
}

fn has(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(
            text.lines().any(|encoded| encoded == *line),
            "{line} is not in\n{text}"
        );
    }
}

#[test]
fn everything_recorded_is_encoded() {
    let metrics = filled();
    let text = metrics.encode();
    has(
        &text,
        &[
            r#"mainstay_http_requests_total{method="GET",route="/api/orders/{id}",status="200"} 2"#,
            r#"mainstay_http_requests_total{method="GET",route="/api/orders/{id}",status="404"} 1"#,
            r#"mainstay_http_request_duration_seconds_bucket{le="0.001",method="GET",route="/api/orders/{id}"} 2"#,
            r#"mainstay_http_request_duration_seconds_count{method="GET",route="/api/orders/{id}"} 3"#,
            r#"mainstay_use_cases_total{use_case="order.read",outcome="OK"} 1"#,
            r#"mainstay_use_cases_total{use_case="order.read",outcome="NOT_FOUND"} 1"#,
            r#"mainstay_use_case_duration_seconds_count{use_case="order.read"} 2"#,
            "mainstay_database_statements_total 3",
            r#"mainstay_job_runs_total{kind="mail.send",outcome="dead"} 1"#,
            r#"mainstay_queue_jobs{queue="default",state="queued"} 4"#,
            r#"mainstay_security_events_total{type="unauthorized_access"} 1"#,
            r#"mainstay_build_info{version="1.2.3"} 1"#,
        ],
    );
    assert!(!text.contains("gone"), "an empty queue is reported\n{text}");
}

#[test]
fn a_name_at_two_addresses_in_memory_is_one_use_case() {
    let metrics = Metrics::new("1");
    let twin: &'static str = String::from("order.read").leak();
    for name in ["order.read", twin, "order.read", twin] {
        metrics.use_case_ran(name, "OK", Duration::from_micros(5));
    }
    has(
        &metrics.encode(),
        &[
            r#"mainstay_use_cases_total{use_case="order.read",outcome="OK"} 4"#,
            r#"mainstay_use_case_duration_seconds_count{use_case="order.read"} 4"#,
        ],
    );
}

#[test]
fn the_description_of_a_counter_has_the_name_of_its_samples() {
    let text = filled().encode();
    has(
        &text,
        &[
            "# HELP mainstay_http_requests_total Requests answered.",
            "# TYPE mainstay_http_requests_total counter",
        ],
    );
    has(
        &text,
        &[
            "# TYPE mainstay_http_requests_in_flight gauge",
            "# TYPE mainstay_job_duration_seconds histogram",
        ],
    );
    assert!(!text.contains("# EOF") && text.ends_with('\n'));
}

#[test]
fn requests_in_flight_end_even_when_their_task_is_dropped() {
    let metrics = Metrics::new("1");
    let (one, two) = (metrics.in_flight(), metrics.in_flight());
    has(&metrics.encode(), &["mainstay_http_requests_in_flight 2"]);
    drop(one);
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _guard = two;
        std::panic::resume_unwind(Box::new(()));
    }));
    assert!(unwound.is_err());
    has(&metrics.encode(), &["mainstay_http_requests_in_flight 0"]);
}

#[test]
fn watched_metrics_are_read_at_every_scrape() {
    let metrics = Metrics::new("1");
    let lost = Arc::new(AtomicU64::new(7));
    let read = Arc::clone(&lost);
    metrics.watch(move |samples| {
        samples.counter(
            "log_lines_dropped",
            "Log lines lost",
            read.load(Ordering::Relaxed),
        );
        samples.gauge("database_waiting", "Writes that wait", -1);
    });
    has(
        &metrics.encode(),
        &[
            "mainstay_log_lines_dropped_total 7",
            "mainstay_database_waiting -1",
        ],
    );
    lost.store(8, Ordering::Relaxed);
    has(
        &metrics.encode(),
        &[
            "mainstay_log_lines_dropped_total 8",
            "# TYPE mainstay_log_lines_dropped_total counter",
        ],
    );
}

#[test]
fn concurrent_first_requests_of_a_status_are_all_counted() {
    let metrics = Metrics::new("1");
    let route = metrics.route("POST", "/x");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..500).for_each(|n| route.answered(200 + n % 5, Duration::ZERO)));
        }
    });
    let text = metrics.encode();
    has(
        &text,
        &[r#"mainstay_http_requests_total{method="POST",route="/x",status="204"} 400"#],
    );
}
