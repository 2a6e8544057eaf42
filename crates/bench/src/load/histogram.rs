//! A histogram of response times.

/// Below this, every microsecond has a slot of its own; above, each power of two is divided into this many slots.
const FINE: u64 = 32;
const SLOTS: usize = 64 * FINE as usize;

/// Counts durations in slots with a width of 3 %.
pub(crate) struct Histogram {
    slots: Vec<u64>,
    max: u64,
}

impl Histogram {
    /// An empty histogram.
    pub(crate) fn new() -> Self {
        Self {
            slots: vec![0; SLOTS],
            max: 0,
        }
    }

    /// Counts one duration, in microseconds.
    pub(crate) fn add(&mut self, micros: u64) {
        self.slots[slot(micros)] += 1;
        self.max = self.max.max(micros);
    }

    /// The duration that `percent` percent of the values do not exceed, to within a slot.
    pub(crate) fn percentile(&self, percent: u64) -> u64 {
        let all: u64 = self.slots.iter().sum();
        let rank = (all * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (at, count) in self.slots.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return start(at);
            }
        }
        0
    }

    /// The longest duration, in microseconds.
    pub(crate) fn max(&self) -> u64 {
        self.max
    }
}

fn slot(micros: u64) -> usize {
    let power = u64::from(micros.checked_ilog2().unwrap_or(0));
    if micros < FINE {
        return micros as usize;
    }
    let shift = power - 5;
    ((shift + 1) * FINE + ((micros >> shift) & (FINE - 1))) as usize
}

fn start(slot: usize) -> u64 {
    let slot = slot as u64;
    if slot < FINE {
        return slot;
    }
    (FINE + slot % FINE) << (slot / FINE - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_starts_at_most_3_percent_below_its_durations() {
        for micros in [0, 1, 31, 32, 33, 63, 64, 1000, 1_000_000, u64::MAX / 3] {
            let begins = start(slot(micros));
            assert!(
                begins <= micros && micros - begins <= micros / 32,
                "{micros}: {begins}"
            );
        }
    }

    #[test]
    fn percentiles_match_the_added_values() {
        let mut histogram = Histogram::new();
        assert_eq!(histogram.percentile(50), 0);
        for micros in 1..=100 {
            histogram.add(micros * 10);
        }
        assert!((480..=500).contains(&histogram.percentile(50)));
        assert!((960..=990).contains(&histogram.percentile(99)));
        assert_eq!(histogram.max(), 1000);
    }
}
