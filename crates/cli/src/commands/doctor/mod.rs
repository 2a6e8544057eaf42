//! `mainstay doctor`: finds unsafe and unreachable parts, and names the remedies. It changes nothing: it removes the
//! one file that it creates to test a folder.

mod contents;
mod database;
mod files;
mod finding;
mod folder;
mod mail;
mod master_key;
mod open_files;
mod safety;

use crate::error::{Exit, Outcome};
use crate::open::{block_on, with_read_only};
use crate::terminal::{Colour, Paint, print_json, print_line};
use clap::Args;
use finding::{DoctorFinding, Verdict};
use mainstay_app::App;
use mainstay_engine::Engine;
use mainstay_platform::config::Loaded;
use serde::Serialize;

/// Options of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// As JSON: {healthy, checks: [{check, verdict, found, fix}]}
    #[arg(long)]
    json: bool,
}

/// Runs all checks and reports all findings: one failure does not hide another.
pub(crate) fn run(app: &App, loaded: Loaded, options: Options) -> Outcome {
    let findings = block_on(async { Ok(examine(app, loaded).await) })?;
    let healthy = findings.iter().all(|finding| finding.verdict != Verdict::Fail);
    if options.json {
        print_json(&Report {
            healthy,
            checks: findings,
        })?;
    } else {
        print_line(&as_text(&findings, Paint::of(&std::io::stdout())))?;
    }
    Ok(if healthy { Exit::Done } else { Exit::Failed })
}

#[derive(Serialize)]
struct Report {
    healthy: bool,
    checks: Vec<DoctorFinding>,
}

async fn examine(app: &App, loaded: Loaded) -> Vec<DoctorFinding> {
    let mut findings = safety::check(&loaded);
    let settings = loaded.settings;
    findings.push(folder::check("data folder", "DATA_DIR", &settings.data_dir));
    if let Some(dir) = &settings.log.dir {
        findings.push(folder::check("log folder", "LOG_DIR", dir));
    }
    findings.push(master_key::check(&settings));
    findings.extend(files::check(&settings));
    findings.push(contents::clock());
    findings.push(open_files::check(&settings));
    findings.push(mail::check(&settings).await);
    let (database, is_ready) = database::check(app, &settings).await;
    findings.extend(database);
    // Does not migrate an old schema: the command must change nothing.
    if is_ready && findings.iter().all(|finding| finding.verdict != Verdict::Fail) {
        let check = async |engine: &Engine| Ok(contents::check(app, engine).await);
        let inside = with_read_only(app, settings, check).await;
        findings.extend(inside.unwrap_or_else(|error| {
            let fix = "fix it before the next start, which would fail in the same way";
            vec![DoctorFinding::fail("start", error.into_sentence(), fix)]
        }));
    }
    findings
}

fn as_text(findings: &[DoctorFinding], paint: Paint) -> String {
    let mut text = String::new();
    for finding in findings {
        let (colour, word) = match finding.verdict {
            Verdict::Ok => (Colour::Green, "ok  "),
            Verdict::Warn => (Colour::Yellow, "warn"),
            Verdict::Fail => (Colour::Red, "fail"),
        };
        text.push_str(&format!(
            "{}  {}: {}\n",
            paint.paint(colour, word),
            finding.check,
            finding.found
        ));
        if let Some(fix) = &finding.fix {
            text.push_str(&format!("      fix: {fix}\n"));
        }
    }
    let count = |verdict| {
        findings
            .iter()
            .filter(|finding| finding.verdict == verdict)
            .count()
    };
    let (warn, fail) = (count(Verdict::Warn), count(Verdict::Fail));
    text.push_str(&format!(
        "{} checks: {warn} warnings, {fail} failures\n",
        findings.len()
    ));
    text
}
