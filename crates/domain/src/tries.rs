//! Tries at what can be guessed: what is counted, how many are free, and how long the next one has to wait (NIST SP
//! 800-63B-4, 3.2.2; OWASP ASVS 5.0, 6.3.1).
//!
//! A try is counted before the work that it pays for and given back when it succeeds, so that fifty guesses at once
//! count as fifty.

use crate::string_enum;
use crate::time::Timestamp;
use std::time::Duration;

string_enum! {
    /// What can be guessed. Each kind is counted apart, so that wrong passwords use up no tries at a code.
    pub enum TryKind {
        /// The password of an account, at a sign-in.
        Password = "password",
        /// A second factor: a TOTP or recovery code, at a sign-in.
        SecondFactor = "second-factor",
        /// The proof that a signed-in user repeats before a sensitive action.
        StepUp = "step-up",
        /// A code that was sent by mail.
        EmailCode = "email-code",
        /// A one-time token, an API key or any other long secret; there is no account to count for.
        Token = "token",
        /// A passkey. It cannot be guessed, so only networks are limited: no stranger can lock an owner out of it.
        Passkey = "passkey",
    }
}

string_enum! {
    /// Whose tries are counted together. One try counts in each scope of its kind.
    pub enum TryScope {
        /// Those at one account, from all networks together.
        Account = "account",
        /// Those at one account from one network, or from one browser that the account has signed in with.
        AccountInNetwork = "account-in-network",
        /// Those from one network, at all accounts together.
        Network = "network",
    }
}

impl TryScope {
    /// Whether a device on which the account has signed in before is exempt: otherwise a stranger could lock the owner
    /// out of it.
    pub const fn exempts_known_devices(self) -> bool {
        matches!(self, Self::Account | Self::Network)
    }

    /// Whether a try that succeeds ends the run of failures. For a network it only counts no longer itself: an
    /// attacker has an account of their own to sign in to.
    pub const fn ends_with_success(self) -> bool {
        !matches!(self, Self::Network)
    }
}

/// How many tries are free, and how the waiting time grows after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TryLimit {
    /// Tries before the first waiting time.
    pub free: u32,
    /// How long free tries are remembered.
    pub window: Duration,
    /// Whether each free try extends the window. Otherwise it begins with the first one.
    pub extends: bool,
    /// The waiting time after the last free try; it doubles with each further one.
    pub wait: Duration,
    /// The longest waiting time.
    pub longest: Duration,
    /// How long tries beyond the free ones are remembered after the last one; longer than `longest`.
    pub memory: Duration,
}

/// Ten free tries in a quarter of an hour, then one after 1, 2, 4, … 60 minutes.
const ACCOUNT_IN_NETWORK: TryLimit = TryLimit {
    free: 10,
    window: Duration::from_mins(15),
    extends: false,
    wait: Duration::from_mins(1),
    longest: Duration::from_hours(1),
    memory: Duration::from_hours(24),
};

/// Spraying: one network that tries one password at many accounts. A company may share one network, so there are more
/// free tries, and they are forgotten sooner.
const NETWORK: TryLimit = TryLimit {
    free: 100,
    memory: Duration::from_hours(2),
    ..ACCOUNT_IN_NETWORK
};

/// At most 100 consecutive failures from all networks together (NIST SP 800-63B-4, 3.2.2). Then a device that is not
/// known waits for 30 days, unless the owner signs in on a known one or resets the password.
const ACCOUNT: TryLimit = TryLimit {
    free: 100,
    window: Duration::from_hours(24 * 90),
    extends: true,
    wait: Duration::from_hours(24 * 30),
    longest: Duration::from_hours(24 * 30),
    memory: Duration::from_hours(24 * 90),
};

impl TryKind {
    /// The scopes in which a try of this kind counts, with their limits, in the order in which they are locked.
    pub const fn limits(self) -> &'static [(TryScope, TryLimit)] {
        match self {
            Self::Password | Self::SecondFactor | Self::StepUp | Self::EmailCode => &[
                (TryScope::Account, ACCOUNT),
                (TryScope::AccountInNetwork, ACCOUNT_IN_NETWORK),
                (TryScope::Network, NETWORK),
            ],
            Self::Token | Self::Passkey => &[(TryScope::Network, NETWORK)],
        }
    }
}

