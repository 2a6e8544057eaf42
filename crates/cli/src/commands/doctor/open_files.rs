//! Checks that the limit of open files allows as many connections as the settings do.

use super::finding::DoctorFinding;
use mainstay_platform::config::Settings;
use mainstay_platform::open_files::OpenFiles;

const CHECK: &str = "open files";

pub(super) fn check(settings: &Settings) -> DoctorFinding {
    judge(
        OpenFiles::read(settings.database.pool),
        settings.http.max_connections,
    )
}

fn judge(files: OpenFiles, wanted: usize) -> DoctorFinding {
    let (capacity, needed) = (files.capacity_for(wanted), files.needed_for(wanted));
    match files.limit() {
        None => DoctorFinding::ok(CHECK, "the number of open files is not limited"),
        Some(limit) if capacity == wanted => DoctorFinding::ok(
            CHECK,
            format!("the limit is {limit}; MAX_CONNECTIONS={wanted} needs {needed}"),
        ),
        Some(limit) => DoctorFinding::warn(
            CHECK,
            format!(
                "the limit is {limit}; that is enough for {capacity} connections, not for MAX_CONNECTIONS={wanted}"
            ),
            format!(
                "raise the limit to {needed} (ulimit -n, LimitNOFILE= in systemd), or lower MAX_CONNECTIONS to {capacity}"
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::finding::Verdict;

    #[test]
    fn a_limit_below_the_connections_is_a_warning_with_both_ways_out() {
        let judged = |limit| judge(OpenFiles::of_limit(limit, 12), 1000);
        assert_eq!(judged(None).verdict, Verdict::Ok);
        assert_eq!(judged(Some(1116)).verdict, Verdict::Ok);
        let warned = judged(Some(256));
        assert_eq!(warned.verdict, Verdict::Warn);
        let fix = warned.fix.unwrap();
        assert!(
            fix.contains("1116") && fix.contains("MAX_CONNECTIONS to 140"),
            "{fix}"
        );
    }
}
