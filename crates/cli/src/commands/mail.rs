//! `mainstay mail`: shows the mails that Mainstay sends.

use crate::error::{Exit, Outcome};
use crate::terminal::{print_line, table};
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use mainstay_domain::locale::Locale;
use mainstay_services::mail::{MailKind, preview};

/// Operations on mails.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print a mail with invented values, or list the kinds of mail
    Preview {
        /// The kind of mail; without it, the kinds and their subjects are listed
        #[arg(value_parser = PossibleValuesParser::new(MailKind::NAMES))]
        kind: Option<String>,
        /// The language
        #[arg(long, default_value = "en", value_parser = PossibleValuesParser::new(Locale::NAMES))]
        locale: String,
        /// Print the HTML instead of the text
        #[arg(long)]
        html: bool,
    },
}

/// Runs the subcommand. It needs no settings and no database.
pub(crate) fn run(command: Command) -> Outcome {
    let Command::Preview { kind, locale, html } = command;
    let locale = Locale::find(&locale).unwrap_or_default();
    let Some(kind) = kind.as_deref().and_then(MailKind::find) else {
        return list(locale);
    };
    let mail = preview(kind, locale)?;
    if html {
        print_line(mail.html.trim_end())?;
    } else {
        print_line(&format!("Subject: {}\n\n{}", mail.subject, mail.text.trim_end()))?;
    }
    Ok(Exit::Done)
}

fn list(locale: Locale) -> Outcome {
    let rows = MailKind::ALL.into_iter().map(|kind| {
        let mail = preview(kind, locale)?;
        Ok([kind.to_string(), mail.subject])
    });
    let rows = rows.collect::<mainstay_domain::Result<Vec<_>>>()?;
    print_line(&table(["KIND", "SUBJECT"], rows))?;
    Ok(Exit::Done)
}
