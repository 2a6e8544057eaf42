//! Checks for settings that production would refuse, and configuration files whose secrets other accounts can read.

use super::finding::DoctorFinding;
use mainstay_platform::config::{AppEnv, Loaded, Origin};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub(super) fn check(loaded: &Loaded) -> Vec<DoctorFinding> {
    let mut findings: Vec<DoctorFinding> = loaded
        .settings
        .unsafe_in_production()
        .into_iter()
        .map(|error| {
            let name = error.env.as_deref().unwrap_or(&error.key);
            DoctorFinding::warn("setting", format!("{name} is {}", error.reason), error.fix)
        })
        .collect();
    if findings.is_empty() {
        findings.push(DoctorFinding::ok(
            "setting",
            match loaded.settings.env {
                AppEnv::Production => "production; every setting is safe",
                AppEnv::Development | AppEnv::Test => "every setting would be safe in production",
            },
        ));
    }
    findings.extend(loaded.settings.cautions().into_iter().map(|caution| {
        let name = caution.env.as_deref().unwrap_or(&caution.key);
        DoctorFinding::warn("setting", format!("{name} {}", caution.reason), caution.fix)
    }));
    findings.extend(secret_files(loaded).into_iter().filter_map(open_to_others));
    findings
}

/// The configuration files that contain a secret: a setting whose value is masked, in whole or in part.
fn secret_files(loaded: &Loaded) -> BTreeSet<&Path> {
    let secret = loaded
        .origins
        .iter()
        .filter(|setting| setting.value.contains("***"));
    secret
        .filter_map(|setting| match &setting.origin {
            Origin::File { path, .. } => Some(path.as_path()),
            Origin::Flag | Origin::Env | Origin::Default => None,
        })
        .collect()
}

fn open_to_others(path: &Path) -> Option<DoctorFinding> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    let (path, exposed) = (path.display(), mode & 0o077 != 0);
    exposed.then(|| {
        let found = format!("{path} contains secrets and other accounts can read it (mode {mode:03o})");
        DoctorFinding::fail("secrets", found, format!("chmod 600 {path}"))
    })
}
