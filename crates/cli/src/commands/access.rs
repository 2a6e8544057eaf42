//! `mainstay access`: explains who may do what.

use crate::error::{Exit, Outcome};
use crate::open::{block_on, operator, with_read_only};
use crate::terminal::{print_json, print_line};
use clap::{Args, Subcommand};
use mainstay_app::App;
use mainstay_domain::email::Email;
use mainstay_domain::validation::Invalid;
use mainstay_platform::config::Settings;
use mainstay_services::access::{AccountName, ExplainAccess};

/// Questions about access.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Answer whether an account may do something, and by which rule
    Explain(Options),
}

/// Options of `access explain`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The account, by its id or its e-mail address
    #[arg(value_parser = account)]
    user: AccountName,
    /// An action and its resource, such as cancel:order, or a permission
    action: String,
    /// The row, such as order/ID; without it, the answer is about every row
    resource: Option<String>,
    /// Print the answer as JSON: {allowed, because}
    #[arg(long)]
    json: bool,
}

fn account(text: &str) -> Result<AccountName, Invalid> {
    match text.parse() {
        Ok(id) => Ok(AccountName::Id(id)),
        Err(_) => Email::parse(text).map(AccountName::Email),
    }
}

/// Runs the subcommand.
pub(crate) fn run(app: &App, settings: Settings, command: Command) -> Outcome {
    let Command::Explain(options) = command;
    let question = ExplainAccess {
        account: options.user,
        can: options.action,
        resource: options.resource,
    };
    let answer = block_on(with_read_only(app, settings, async |engine| {
        Ok(engine.pipeline().query(&operator(), question).await?)
    }))?;
    if options.json {
        print_json(&answer)?;
        return Ok(Exit::Done);
    }
    let word = if answer.allowed { "yes" } else { "no" };
    print_line(&format!("{word}: {}", answer.because))?;
    Ok(Exit::Done)
}
