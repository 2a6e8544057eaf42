//! Rust that the house does not want: lints switched off without a reason, unfinished code, tests put to sleep, and
//! printing where a log belongs.

use super::code;
use super::fault::Fault;
use crate::project::Text;

/// Something that must not appear in code.
struct Phrase {
    /// As written without spaces.
    text: &'static str,
    reason: &'static str,
    fix: &'static str,
    /// Where it may appear nevertheless.
    except: &'static [&'static str],
}

/// Crates that speak to the person at the terminal.
const SPEAKERS: &[&str] = &["crates/cli", "crates/testkit", "crates/bench", "xtask"];
const LOG: &str = "a library says things by `tracing`; only the command line prints";
const PRINT: &str = "use `tracing`, or return the text";
const ATTRIBUTE: &str = "an `allow` outlives its cause unnoticed";
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
        reason: "left behind from debugging",
        fix: "remove it",
        except: &[],
    },
    Phrase {
        text: "#[ignore]",
        reason: "a test asleep for no told reason",
        fix: "make it run, or write why: `#[ignore = \"…\"]`",
        except: &[],
    },
    Phrase {
        text: "println!",
        reason: LOG,
        fix: PRINT,
        except: SPEAKERS,
    },
    Phrase {
        text: "eprintln!",
        reason: LOG,
        fix: PRINT,
        except: SPEAKERS,
    },
    Phrase {
        text: "print!",
        reason: LOG,
        fix: PRINT,
        except: SPEAKERS,
    },
    Phrase {
        text: "eprint!",
        reason: LOG,
        fix: PRINT,
        except: SPEAKERS,
    },
];

/// Finds the phrases in code; comments and strings may speak of them, and tests and build scripts may print.
pub(crate) fn check(texts: &[Text]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for text in texts.iter().filter(|text| text.is("rs")) {
        let may_print = text.is_test() || text.path.ends_with("build.rs");
        for (index, line) in code::split(&text.body).bare.lines().enumerate() {
            let line: String = line.split_whitespace().collect();
            for phrase in &PHRASES {
                let excepted = text.is_in(phrase.except) || (may_print && !phrase.except.is_empty());
                if !excepted && contains(&line, phrase.text) {
                    let reason = format!("`{}`: {}", phrase.text, phrase.reason);
                    faults.push(Fault::at(&text.path, index + 1, reason, phrase.fix));
                }
            }
        }
    }
    faults
}

/// Whether the phrase stands in the line and is not the tail of a longer word.
fn contains(line: &str, phrase: &str) -> bool {
    line.match_indices(phrase)
        .any(|(at, _)| !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    fn faults(path: &str, body: &str) -> usize {
        check(&[text(path, body)]).len()
    }

    #[test]
    fn each_phrase_is_found_once() {
        for phrase in &PHRASES {
            let line = format!("    {} x", phrase.text);
            assert_eq!(faults("crates/services/src/a.rs", &line), 1, "{}", phrase.text);
        }
    }

    #[test]
    fn comments_strings_and_longer_words_are_not_code() {
        assert_eq!(
            faults(
                "crates/a/src/a.rs",
                "// todo!()\nlet a = \"dbg!(1)\"; my_todo!();"
            ),
            0
        );
    }

    #[test]
    fn spaces_do_not_hide() {
        assert_eq!(faults("crates/a/src/a.rs", "# [ allow ( dead_code ) ]"), 1);
    }

    #[test]
    fn the_command_line_and_tests_may_print_but_not_leave_things_unfinished() {
        assert_eq!(faults("crates/cli/src/main.rs", "println!(); todo!()"), 1);
        assert_eq!(faults("crates/rest/tests/a.rs", "println!(); todo!()"), 1);
        assert_eq!(faults("crates/rest/build.rs", "println!()"), 0);
    }
}
