//! `mainstay users create-admin`: access to the server's command line is the only permission it needs.

use crate::error::{CliError, Exit, Outcome};
use crate::open::{block_on, operator, with_engine};
use crate::terminal::{print_json, print_line};
use clap::Args;
use mainstay_app::App;
use mainstay_domain::email::Email;
use mainstay_domain::name::PersonName;
use mainstay_domain::validation::Invalid;
use mainstay_platform::config::Settings;
use mainstay_services::account::Password;
use mainstay_services::setup::CreateAdmin;
use std::io::{BufRead, IsTerminal, Read};

/// Options of `users create-admin`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// E-mail address of the account
    #[arg(long, value_parser = email)]
    email: Email,
    /// Display name of the account
    #[arg(long, default_value = "Administrator", value_parser = name)]
    name: PersonName,
    /// Read the password from the first line of standard input instead of prompting for it
    #[arg(long)]
    password_stdin: bool,
    /// Print the account as JSON
    #[arg(long)]
    json: bool,
}

fn email(text: &str) -> Result<Email, Invalid> {
    Email::parse(text)
}

fn name(text: &str) -> Result<PersonName, Invalid> {
    PersonName::parse(text)
}

/// Creates the account and prints its name.
pub(crate) fn run(app: &App, settings: Settings, options: Options) -> Outcome {
    let password = password(options.password_stdin)?;
    let command = CreateAdmin::new(options.email, password, options.name);
    let user = block_on(with_engine(app, settings, async |engine| {
        Ok(engine.pipeline().command(&operator(), command).await?.output)
    }))?;
    match options.json {
        true => print_json(&user)?,
        false => print_line(&format!("created the administrator {} ({})", user.email, user.id))?,
    }
    Ok(Exit::Done)
}

/// Longer than any valid password; input beyond it is not read.
const MAX_BYTES: u64 = 16 * 1024;

fn password(from_stdin: bool) -> Outcome<Password> {
    if from_stdin {
        let mut line = String::new();
        let read = std::io::stdin().lock().take(MAX_BYTES).read_line(&mut line);
        read.map_err(|error| {
            CliError::usage(format!(
                "the password cannot be read from standard input: {error}"
            ))
        })?;
        let end = line.trim_end_matches(['\r', '\n']).len();
        line.truncate(end);
        return Ok(Password::new(line));
    }
    if !std::io::stdin().is_terminal() {
        return Err(CliError::usage(
            "there is no terminal to prompt for the password: use --password-stdin",
        ));
    }
    let prompt_for = |prompt: &str| {
        rpassword::prompt_password(prompt)
            .map_err(|error| CliError::failed(format!("the terminal cannot be read: {error}")))
    };
    let (first, second) = (prompt_for("Password: ")?, prompt_for("The same again: ")?);
    match first == second {
        true => Ok(Password::new(first)),
        false => Err(CliError::usage("the two passwords differ")),
    }
}
