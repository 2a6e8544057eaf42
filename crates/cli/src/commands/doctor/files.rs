//! Checks for files and folders that other accounts of the machine can access.

use super::finding::DoctorFinding;
use mainstay_platform::config::Settings;
use mainstay_platform::files::Exposure;

const CHECK: &str = "files";

/// A finding for each such file and folder, or one that reports none. A folder is a warning: administrators mount
/// shared ones, and the files in it have modes of their own.
pub(super) fn check(settings: &Settings) -> Vec<DoctorFinding> {
    let exposed = mainstay_app::exposed_files(settings);
    if exposed.is_empty() {
        return vec![DoctorFinding::ok(CHECK, "no other account can reach them")];
    }
    exposed.iter().map(finding).collect()
}

fn finding(exposure: &Exposure) -> DoctorFinding {
    let is_mild = exposure.path.is_dir() || exposure.stranger.is_some();
    let make = if is_mild {
        DoctorFinding::warn
    } else {
        DoctorFinding::fail
    };
    make(CHECK, exposure.to_string(), exposure.fix())
}
