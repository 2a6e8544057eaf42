//! A real browser, with an authenticator in software.

use crate::counterpart::{CHROMIUM, Counterpart, find_program};
use crate::is_ci;
use crate::process::Process;
use serde_json::{Value, json};
use tokio::process::Command;

/// Chromium in a process of its own. Its authenticator makes passkeys without asking, and verifies its user.
pub struct Browser(Process);

impl Browser {
    /// Starts the browser. `None` where it is not installed, which is reported as a skipped test.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start() -> Option<Self> {
        let install = tokio::task::spawn_blocking(|| {
            let folder = Counterpart::Browser.install()?;
            Ok::<_, String>((folder, find_program(CHROMIUM)?))
        });
        let (folder, chromium) = match install.await.expect("the installation does not panic") {
            Ok(installed) => installed,
            Err(why) => {
                is_ci::skip(Counterpart::Browser.description(), &why);
                return None;
            }
        };
        let mut command = Command::new("node");
        command
            .arg(Counterpart::Browser.sources().join("browser.mjs"))
            .arg(folder.join("node_modules/playwright-core/index.js"))
            .arg(chromium);
        let (process, _version) = Process::start(&mut command).await;
        Some(Self(process))
    }

    /// Opens an address in place of the present page, without the cookies that the browser had. The passkeys stay.
    ///
    /// # Panics
    /// When the page cannot be loaded.
    pub async fn open(&mut self, url: &str) {
        self.command(json!({"command": "open", "url": url})).await;
    }

    /// Calls a function in JavaScript on the page; returns what it resolves to.
    ///
    /// # Panics
    /// When it throws.
    pub async fn evaluate(&mut self, script: &str, input: Value) -> Value {
        self.command(json!({"command": "evaluate", "script": script, "input": input}))
            .await
    }

    async fn command(&mut self, command: Value) -> Value {
        let answer = self.0.command(&command).await;
        assert!(answer.get("error").is_none(), "{command}: {answer}");
        answer["result"].clone()
    }
}
