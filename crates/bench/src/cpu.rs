//! Resource usage of processes, as reported by the kernel.

use std::fs;

/// A tick of `/proc/PID/stat` in microseconds: 10 ms on every Linux.
const TICK_US: u64 = 10_000;

/// Processor time of a process, user and system together, in microseconds; 0 when it is unknown.
pub(crate) fn of(process: u32) -> u64 {
    ticks(&fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default()) * TICK_US
}

/// Processor time of this process.
pub(crate) fn own() -> u64 {
    of(std::process::id())
}

/// Peak memory of a process in KiB (`VmHWM`); 0 when it is unknown.
pub(crate) fn peak_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// The sum of fields 14 and 15. The process name before them may contain spaces and brackets, so counting starts after
/// its last bracket.
fn ticks(stat: &str) -> u64 {
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_a_process_name_with_spaces_and_brackets() {
        assert_eq!(ticks("7 (a) b) S 1 2 3 4 5 6 7 8 9 10 30 12 0 0 20"), 42);
        assert_eq!(ticks(""), 0);
    }

    #[test]
    fn measures_this_process() {
        assert!(peak_kib(std::process::id()) > 0);
    }
}
