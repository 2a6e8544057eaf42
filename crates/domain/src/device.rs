//! Devices that sign in, and how people recognise them.

use crate::access::{Action, Policy, Resource, Rule, Visibility};
use crate::id::{Id, UserId};
use crate::time::Timestamp;
use serde::Serialize;
use uuid::Uuid;

/// Names a device.
pub type DeviceId = Id<Device>;

/// A browser or a program that has signed in to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// Unique, and ordered by creation time.
    pub id: DeviceId,
    /// The account.
    pub user_id: UserId,
    /// What the cookie of the browser names; the same in all accounts that sign in from it.
    #[serde(skip)]
    pub browser: Uuid,
    /// A digest of the client's software and network at its last sign-in.
    #[serde(skip)]
    pub fingerprint: Vec<u8>,
    /// When it first signed in.
    pub first_seen_at: Timestamp,
    /// When it last signed in, to the hour.
    pub last_seen_at: Timestamp,
}

#[expect(missing_docs, reason = "the names are self-explanatory")]
impl Device {
    pub const ADD: Action = Action::new("add");
    pub const SEEN: Action = Action::new("seen");
    /// Removes devices that have not signed in for long.
    pub const PRUNE: Action = Action::new("prune");
}

impl Resource for Device {
    const NAME: &'static str = "device";
    const POLICY: Policy = Policy {
        visible: &[Visibility::Owner],
        actions: &[
            (Self::ADD, Rule::System),
            (Self::SEEN, Rule::System),
            (Self::PRUNE, Rule::System),
        ],
    };
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        Some(self.user_id)
    }
}

/// A name for people of the client that sent this `User-Agent` header, such as `Firefox on Linux` or `curl`. For display
/// only: a client sends what it likes.
pub fn name(user_agent: &str) -> String {
    let browser = find(BROWSERS, user_agent);
    let system = find(SYSTEMS, user_agent);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => product(user_agent),
    }
}

/// Browsers by what their headers contain; those that imitate others come before them.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
];

const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

fn find(names: &[(&str, &'static str)], user_agent: &str) -> Option<&'static str> {
    let found = names.iter().find(|(token, _)| user_agent.contains(token));
    found.map(|(_, name)| *name)
}

/// The first product of the header (RFC 9110, 10.1.5), at most 60 characters.
fn product(user_agent: &str) -> String {
    let first = user_agent.split(['/', ' ', '(']).find(|part| !part.is_empty());
    first
        .unwrap_or("unknown")
        .chars()
        .filter(|char| !char.is_control())
        .take(60)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_clients_are_recognised() {
        for (header, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.5.0", "curl"),
            ("python-requests/2.32", "python-requests"),
            ("", "unknown"),
            ("  ///", "unknown"),
        ] {
            assert_eq!(name(header), expected, "{header}");
        }
        assert_eq!(name(&"x".repeat(300)).len(), 60);
    }
}
