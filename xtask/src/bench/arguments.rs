//! The arguments of `cargo xtask bench`.

/// The workloads, by their names in `docs/performance.md`.
pub(super) const WORKLOADS: [&str; 8] = ["P1", "P2", "P3", "P4", "P5", "P6", "P7", "P10"];

/// The parsed arguments.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Arguments {
    /// The workloads, in the order of the table.
    pub(super) workloads: Vec<&'static str>,
    /// Duration of each run, in seconds.
    pub(super) seconds: u64,
    /// Number of runs of each side.
    pub(super) rounds: u64,
    /// Whether orders are also placed with a millisecond added to each sync.
    pub(super) slow_fsync: bool,
    /// Whether the existing binaries are measured without a build.
    pub(super) no_build: bool,
    /// The build profile that is measured.
    pub(super) profile: String,
}

/// The profile of what is shipped.
const SHIPPED: &str = "dist";

impl Arguments {
    /// Parses the command line.
    pub(super) fn read(arguments: &[String]) -> Result<Self, String> {
        let (mut named, mut seconds, mut rounds, mut slow_fsync) = (Vec::new(), 4, 3, true);
        let (mut no_build, mut profile) = (false, SHIPPED.to_owned());
        let mut arguments = arguments.iter().map(String::as_str);
        while let Some(argument) = arguments.next() {
            match argument {
                "--no-slow-fsync" => slow_fsync = false,
                "--no-build" => no_build = true,
                "--profile" => profile = arguments.next().ok_or("--profile takes a name")?.to_owned(),
                "--seconds" => seconds = number(argument, arguments.next())?,
                "--rounds" => rounds = number(argument, arguments.next())?,
                name => match WORKLOADS
                    .iter()
                    .find(|workload| workload.eq_ignore_ascii_case(name))
                {
                    Some(workload) => named.push(*workload),
                    None => {
                        return Err(format!(
                            "`{name}` is no workload; there are {}",
                            WORKLOADS.join(", ")
                        ));
                    }
                },
            }
        }
        let workloads = WORKLOADS
            .into_iter()
            .filter(|workload| named.is_empty() || named.contains(workload))
            .collect();
        Ok(Self {
            workloads,
            seconds,
            rounds,
            slow_fsync,
            no_build,
            profile,
        })
    }

    /// Whether a workload is selected.
    pub(super) fn includes(&self, workload: &str) -> bool {
        self.workloads.contains(&workload)
    }

    /// Whether a workload is selected that needs PostgreSQL.
    pub(super) fn needs_postgres(&self) -> bool {
        self.includes("P4") || self.includes("P7")
    }

    /// Whether everything is measured, on freshly built binaries as they are shipped.
    pub(super) fn is_complete(&self) -> bool {
        self.workloads.len() == WORKLOADS.len()
            && self.slow_fsync
            && !self.no_build
            && self.profile == SHIPPED
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

    fn read(arguments: &str) -> Result<Arguments, String> {
        Arguments::read(
            &arguments
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn measures_everything_by_default() {
        let all = read("").unwrap();
        assert!(all.is_complete() && all.includes("P10"));
    }

    #[test]
    fn named_workloads_replace_the_default() {
        let some = read("p3 P1 --seconds 2 --no-slow-fsync").unwrap();
        assert_eq!(
            some,
            Arguments {
                workloads: vec!["P1", "P3"],
                seconds: 2,
                rounds: 3,
                slow_fsync: false,
                no_build: false,
                profile: "dist".to_owned(),
            }
        );
        assert!(!some.is_complete());
    }

    #[test]
    fn only_what_is_shipped_is_written_down() {
        assert!(read("--profile dist").unwrap().is_complete());
        let release = read("--profile release").unwrap();
        assert!(release.profile == "release" && !release.is_complete());
    }

    #[test]
    fn rejects_unknown_arguments() {
        for invalid in [
            "P99",
            "--seconds",
            "--seconds soon",
            "--seconds 0",
            "--fast",
            "--profile",
        ] {
            assert!(read(invalid).is_err(), "{invalid}");
        }
    }
}
