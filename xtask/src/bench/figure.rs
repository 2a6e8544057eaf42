//! What one turn gave, and what several turns give together.

use serde_json::Value;

/// One turn of the product or of a floor, or the middle of several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Figure {
    pub(super) per_second: u64,
    /// Processor time of one of them, in nanoseconds; 0 when it was not told.
    pub(super) cpu_ns: u64,
    /// The same of the generator.
    pub(super) generator_ns: u64,
    pub(super) p50_us: u64,
    pub(super) p99_us: u64,
    pub(super) peak_kib: u64,
}

impl Figure {
    /// Reads what the bench program printed. Answers that were not as expected are a fault: the figure would say
    /// nothing.
    pub(super) fn read(told: &Value) -> Result<Self, String> {
        let number = |key: &str| told.get(key).and_then(Value::as_u64).unwrap_or(0);
        if let Some(why) = told.get("complaint").and_then(Value::as_str) {
            return Err(format!(
                "unexpected answers ({}), the first: {why}",
                told["unexpected"]
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
            peak_kib: number("peak_kib"),
        })
    }

    /// The middle of some turns, each number by itself.
    pub(super) fn middle(turns: &[Self]) -> Self {
        let of = |field: fn(&Self) -> u64| {
            let mut numbers: Vec<u64> = turns.iter().map(field).collect();
            numbers.sort_unstable();
            numbers.get(numbers.len() / 2).copied().unwrap_or(0)
        };
        Self {
            per_second: of(|turn| turn.per_second),
            cpu_ns: of(|turn| turn.cpu_ns),
            generator_ns: of(|turn| turn.generator_ns),
            p50_us: of(|turn| turn.p50_us),
            p99_us: of(|turn| turn.p99_us),
            peak_kib: of(|turn| turn.peak_kib),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn counts_by_the_second() {
        let figure =
            Figure::read(&json!({"count": 3000, "elapsed_us": 1_500_000, "cpu_us": 30_000})).unwrap();
        assert_eq!((figure.per_second, figure.cpu_ns), (2000, 10_000));
    }

    #[test]
    fn a_wrong_answer_spoils_the_figure() {
        let told = json!({"count": 9, "elapsed_us": 9, "unexpected": {"500": 1}, "complaint": "500 oh"});
        assert!(Figure::read(&told).unwrap_err().contains("500 oh"));
        assert!(Figure::read(&json!({"count": 0, "elapsed_us": 9})).is_err());
    }

    #[test]
    fn the_middle_is_not_moved_by_one_bad_turn() {
        let turn = |per_second| Figure {
            per_second,
            ..Figure::default()
        };
        assert_eq!(Figure::middle(&[turn(100), turn(3), turn(101)]).per_second, 100);
    }
}
