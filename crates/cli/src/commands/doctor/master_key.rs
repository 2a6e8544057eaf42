//! Checks the master key, which seals the secrets at rest.

use super::finding::DoctorFinding;
use mainstay_platform::config::Settings;
use mainstay_platform::crypto::master_key::MasterKey;

pub(super) fn check(settings: &Settings) -> DoctorFinding {
    const CHECK: &str = "master key";
    if settings.master_key.is_some() {
        return DoctorFinding::ok(CHECK, "given by MASTER_KEY");
    }
    let path = settings.data_dir.join("master.key");
    if path.symlink_metadata().is_err() {
        let found = format!("{} does not exist yet", path.display());
        return DoctorFinding::warn(CHECK, found, "the first start creates it, or set MASTER_KEY");
    }
    match MasterKey::load(&path) {
        Ok(_) => DoctorFinding::ok(
            CHECK,
            format!("{} is readable by its owner alone", path.display()),
        ),
        Err(error) => DoctorFinding::fail(
            CHECK,
            error.to_string(),
            "if others could read it, treat it as compromised and replace the secrets that it seals; else restore the file from its backup",
        ),
    }
}
