//! What processes have used so far, as the kernel tells it.

use std::fs;

/// A tick of `/proc/PID/stat` in microseconds: a hundredth of a second on every Linux.
const TICK_US: u64 = 10_000;

/// Processor time of a process, user and system together, in microseconds; 0 when it cannot be told.
pub(crate) fn of(process: u32) -> u64 {
    ticks(&fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default()) * TICK_US
}

/// Processor time of this process.
pub(crate) fn own() -> u64 {
    of(std::process::id())
}

/// The most memory that a process ever held, in KiB; 0 when it cannot be told.
pub(crate) fn peak_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// Fields 14 and 15; the name before them may hold spaces and brackets, so counting begins after its last bracket.
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
    fn a_name_with_spaces_and_brackets_moves_no_field() {
        assert_eq!(ticks("7 (a) b) S 1 2 3 4 5 6 7 8 9 10 30 12 0 0 20"), 42);
        assert_eq!(ticks(""), 0);
    }

    #[test]
    fn tells_of_this_process() {
        assert!(peak_kib(std::process::id()) > 0);
    }
}