/// The tries of one scope that were not given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TryCount {
    /// Number of tries: failures, and those whose outcome is not known yet.
    pub taken: u32,
    /// When the last one was taken.
    pub last_at: Timestamp,
    /// When all of them are forgotten.
    pub forgotten_at: Timestamp,
    /// Whether a security event has reported that a try was refused.
    pub reported: bool,
}

impl TryCount {
    /// No tries.
    pub const fn none(now: Timestamp) -> Self {
        Self {
            taken: 0,
            last_at: now,
            forgotten_at: now,
            reported: false,
        }
    }

    fn current(self, now: Timestamp) -> Self {
        if now < self.forgotten_at {
            self
        } else {
            Self::none(now)
        }
    }
}

impl TryLimit {
    /// How long the next try has to wait; `None` when it may be taken now.
    pub fn wait(&self, count: TryCount, now: Timestamp) -> Option<Duration> {
        let count = count.current(now);
        let beyond = count.taken.checked_sub(self.free)?;
        let doubled = self
            .wait
            .saturating_mul(1u32.checked_shl(beyond).unwrap_or(u32::MAX));
        let wait = doubled.min(self.longest);
        // A clock that was set back lengthens no wait beyond what the rule says.
        let left = count.last_at.after(wait).since(now).min(wait);
        (!left.is_zero()).then_some(left)
    }

    /// The count with one more try.
    pub fn take(&self, count: TryCount, now: Timestamp) -> TryCount {
        let count = count.current(now);
        let taken = count.taken.saturating_add(1);
        let forgotten_at = if taken >= self.free {
            now.after(self.memory)
        } else if self.extends || count.taken == 0 {
            now.after(self.window)
        } else {
            count.forgotten_at
        };
        TryCount {
            taken,
            last_at: now,
            forgotten_at,
            reported: count.reported,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn failures(limit: &TryLimit, number: u32, now: Timestamp) -> TryCount {
        (0..number).fold(TryCount::none(now), |count, _| limit.take(count, now))
    }

    #[test]
    fn waiting_times_double_up_to_an_hour() {
        let (limit, mut now) = (ACCOUNT_IN_NETWORK, START);
        let mut count = failures(&limit, 9, now);
        assert_eq!(limit.wait(count, now), None, "the tenth try is free");
        count = limit.take(count, now);
        for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
            let wait = Duration::from_mins(minutes);
            assert_eq!(limit.wait(count, now), Some(wait));
            now = now.after(wait);
            assert_eq!(limit.wait(count, now), None);
            count = limit.take(count, now);
        }
        assert_eq!(limit.wait(count, now.after(Duration::from_hours(24))), None);
        let again = limit.take(count, now.after(Duration::from_hours(24)));
        assert_eq!(again.taken, 1, "a day without a try ends the run");
    }

    #[test]
    fn free_tries_are_forgotten_a_window_after_the_first() {
        let limit = ACCOUNT_IN_NETWORK;
        let count = failures(&limit, 9, START);
        let later = START.after(Duration::from_mins(14));
        assert!(limit.wait(limit.take(count, later), later).is_some());
        let later = START.after(Duration::from_mins(15));
        assert_eq!(limit.take(count, later).taken, 1);
    }

    #[test]
    fn an_account_has_a_hundred_consecutive_failures_however_slow_they_are() {
        let (limit, mut now, mut count) = (ACCOUNT, START, TryCount::none(START));
        for _ in 0..100 {
            assert_eq!(limit.wait(count, now), None);
            count = limit.take(count, now);
            now = now.after(Duration::from_hours(24 * 20));
        }
        let left = limit.wait(count, now);
        assert_eq!(left, Some(Duration::from_hours(24 * 10)));
    }

    #[test]
    fn a_clock_set_back_does_not_lengthen_the_wait() {
        let count = failures(&ACCOUNT_IN_NETWORK, 10, START);
        let earlier = START.before(Duration::from_hours(5));
        assert_eq!(
            ACCOUNT_IN_NETWORK.wait(count, earlier),
            Some(Duration::from_mins(1))
        );
    }

    #[test]
    fn counts_outlive_every_waiting_time() {
        for (_, limit) in TryKind::ALL.iter().flat_map(|kind| kind.limits()) {
            assert!(limit.memory > limit.longest && limit.longest >= limit.wait);
        }
        let many = TryCount {
            taken: u32::MAX,
            ..failures(&NETWORK, 1, START)
        };
        assert_eq!(NETWORK.wait(many, START), Some(Duration::from_hours(1)));
        assert_eq!(NETWORK.take(many, START).taken, u32::MAX);
    }
}
