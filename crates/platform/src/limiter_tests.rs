use super::*;
use proptest::prelude::*;

const THREE_A_MINUTE: Quota = Quota {
    count: 3,
    period: Duration::from_secs(60),
};
const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn limiter() -> Limiter {
    Limiter::new(1000)
}

fn address(text: &str) -> LimitKey {
    LimitKey::from(text.parse::<IpAddr>().unwrap())
}

#[test]
fn a_burst_is_allowed_then_one_request_per_step() {
    let limiter = limiter();
    let key = address("192.0.2.1");
    let check = |seconds| {
        limiter.check(
            "login",
            THREE_A_MINUTE,
            key,
            START.after(Duration::from_secs(seconds)),
        )
    };
    assert_eq!(
        [check(0), check(0), check(0)].map(|answer| (answer.allowed, answer.remaining)),
        [(true, 2), (true, 1), (true, 0)]
    );
    let refused = check(0);
    assert_eq!((refused.allowed, refused.limit, refused.remaining), (false, 3, 0));
    assert_eq!(
        (refused.retry_after, refused.reset_after),
        (Duration::from_secs(20), Duration::from_secs(60))
    );
    assert!(!check(19).allowed);
    assert!(check(20).allowed);
    assert!(!check(20).allowed);
    assert_eq!(check(80).remaining, 2);
}

#[test]
fn limits_and_keys_are_independent() {
    let limiter = limiter();
    let once = Quota {
        count: 1,
        ..THREE_A_MINUTE
    };
    let user = UserId::from_uuid(uuid::Uuid::from_u128(7));
    for (name, key) in [
        ("login", address("192.0.2.1")),
        ("login", address("192.0.2.2")),
        ("refresh", address("192.0.2.1")),
        ("login", user.into()),
        ("login", LimitKey::text("a@example.org")),
        ("login", LimitKey::text("b@example.org")),
    ] {
        assert!(limiter.check(name, once, key, START).allowed, "{name} {key:?}");
        assert!(!limiter.check(name, once, key, START).allowed, "{name} {key:?}");
    }
}

#[test]
fn an_ipv6_network_is_one_key_and_mapped_ipv4_is_ipv4() {
    assert_eq!(
        address("2001:db8:1:2::1"),
        address("2001:db8:1:2:ffff:ffff:ffff:ffff")
    );
    assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
    assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
    assert_ne!(address("::ffff:192.0.2.1"), address("::ffff:192.0.2.2"));
}

#[test]
fn a_clock_set_back_limits_no_key_for_longer_than_the_period() {
    let limiter = limiter();
    let key = address("192.0.2.1");
    for _ in 0..3 {
        limiter.check("login", THREE_A_MINUTE, key, START);
    }
    let earlier = START.before(Duration::from_secs(86_400));
    let answer = limiter.check("login", THREE_A_MINUTE, key, earlier);
    assert!(
        !answer.allowed && answer.retry_after <= Duration::from_secs(20),
        "{answer:?}"
    );
}

#[test]
fn extreme_quotas_allow_nothing_or_everything() {
    let limiter = limiter();
    let key = address("192.0.2.1");
    let nothing = Quota {
        count: 0,
        ..THREE_A_MINUTE
    };
    assert!(!limiter.check("nothing", nothing, key, START).allowed);
    let everything = Quota {
        count: 2,
        period: Duration::ZERO,
    };
    assert!((0..100).all(|_| limiter.check("everything", everything, key, START).allowed));
    let endless = Quota {
        count: u32::MAX,
        period: Duration::MAX,
    };
    assert!(
        limiter
            .check("endless", endless, key, Timestamp::from_micros(i64::MAX))
            .allowed
    );
}

#[test]
fn a_flood_of_keys_is_bounded_and_does_not_free_limited_keys() {
    let limiter = Limiter::new(1600);
    let limited = (0..32).map(|n| LimitKey::text(&format!("held back {n}")));
    for key in limited.clone().cycle().take(3 * 32) {
        assert!(limiter.check("login", THREE_A_MINUTE, key, START).allowed);
    }
    for n in 0..20_000u32 {
        let key = LimitKey::V4(n.to_be_bytes());
        assert!(limiter.check("login", THREE_A_MINUTE, key, START).allowed);
        assert!(limiter.len() <= 1600);
    }
    for key in limited {
        assert!(
            !limiter.check("login", THREE_A_MINUTE, key, START).allowed,
            "{key:?}"
        );
    }
}

#[test]
fn keys_with_a_restored_allowance_are_removed() {
    let limiter = limiter();
    for n in 0..500u32 {
        limiter.check("login", THREE_A_MINUTE, LimitKey::V4(n.to_be_bytes()), START);
    }
    limiter.retain_recent(START.after(Duration::from_secs(19)));
    assert_eq!(limiter.len(), 500);
    limiter.retain_recent(START.after(Duration::from_secs(20)));
    assert!(limiter.is_empty());
}

proptest! {
    /// In any window of length w, at most the burst and what is restored within w: count + ⌊w / step⌋.
    #[test]
    fn no_window_allows_more_than_burst_and_refill(
        count in 1u32..20,
        period_ms in 1u64..100_000,
        gaps in prop::collection::vec(0u64..5_000_000, 1..100),
    ) {
        let limiter = limiter();
        let quota = Quota { count, period: Duration::from_millis(period_ms) };
        let mut now = START;
        let mut allowed = Vec::new();
        for gap in gaps {
            now = now.after(Duration::from_micros(gap % (period_ms * 1000 / 2 + 1)));
            if limiter.check("x", quota, LimitKey::V4([0; 4]), now).allowed {
                allowed.push(now);
            }
        }
        for (first, from) in allowed.iter().enumerate() {
            for (last, to) in allowed.iter().enumerate().skip(first) {
                let refill = to.since(*from).as_nanos() * u128::from(count) / quota.period.as_nanos();
                prop_assert!((last - first + 1) as u128 <= u128::from(count) + refill);
            }
        }
    }

    /// A refusal reports the exact wait: a microsecond less does not suffice.
    #[test]
    fn waiting_for_retry_after_suffices_and_less_does_not(count in 1u32..50, period_us in 100u64..100_000_000) {
        let limiter = limiter();
        let quota = Quota { count, period: Duration::from_micros(period_us) };
        let check = |now| limiter.check("x", quota, LimitKey::V4([0; 4]), now);
        for used in 1..=count {
            prop_assert_eq!(check(START).remaining, count - used);
        }
        let wait = check(START).retry_after;
        prop_assert!(!check(START.after(wait - Duration::from_micros(1))).allowed);
        prop_assert!(check(START.after(wait)).allowed);
        prop_assert!(wait <= quota.period);
    }

    /// Whatever happened before, the whole burst is restored after the reported time.
    #[test]
    fn the_burst_is_restored_after_reset_after(count in 1u32..20, checks in 1usize..60, period_ms in 1u64..100_000) {
        let limiter = limiter();
        let quota = Quota { count, period: Duration::from_millis(period_ms) };
        let check = |now| limiter.check("x", quota, LimitKey::V4([0; 4]), now);
        let mut reset = Duration::ZERO;
        for _ in 0..checks {
            reset = check(START).reset_after;
        }
        prop_assert_eq!(check(START.after(reset)).remaining, count - 1);
    }
}
