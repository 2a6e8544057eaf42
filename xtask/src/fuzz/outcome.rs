//! What libFuzzer prints at its end.

use std::fmt;

/// The result of one target.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// How many inputs were tried; `None` when the fuzzer did not get that far.
    pub(super) inputs: Option<u64>,
    /// Distinct places in the code that they reached.
    pub(super) edges: Option<u64>,
    /// The file of the input that broke a promise.
    pub(super) finding: Option<String>,
}

impl Outcome {
    /// Reads the log of a target.
    pub(super) fn read(log: &str) -> Self {
        let mut outcome = Self::default();
        for line in log.lines() {
            if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
                outcome.inputs = count.trim().parse().ok();
            } else if let Some((_, rest)) = line.split_once(" cov: ") {
                outcome.edges = rest.split(' ').next().and_then(|count| count.parse().ok());
            } else if let Some((_, file)) = line.split_once("Test unit written to ") {
                outcome.finding = Some(file.trim().to_owned());
            }
        }
        outcome
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (inputs, edges) = (self.inputs.unwrap_or(0), self.edges.unwrap_or(0));
        write!(f, "{inputs} inputs, {edges} places in the code reached")
    }
}

/// What a log says of a finding: the panic's message, or the last lines where it was no panic.
pub(super) fn finding(log: &str) -> String {
    const LINES: usize = 8;
    let lines: Vec<&str> = log.lines().collect();
    let panic = lines.iter().position(|line| line.contains("panicked at"));
    let first = panic.unwrap_or(lines.len().saturating_sub(LINES));
    let shown = lines[first..].iter().take(LINES);
    shown
        .take_while(|line| !line.starts_with("stack backtrace"))
        .copied()
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_run_is_read() {
        let log = "#2\tINITED cov: 12 ft: 13 corp: 1/1b\n#512\tNEW    cov: 40 ft: 60 corp: 3/9b\nDone 900 runs\n\
                   stat::number_of_executed_units: 900\nstat::average_exec_per_sec:     300\n";
        let outcome = Outcome::read(log);
        assert_eq!(
            (outcome.inputs, outcome.edges, outcome.finding),
            (Some(900), Some(40), None)
        );
    }

    #[test]
    fn a_finding_is_named() {
        let log = "artifact_prefix='/x/'; Test unit written to /x/crash-0a\n";
        assert_eq!(Outcome::read(log).finding.as_deref(), Some("/x/crash-0a"));
        assert_eq!(Outcome::read("killed").inputs, None);
        let log = "INFO: Seed\nthread panicked at x.rs:1:\nwhy\nstack backtrace:\n 0: f\n";
        assert_eq!(super::finding(log), "thread panicked at x.rs:1:\nwhy");
        assert_eq!(super::finding("a\nSUMMARY: timeout"), "a\nSUMMARY: timeout");
    }
}
