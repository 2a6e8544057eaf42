//! Forbidden Rust: lints allowed without a reason, unfinished code, ignored tests, and printing instead of logging.

use super::code;
use super::violation::Violation;
use crate::project::Text;

/// A text that must not appear in code.
struct Phrase {
    /// The text, without spaces.
    text: &'static str,
    reason: &'static str,
    fix: &'static str,
    /// Paths where it is allowed.
    except: &'static [&'static str],
}

/// Crates that print to the terminal.
const MAY_PRINT: &[&str] = &["crates/cli", "crates/testkit", "crates/bench", "xtask"];
const LOG: &str = "a library logs with `tracing`; only the command line prints";
const PRINT: &str = "use `tracing`, or return the text";
const ATTRIBUTE: &str = "an `allow` remains unnoticed after its cause is gone";
const EXPECT: &str = "write `#[expect(lint, reason = \"…\")]`, which complains once it is no longer needed";

const PHRASES: [Phrase; 10] = [
    Phrase {
        text: "#[allow(",
        reason: ATTRIBUTE,
        fix: EXPECT,
        except: &[],
    },
    Phrase {
        text: "#![allow(",
        reason: ATTRIBUTE,
        fix: EXPECT,
        except: &[],
    },
    Phrase {
        text: "todo!",
        reason: "unfinished code",
        fix: "finish it, or leave it out",
        except: &[],
    },
    Phrase {
        text: "unimplemented!",
        reason: "unfinished code",
        fix: "finish it, or leave it out",
        except: &[],
    },
    Phrase {
        text: "dbg!",
        reason: "a remnant of debugging",
        fix: "remove it",
        except: &[],
    },
    Phrase {
        text: "#[ignore]",
        reason: "a test that is ignored without a reason",
        fix: "enable it, or write why: `#[ignore = \"…\"]`",
        except: &[],
    },
    Phrase {
        text: "println!",
        reason: LOG,
        fix: PRINT,
        except: MAY_PRINT,
    },
    Phrase {
        text: "eprintln!",
        reason: LOG,
        fix: PRINT,
        except: MAY_PRINT,
    },
    Phrase {
        text: "print!",
        reason: LOG,
        fix: PRINT,
        except: MAY_PRINT,
    },
    Phrase {
        text: "eprint!",
        reason: LOG,
        fix: PRINT,
        except: MAY_PRINT,
    },
];

/// Finds the phrases in code; comments and strings may contain them, and tests and build scripts may print.
pub(crate) fn check(texts: &[Text]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for text in texts.iter().filter(|text| text.is("rs")) {
        let may_print = text.is_test() || text.path.ends_with("build.rs");
        for (index, line) in code::split(&text.body).bare.lines().enumerate() {
            let line: String = line.split_whitespace().collect();
            for phrase in &PHRASES {
                let excepted = text.is_in(phrase.except) || (may_print && !phrase.except.is_empty());
                if !excepted && contains(&line, phrase.text) {
                    let reason = format!("`{}`: {}", phrase.text, phrase.reason);
                    violations.push(Violation::at(&text.path, index + 1, reason, phrase.fix));
                }
            }
        }
    }
    violations
}

/// Whether the phrase is in the line and is not the end of a longer word.
fn contains(line: &str, phrase: &str) -> bool {
    line.match_indices(phrase)
        .any(|(at, _)| !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    fn violations(path: &str, body: &str) -> usize {
        check(&[text(path, body)]).len()
    }

    #[test]
    fn finds_each_phrase_once() {
        for phrase in &PHRASES {
            let line = format!("    {} x", phrase.text);
            assert_eq!(
                violations("crates/services/src/a.rs", &line),
                1,
                "{}",
                phrase.text
            );
        }
    }

    #[test]
    fn ignores_comments_strings_and_longer_words() {
        assert_eq!(
            violations(
                "crates/a/src/a.rs",
                "// todo!()\nlet a = \"dbg!(1)\"; my_todo!();"
            ),
            0
        );
    }

    #[test]
    fn finds_phrases_written_with_spaces() {
        assert_eq!(violations("crates/a/src/a.rs", "# [ allow ( dead_code ) ]"), 1);
    }

    #[test]
    fn the_command_line_and_tests_may_print_but_not_contain_unfinished_code() {
        assert_eq!(violations("crates/cli/src/main.rs", "println!(); todo!()"), 1);
        assert_eq!(violations("crates/rest/tests/a.rs", "println!(); todo!()"), 1);
        assert_eq!(violations("crates/rest/build.rs", "println!()"), 0);
    }
}
