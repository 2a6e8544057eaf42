//! The arguments of the command line.

use crate::commands::{access, audit, config, doctor, jobs, keys, mail, routes, serve, users};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use mainstay_app::App;
use mainstay_platform::config::Sources;
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
  0  the command succeeded and found no problem
  1  the command failed, or found a problem (doctor, audit verify)
  2  the configuration or the command line is invalid; trying again does not help
  3  a dependency is unavailable (the database); trying again may help

Settings come from these flags, then the environment, then ./mainstay.toml, then the defaults.
`{program} config` shows the effective settings and the source of each.";

/// A complete application backend in one binary: accounts, access control, catalogue, orders, payments, jobs and an
/// audit trail, on an embedded database or on PostgreSQL.
///
/// Without a command, `mainstay` runs the server.
#[derive(Debug, Parser)]
#[command(name = "mainstay", max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) serve: serve::Options,
    #[command(flatten)]
    pub(crate) overrides: Overrides,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

impl Arguments {
    /// Parses the arguments of this process. Help and version are the application's.
    ///
    /// # Errors
    /// The arguments are invalid, or ask for help or the version.
    pub(crate) fn of_process(app: &App) -> Result<Self, clap::Error> {
        let matches = Self::declaration(app).try_get_matches()?;
        Self::from_arg_matches(&matches)
    }

    fn declaration(app: &App) -> clap::Command {
        let declaration = Self::command()
            .name(app.name())
            .version(app.version())
            .after_help(EXIT_CODES.replace("{program}", app.name()));
        match app.about() {
            Some(about) => declaration.about(about).long_about(None),
            None => declaration,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server and its background work until SIGTERM or SIGINT (the default command)
    Serve(serve::Options),
    /// Apply the missing migrations to the database and exit; `serve` applies them, too
    Migrate,
    /// Show the effective settings and the source of each; secrets are masked
    Config(config::Options),
    /// Check the settings and the environment, and report problems with their fix; exits with 1 when a check fails
    Doctor(doctor::Options),
    /// List every route with its use case, required access and rate limit
    Routes(routes::Options),
    /// Print the OpenAPI 3.1 document
    Openapi,
    /// Manage accounts
    #[command(subcommand)]
    Users(users::Command),
    /// Explain who may do what
    #[command(subcommand)]
    Access(access::Command),
    /// Manage the keys that sign access tokens
    #[command(subcommand)]
    Keys(keys::Command),
    /// Verify the audit trail, or accept a broken one
    #[command(subcommand)]
    Audit(audit::Command),
    /// List and retry background jobs
    #[command(subcommand)]
    Jobs(jobs::Command),
    /// Show the mails that Mainstay sends
    #[command(subcommand)]
    Mail(mail::Command),
}

/// Settings given on the command line.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Overrides {
    /// Read this file instead of ./mainstay.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on (HOST)
    #[arg(long, global = true, value_name = "ADDRESS")]
    host: Option<String>,
    /// Port to listen on; 0 picks a free one (PORT)
    #[arg(long, global = true, value_name = "NUMBER")]
    port: Option<String>,
    /// sqlite://PATH or postgres://…, without a password (DATABASE_URL)
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Folder for the files that Mainstay writes (DATA_DIR)
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// Any other setting, such as log.level=warn; secrets are rejected
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
}

impl Overrides {
    /// Together with the environment of this process.
    pub(crate) fn into_sources(self) -> Sources {
        let named = [
            ("http.host", self.host),
            ("http.port", self.port),
            ("database.url", self.database_url),
            (
                "app.data_dir",
                self.data_dir.map(|path| path.to_string_lossy().into_owned()),
            ),
        ];
        let named = named
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?)));
        Sources::process(self.set.into_iter().chain(named).collect(), self.config)
    }
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declaration_is_sound() {
        let app = App::builder().build().unwrap();
        Arguments::declaration(&app).debug_assert();
    }

    #[test]
    fn help_and_version_are_those_of_the_application() {
        let builder = App::builder().name("shop").version("7.1.0");
        let app = builder.about("Sells tea.").build().unwrap();
        let mut declaration = Arguments::declaration(&app);
        assert_eq!(declaration.render_version(), "shop 7.1.0\n");
        let help = declaration.render_long_help().to_string();
        assert!(
            help.starts_with("Sells tea.") && help.contains("Usage: shop"),
            "{help}"
        );
        assert!(
            help.contains("`shop config`") && !help.contains("`mainstay"),
            "{help}"
        );
    }

    #[test]
    fn settings_may_stand_before_and_after_the_command() {
        for line in [
            "mainstay --port 0 --set a=b=c config",
            "mainstay config --port 0 --set a=b=c",
        ] {
            let arguments = Arguments::try_parse_from(line.split(' ')).unwrap();
            let flags = arguments.overrides.into_sources().flags;
            assert_eq!(
                flags,
                [
                    ("a".to_owned(), "b=c".to_owned()),
                    ("http.port".to_owned(), "0".to_owned())
                ],
                "{line}"
            );
        }
        assert!(Arguments::try_parse_from(["mainstay", "--set", "novalue"]).is_err());
    }
}
