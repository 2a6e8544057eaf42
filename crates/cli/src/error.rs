//! Why a command failed: a sentence for people and an exit code for scripts.

use crate::terminal;
use clap::error::ErrorKind;
use mainstay_app::StartError;
use mainstay_domain::Error;
use mainstay_platform::config::ConfigErrors;
use mainstay_platform::database::DatabaseError;
use std::error::Error as StdError;
use std::io;
use std::process::ExitCode;

/// The exit code of the process. Scripts and service managers rely on the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Success, and no problem found.
    Done = 0,
    /// The command failed, or it found a problem.
    Failed = 1,
    /// The configuration or the command line is invalid: trying again does not help.
    Usage = 2,
    /// A dependency is unavailable: trying again may help.
    Away = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The result of a command.
pub(crate) type Outcome<T = Exit> = Result<T, CliError>;

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct CliError {
    exit: Exit,
    output: ErrorOutput,
}

#[derive(Debug)]
enum ErrorOutput {
    Sentence(String),
    /// The parser's own output, which also covers help and version.
    Parser(Box<clap::Error>),
}

impl CliError {
    /// The command failed, for this reason.
    pub(crate) fn failed(sentence: impl Into<String>) -> Self {
        Self {
            exit: Exit::Failed,
            output: ErrorOutput::Sentence(sentence.into()),
        }
    }

    /// The command was used in a way that cannot work.
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            output: ErrorOutput::Sentence(sentence.into()),
        }
    }

    /// Prints the error, and returns the exit code.
    pub(crate) fn print(self, program: &str) -> ExitCode {
        match self.output {
            ErrorOutput::Sentence(sentence) => terminal::print_error(program, &sentence),
            // A failure to write this cannot be reported anywhere.
            ErrorOutput::Parser(answer) => drop(answer.print()),
        }
        self.exit.into()
    }

    /// The sentence, for a command that reports several.
    pub(crate) fn into_sentence(self) -> String {
        match self.output {
            ErrorOutput::Sentence(sentence) => sentence,
            ErrorOutput::Parser(answer) => answer.to_string(),
        }
    }
}

impl From<clap::Error> for CliError {
    fn from(answer: clap::Error) -> Self {
        let is_requested = matches!(answer.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
        let exit = if is_requested { Exit::Done } else { Exit::Usage };
        Self {
            exit,
            output: ErrorOutput::Parser(Box::new(answer)),
        }
    }
}

impl From<ConfigErrors> for CliError {
    fn from(errors: ConfigErrors) -> Self {
        Self::usage(errors.to_string())
    }
}

impl From<StartError> for CliError {
    fn from(error: StartError) -> Self {
        let exit = match &error {
            StartError::File { .. } | StartError::MasterKey(_) | StartError::Setting(_) => Exit::Usage,
            StartError::Listen { .. } | StartError::Composition(_) => Exit::Failed,
            StartError::Absent(_) => Exit::Away,
            StartError::Database(error) => worth(error),
            StartError::Migrate(error) => find(error).map_or(Exit::Failed, worth),
            StartError::Content(error) => meaning(error),
        };
        Self {
            exit,
            output: ErrorOutput::Sentence(with_causes(&error)),
        }
    }
}

impl From<Error> for CliError {
    fn from(error: Error) -> Self {
        let mut sentence = with_causes(&error);
        for detail in error.details() {
            sentence.push_str(&format!("\n  {}: {}", detail.path, detail.message));
        }
        Self {
            exit: meaning(&error),
            output: ErrorOutput::Sentence(sentence),
        }
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        Self::failed(error.to_string())
    }
}

/// The exit code of an error of a use case.
fn meaning(error: &Error) -> Exit {
    match error {
        Error::Unavailable { .. } | Error::Timeout => Exit::Away,
        Error::Invalid(_) | Error::BadRequest(_) => Exit::Usage,
        _ => Exit::Failed,
    }
}

fn worth(error: &DatabaseError) -> Exit {
    match error {
        DatabaseError::Unavailable { .. } | DatabaseError::Timeout { .. } | DatabaseError::Full { .. } => {
            Exit::Away
        }
        DatabaseError::ReadOnly { .. } | DatabaseError::Io { .. } => Exit::Away,
        DatabaseError::Options { .. } => Exit::Usage,
        _ => Exit::Failed,
    }
}

/// The first database error among the causes.
fn find<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e DatabaseError> {
    std::iter::successors(Some(error), |error| (*error).source()).find_map(|error| error.downcast_ref())
}

/// The sentence with its causes, unless they repeat it. At the server's own command line there is no
/// client to hide them from.
fn with_causes(error: &dyn StdError) -> String {
    let mut sentence = error.to_string();
    for cause in std::iter::successors(error.source(), |error| (*error).source()) {
        let cause = cause.to_string();
        if !sentence.contains(&cause) {
            sentence = format!("{sentence}: {cause}");
        }
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::validation::ValidationErrors;

    fn unavailable() -> DatabaseError {
        DatabaseError::Unavailable {
            what: "cannot connect".to_owned(),
        }
    }

    #[test]
    fn an_unavailable_database_and_a_wrong_name_have_different_exit_codes() {
        let of = |error: StartError| CliError::from(error).exit;
        assert_eq!(of(StartError::Database(unavailable())), Exit::Away);
        assert_eq!(
            of(StartError::Database(DatabaseError::Options {
                reason: String::new()
            })),
            Exit::Usage
        );
        assert_eq!(
            of(StartError::Content(Error::unavailable("database", unavailable()))),
            Exit::Away
        );
        assert_eq!(of(StartError::Setting("no".to_owned())), Exit::Usage);
    }

    #[test]
    fn causes_are_printed_once_and_details_on_lines_of_their_own() {
        let error = CliError::from(StartError::Database(unavailable()));
        assert_eq!(
            error.into_sentence(),
            "opening the database: the database is unavailable: cannot connect"
        );
        let error = CliError::from(Error::Invalid(ValidationErrors::one(
            "password",
            "LENGTH",
            "is too short",
        )));
        assert_eq!(
            (error.exit, error.into_sentence().as_str()),
            (Exit::Usage, "the request is not valid\n  password: is too short")
        );
        let error = CliError::from(Error::bug("the cause"));
        assert_eq!(
            (error.exit, error.into_sentence().as_str()),
            (Exit::Failed, "internal error: the cause")
        );
    }
}
