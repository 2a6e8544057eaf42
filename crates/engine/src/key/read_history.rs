//! How often tokens with an unknown key may cause a read of the keys.

use mainstay_domain::time::Timestamp;
use mainstay_platform::crypto::token::LEEWAY;
use std::time::Duration;

/// When the keys were last read, and how many extra reads there were since for tokens that claim to be newer than that.
#[derive(Default)]
pub(super) struct ReadHistory {
    /// When the keys were last read.
    pub(super) last: Timestamp,
    /// When the current interval of extra reads began.
    since: Timestamp,
    /// Extra reads in that interval.
    extra: u32,
}

/// A token with an unknown key makes a node read its keys at most this often, whatever clients send ...
const MIN_READ_INTERVAL: Duration = Duration::from_secs(1);
/// ... plus so many extra reads in that time for tokens that claim to be signed after the last read: another node may
/// have changed the key a moment ago. The claim cannot be trusted, hence the bound.
const MAX_EXTRA_READS: u32 = 5;

impl ReadHistory {
    /// Whether a token with an unknown key, which claims to be issued at the given instant, justifies reading the keys.
    pub(super) fn is_due(&mut self, issued: Option<Timestamp>, now: Timestamp) -> bool {
        if now < self.last || now.since(self.last) >= MIN_READ_INTERVAL {
            return true;
        }
        if now < self.since || now.since(self.since) >= MIN_READ_INTERVAL {
            (self.since, self.extra) = (now, 0);
        }
        let newer = issued.is_some_and(|issued| self.last <= issued.after(LEEWAY));
        let due = newer && self.extra < MAX_EXTRA_READS;
        self.extra += u32::from(due);
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1000);

    fn just_read() -> ReadHistory {
        ReadHistory {
            last: NOW,
            ..ReadHistory::default()
        }
    }

    #[test]
    fn unknown_keys_cause_a_bounded_number_of_reads() {
        let mut reads = just_read();
        let due = |reads: &mut ReadHistory, now| {
            (0..100)
                .filter(|_| reads.is_due(Some(Timestamp::from_seconds(i64::MAX)), now))
                .count()
        };
        assert_eq!(due(&mut reads, NOW), MAX_EXTRA_READS as usize);
        let soon = NOW.after(Duration::from_millis(999));
        assert_eq!(due(&mut reads, soon), 0);
        reads.last = soon;
        assert_eq!(
            due(&mut reads, NOW.after(MIN_READ_INTERVAL)),
            MAX_EXTRA_READS as usize
        );
    }

    #[test]
    fn a_token_issued_before_the_last_read_causes_no_read() {
        let mut reads = just_read();
        assert!(!reads.is_due(None, NOW));
        assert!(!reads.is_due(Some(NOW.before(LEEWAY * 2)), NOW));
        assert!(reads.is_due(Some(NOW.before(LEEWAY)), NOW));
        assert!(reads.is_due(None, NOW.after(MIN_READ_INTERVAL)));
        assert!(
            reads.is_due(None, NOW.before(LEEWAY)),
            "a clock that was set back does not prevent reads"
        );
    }
}
