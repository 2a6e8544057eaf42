//! The result of one run, and the median of several runs.

use serde_json::Value;

/// The result of one run of the product or of a baseline, or the median of several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Measurement {
    pub(super) per_second: u64,
    /// Processor time per operation, in nanoseconds; 0 when it is unknown.
    pub(super) cpu_ns: u64,
    /// The same of the load generator.
    pub(super) generator_ns: u64,
    pub(super) p50_us: u64,
    pub(super) p99_us: u64,
    pub(super) max_us: u64,
    pub(super) peak_kib: u64,
}

impl Measurement {
    /// Parses the output of the bench program. Unexpected answers are an error, because the measurement would mean
    /// nothing.
    pub(super) fn read(output: &Value) -> Result<Self, String> {
        let number = |key: &str| output.get(key).and_then(Value::as_u64).unwrap_or(0);
        if let Some(why) = output.get("complaint").and_then(Value::as_str) {
            return Err(format!(
                "unexpected answers ({}), the first: {why}",
                output["unexpected"]
            ));
        }
        let (count, elapsed) = (number("count"), number("elapsed_us"));
        if count == 0 || elapsed == 0 {
            return Err("nothing was counted".to_owned());
        }
        Ok(Self {
            per_second: count * 1_000_000 / elapsed,
            cpu_ns: number("cpu_us") * 1000 / count,
            generator_ns: number("generator_cpu_us") * 1000 / count,
            p50_us: number("p50_us"),
            p99_us: number("p99_us"),
            max_us: number("max_us"),
            peak_kib: number("peak_kib"),
        })
    }

    /// The median of several runs, of each number separately.
    pub(super) fn median(runs: &[Self]) -> Self {
        let of = |field: fn(&Self) -> u64| {
            let mut numbers: Vec<u64> = runs.iter().map(field).collect();
            numbers.sort_unstable();
            numbers.get(numbers.len() / 2).copied().unwrap_or(0)
        };
        Self {
            per_second: of(|run| run.per_second),
            cpu_ns: of(|run| run.cpu_ns),
            generator_ns: of(|run| run.generator_ns),
            p50_us: of(|run| run.p50_us),
            p99_us: of(|run| run.p99_us),
            max_us: of(|run| run.max_us),
            peak_kib: of(|run| run.peak_kib),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn computes_rates_per_second() {
        let measurement =
            Measurement::read(&json!({"count": 3000, "elapsed_us": 1_500_000, "cpu_us": 30_000})).unwrap();
        assert_eq!((measurement.per_second, measurement.cpu_ns), (2000, 10_000));
    }

    #[test]
    fn an_unexpected_answer_is_an_error() {
        let output = json!({"count": 9, "elapsed_us": 9, "unexpected": {"500": 1}, "complaint": "500 oh"});
        assert!(Measurement::read(&output).unwrap_err().contains("500 oh"));
        assert!(Measurement::read(&json!({"count": 0, "elapsed_us": 9})).is_err());
    }

    #[test]
    fn one_bad_run_does_not_change_the_median() {
        let run = |per_second| Measurement {
            per_second,
            ..Measurement::default()
        };
        assert_eq!(Measurement::median(&[run(100), run(3), run(101)]).per_second, 100);
    }
}
