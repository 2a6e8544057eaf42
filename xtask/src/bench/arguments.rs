//! What is to be measured, and for how long.

/// The workloads, by the names that `docs/performance.md` gives them.
pub(super) const KNOWN: [&str; 7] = ["P1", "P2", "P3", "P4", "P5", "P6", "P10"];

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Arguments {
    /// The workloads, in the order of the table.
    pub(super) workloads: Vec<&'static str>,
    /// How long each turn is counted.
    pub(super) seconds: u64,
    /// How many turns each side gets.
    pub(super) rounds: u64,
    /// Whether orders are also placed with a millisecond added to each sync.
    pub(super) slow_fsync: bool,
    /// Whether what is built already is measured as it is.
    pub(super) as_built: bool,
}

impl Arguments {
    /// Reads the command line.
    pub(super) fn read(given: &[String]) -> Result<Self, String> {
        let (mut named, mut seconds, mut rounds, mut slow_fsync) = (Vec::new(), 4, 3, true);
        let mut as_built = false;
        let mut given = given.iter().map(String::as_str);
        while let Some(argument) = given.next() {
            match argument {
                "--no-slow-fsync" => slow_fsync = false,
                "--no-build" => as_built = true,
                "--seconds" => seconds = number(argument, given.next())?,
                "--rounds" => rounds = number(argument, given.next())?,
                name => match KNOWN.iter().find(|known| known.eq_ignore_ascii_case(name)) {
                    Some(known) => named.push(*known),
                    None => return Err(format!("`{name}` is no workload; there are {}", KNOWN.join(", "))),
                },
            }
        }
        let workloads = KNOWN
            .into_iter()
            .filter(|known| named.is_empty() || named.contains(known))
            .collect();
        Ok(Self {
            workloads,
            seconds,
            rounds,
            slow_fsync,
            as_built,
        })
    }

    /// Whether a workload was asked for.
    pub(super) fn wants(&self, workload: &str) -> bool {
        self.workloads.contains(&workload)
    }

    /// Whether all that can be measured is measured, on what the sources say.
    pub(super) fn is_whole(&self) -> bool {
        self.workloads.len() == KNOWN.len() && self.slow_fsync && !self.as_built
    }
}

fn number(name: &str, value: Option<&str>) -> Result<u64, String> {
    let value = value
        .and_then(|value| value.parse().ok())
        .filter(|value| (1..=60).contains(value));
    value.ok_or_else(|| format!("{name} takes a number from 1 to 60"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &str) -> Result<Arguments, String> {
        Arguments::read(&given.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn everything_is_the_rule() {
        let all = read("").unwrap();
        assert!(all.is_whole() && all.wants("P10"));
    }

    #[test]
    fn what_is_named_replaces_it() {
        let some = read("p3 P1 --seconds 2 --no-slow-fsync").unwrap();
        assert_eq!(
            some,
            Arguments {
                workloads: vec!["P1", "P3"],
                seconds: 2,
                rounds: 3,
                slow_fsync: false,
                as_built: false,
            }
        );
        assert!(!some.is_whole());
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for wrong in ["P99", "--seconds", "--seconds soon", "--seconds 0", "--fast"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
