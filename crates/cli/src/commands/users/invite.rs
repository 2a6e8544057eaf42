//! `mainstay users invite`: invites a person to an account of their own.

use crate::error::{Exit, Outcome};
use crate::open::{block_on, operator, with_existing};
use crate::terminal::{print_json, print_line};
use clap::Args;
use mainstay_app::App;
use mainstay_domain::access::RoleName;
use mainstay_domain::email::Email;
use mainstay_domain::locale::Locale;
use mainstay_domain::name::PersonName;
use mainstay_domain::validation::Invalid;
use mainstay_platform::config::Settings;
use mainstay_services::user::InviteUser;

/// Options of `users invite`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// E-mail address of the person
    #[arg(long, value_parser = email)]
    email: Email,
    /// Display name of the account
    #[arg(long, value_parser = name)]
    name: PersonName,
    /// Role of the account
    #[arg(long, default_value = "customer", value_parser = role)]
    role: RoleName,
    /// Language of the mails to the person
    #[arg(long, default_value = "en", value_parser = locale)]
    locale: Locale,
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

fn role(text: &str) -> Result<RoleName, Invalid> {
    RoleName::parse(text)
}

fn locale(text: &str) -> Result<Locale, Invalid> {
    Locale::parse(text)
}

/// Creates the account; a worker of the server sends the mail.
pub(crate) fn run(app: &App, settings: Settings, options: Options) -> Outcome {
    let command = InviteUser {
        email: options.email,
        name: options.name,
        role: options.role,
        locale: Some(options.locale),
    };
    let invited = block_on(with_existing(app, settings, async |engine| {
        Ok(engine.pipeline().command(&operator(), command).await?.output)
    }))?;
    let user = invited.user;
    match options.json {
        true => print_json(&user)?,
        false => print_line(&format!(
            "invited {} ({}); the server sends the mail",
            user.email, user.id
        ))?,
    }
    Ok(Exit::Done)
}
