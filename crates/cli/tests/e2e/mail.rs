//! The preview of mails on the command line.

use crate::harness::Home;

fn preview(arguments: &[&str]) -> String {
    let home = Home::sqlite();
    let arguments = [&["mail", "preview"], arguments].concat();
    let printed = home.run_with_env(&[], &arguments).success();
    assert!(!home.path("data").exists(), "a preview writes nothing");
    printed
}

#[test]
fn mails_are_previewed_in_each_language_as_text_and_as_html() {
    let list = preview(&["--locale", "de"]);
    let invitation = list.lines().find(|line| line.starts_with("invitation"));
    let subject = "Sie sind zu shop.example eingeladen";
    assert!(invitation.is_some_and(|line| line.ends_with(subject)), "{list}");
    let text = preview(&["invitation", "--locale", "de"]);
    assert!(text.starts_with(&format!("Subject: {subject}\n")), "{text}");
    let html = preview(&["invitation", "--html"]);
    assert!(
        html.starts_with("<!doctype html>") && html.contains("lang=\"en\""),
        "{html}"
    );
}
