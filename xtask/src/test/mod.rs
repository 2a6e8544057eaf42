//! `cargo xtask test`: every test of the workspace on every available engine and against the real servers of others, with a
//! report of what is missing.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use crate::counterpart::Counterpart;
use crate::is_ci::is_ci;
use crate::project;
use totals::Totals;

pub(crate) mod postgres;
mod totals;

/// The real servers that tests talk to.
const COUNTERPARTS: [Counterpart; 3] = [
    Counterpart::OpenIdProvider,
    Counterpart::MailServer,
    Counterpart::Browser,
];

/// Runs `cargo test` with these further arguments. `Ok(true)` when everything passed and, in CI, nothing was missing.
pub(crate) fn run(arguments: &[String]) -> Result<bool, Box<dyn Error>> {
    let engine = postgres::find()?;
    println!("{}", report(&engine));
    // Installed before the tests begin, so that none of them waits for it.
    let counterparts = COUNTERPARTS.map(|one| (one, one.install().err()));
    println!("{}", report_counterparts(&counterparts));

    let mut command = Command::new("cargo");
    command
        .current_dir(project::root())
        .args(cargo_arguments(arguments, is_ci()));
    if let postgres::Engine::At { url, .. } = &engine {
        command.env(postgres::VARIABLE, url);
    }
    let (passed, totals) = stream(command)?;

    println!("\ntested      SQLite (built in)\n{}", report(&engine));
    println!("{}", report_counterparts(&counterparts));
    let all_are_there = matches!(engine, postgres::Engine::At { .. })
        && counterparts.iter().all(|(_, missing)| missing.is_none());
    let complete = !is_ci() || all_are_there;
    if !complete {
        println!("failed      in CI, everything has to be tested (CI is set)");
    }
    if !passed && totals.failed == 0 {
        println!("failed      cargo test did not complete: see above");
    }
    println!("{totals}");
    // Not earlier: a private server runs until its engine is dropped.
    drop(engine);
    Ok(passed && complete)
}

fn report(engine: &postgres::Engine) -> String {
    match engine {
        postgres::Engine::At { description, .. } => format!("tested      {description}"),
        postgres::Engine::Missing(reason) => format!("NOT TESTED  PostgreSQL: {reason}"),
    }
}

/// One line for each, with the reason why it is missing.
fn report_counterparts(counterparts: &[(Counterpart, Option<String>)]) -> String {
    let line = |(counterpart, missing): &(Counterpart, Option<String>)| match missing {
        None => format!("tested      {}", counterpart.description()),
        Some(why) => format!("NOT TESTED  {}: {why}", counterpart.description()),
    };
    counterparts.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The arguments of cargo: the whole workspace unless the caller names packages, and all tests even after a failure, so
/// that the totals are complete.
fn cargo_arguments(further: &[String], is_ci: bool) -> Vec<String> {
    let further = further.strip_prefix(&["--".to_owned()]).unwrap_or(further);
    let own = further.iter().take_while(|argument| *argument != "--");
    let names_packages = own.into_iter().any(|argument| {
        argument.starts_with("-p") || argument == "--package" || argument.starts_with("--package=")
    });
    let mut arguments = vec!["test".to_owned(), "--no-fail-fast".to_owned()];
    if !names_packages {
        arguments.push("--workspace".to_owned());
    }
    if is_ci {
        arguments.push("--locked".to_owned());
    }
    arguments.extend_from_slice(further);
    arguments
}

/// Runs the command, forwards its output as it arrives, and counts the results.
fn stream(mut command: Command) -> Result<(bool, Totals), Box<dyn Error>> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut totals = Totals::default();
    if let Some(output) = child.stdout.take() {
        let mut terminal = std::io::stdout().lock();
        for line in BufReader::new(output).split(b'\n') {
            let line = line?;
            terminal.write_all(&line)?;
            terminal.write_all(b"\n")?;
            totals.read(&String::from_utf8_lossy(&line));
        }
    }
    Ok((child.wait()?.success(), totals))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(further: &[&str], is_ci: bool) -> String {
        let further: Vec<String> = further.iter().map(|argument| (*argument).to_owned()).collect();
        cargo_arguments(&further, is_ci).join(" ")
    }

    #[test]
    fn tests_the_whole_workspace_by_default() {
        assert_eq!(arguments(&[], false), "test --no-fail-fast --workspace");
        assert_eq!(
            arguments(&["--", "money"], false),
            "test --no-fail-fast --workspace money"
        );
    }

    #[test]
    fn named_packages_replace_the_workspace() {
        assert_eq!(
            arguments(&["--", "-p", "mainstay-domain"], false),
            "test --no-fail-fast -p mainstay-domain"
        );
        assert_eq!(
            arguments(&["--", "--", "-p"], false),
            "test --no-fail-fast --workspace -- -p"
        );
    }

    #[test]
    fn what_is_missing_is_reported_with_the_reason() {
        let report = report_counterparts(&[
            (
                Counterpart::OpenIdProvider,
                Some("`npm` cannot be run".to_owned()),
            ),
            (Counterpart::MailServer, None),
        ]);
        assert!(report.starts_with("NOT TESTED  OpenID provider (npm oidc-provider): `npm` cannot be run\n"));
        assert!(
            report.ends_with("tested      mail server (PyPI aiosmtpd)"),
            "{report}"
        );
    }

    #[test]
    fn the_lock_file_is_binding_in_ci() {
        assert_eq!(arguments(&[], true), "test --no-fail-fast --workspace --locked");
    }
}
