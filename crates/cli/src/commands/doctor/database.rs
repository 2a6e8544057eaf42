//! Checks that the database is reachable, migrated, and durable.

use super::finding::DoctorFinding;
use crate::error::CliError;
use mainstay_app::{App, Condition};
use mainstay_platform::config::Settings;
use std::time::Duration;

const CHECK: &str = "database";
/// A server that takes longer to answer counts as unreachable.
const DEADLINE: Duration = Duration::from_secs(15);

/// The findings, and whether the database can be opened without changing it.
pub(super) async fn check(app: &App, settings: &Settings) -> (Vec<DoctorFinding>, bool) {
    if let Some(file) = mainstay_app::missing_file(settings) {
        let finding = DoctorFinding::warn(
            CHECK,
            format!("{} does not exist yet", file.display()),
            "the first start creates it",
        );
        return (vec![finding], false);
    }
    let condition = tokio::time::timeout(DEADLINE, mainstay_app::condition(app, settings)).await;
    let sentence = match condition {
        Ok(Ok(condition)) => {
            let ready = [&condition.missing, &condition.unknown, &condition.unfit]
                .into_iter()
                .all(Vec::is_empty);
            return (findings_of(app.name(), &condition), ready);
        }
        Ok(Err(error)) => CliError::from(error).into_sentence(),
        Err(_) => format!("no answer within {} s", DEADLINE.as_secs()),
    };
    let fix = "check DATABASE_URL, that the server runs, and that it accepts this user";
    (vec![DoctorFinding::fail(CHECK, sentence, fix)], false)
}

fn findings_of(program: &str, condition: &Condition) -> Vec<DoctorFinding> {
    const SCHEMA: &str = "schema";
    const DURABILITY: &str = "durability";
    const COMPATIBILITY: &str = "compatibility";
    let mut findings = vec![DoctorFinding::ok(CHECK, "it answers")];
    if condition.unfit.is_empty() {
        findings.push(DoctorFinding::ok(
            COMPATIBILITY,
            "its encoding and version are supported",
        ));
    } else {
        let fix = "`serve` refuses to start with it: fix what the message names";
        let unfit = condition.unfit.iter();
        findings.extend(unfit.map(|reason| DoctorFinding::fail(COMPATIBILITY, reason, fix)));
        return findings;
    }
    let (missing, unknown) = (condition.missing.join(", "), condition.unknown.join(", "));
    findings.push(match (missing.as_str(), unknown.as_str()) {
        ("", "") => DoctorFinding::ok(SCHEMA, "up to date"),
        (_, "") => DoctorFinding::warn(
            SCHEMA,
            format!("lacks {missing}"),
            format!("run `{program} migrate`; `serve` applies migrations, too"),
        ),
        _ => {
            let fix = "run the version that migrated it, or a later one";
            DoctorFinding::fail(SCHEMA, format!("newer than this program: it has {unknown}"), fix)
        }
    });
    let reasons = condition.not_durable.iter().map(|reason| {
        DoctorFinding::fail(
            DURABILITY,
            reason,
            "configure the database, or the file system under it, so that commits are durable",
        )
    });
    findings.extend(reasons);
    if condition.not_durable.is_empty() {
        findings.push(DoctorFinding::ok(
            DURABILITY,
            "acknowledged writes survive a power failure",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    fn verdicts(condition: &Condition) -> Vec<(&'static str, Verdict)> {
        findings_of("mainstay", condition)
            .into_iter()
            .map(|finding| (finding.check, finding.verdict))
            .collect()
    }

    #[test]
    fn an_old_schema_is_a_warning_a_newer_one_and_lost_writes_are_failures() {
        let good = Condition::default();
        assert!(verdicts(&good).iter().all(|(_, verdict)| *verdict == Verdict::Ok));
        let old = Condition {
            missing: vec!["V2__next".to_owned()],
            ..good.clone()
        };
        assert!(verdicts(&old).contains(&("schema", Verdict::Warn)));
        let bad = Condition {
            unknown: vec!["V9__later".to_owned()],
            not_durable: vec!["fsync is off".to_owned()],
            ..good
        };
        assert!(verdicts(&bad).contains(&("schema", Verdict::Fail)));
        assert!(verdicts(&bad).contains(&("durability", Verdict::Fail)));
        let unfit = Condition {
            unfit: vec!["the database shop has the encoding LATIN1".to_owned()],
            ..Condition::default()
        };
        assert!(verdicts(&unfit).contains(&("compatibility", Verdict::Fail)));
    }
}
