//! Endpoints that are informed of events.

use super::pattern::KindPattern;
use crate::access::{Action, Permission, Policy, Resource, Rule, Visibility};
use crate::id::{Id, UserId};
use crate::string_enum;
use crate::time::Timestamp;
use crate::validation::Invalid;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Names an endpoint.
pub type WebhookEndpointId = Id<WebhookEndpoint>;

string_enum! {
    /// Whether an endpoint is informed of events.
    pub enum WebhookEndpointStatus {
        /// It is.
        Enabled = "enabled",
        /// It is not: an administrator or the endpoint itself decided so, or it failed for too long.
        Disabled = "disabled",
    }
}

/// A URL that is informed of events. Its secret is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookEndpoint {
    /// Unique, and ordered by creation time.
    pub id: WebhookEndpointId,
    /// The account that created it, which is informed when it is disabled.
    pub user_id: UserId,
    /// Where requests are sent: `https:`, or `http:` in a network that the settings name.
    pub url: String,
    /// What it is for: at most 200 characters, one line; may be empty.
    pub description: String,
    /// The kinds of events that it is informed of, as patterns: see [`KindPattern`].
    pub kinds: Vec<String>,
    /// Whether it is informed of events.
    pub status: WebhookEndpointStatus,
    /// When the first of the failures began that no success has followed.
    pub failing_since: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl WebhookEndpoint {
    /// The longest URL in bytes.
    pub const MAX_URL: usize = 2000;
    /// The longest description in characters.
    pub const MAX_DESCRIPTION: usize = 200;
    /// The most patterns.
    pub const MAX_KINDS: usize = 50;
    /// How long it may fail before it is disabled.
    pub const MAX_FAILING: Duration = Duration::from_hours(24);
    /// How long the former secret signs beside a new one.
    pub const ROTATION: Duration = Duration::from_hours(24);

    /// Validates patterns, and returns each once, in their order.
    ///
    /// # Errors
    /// The position of the first that is wrong, with why; the position is absent for a wrong number.
    pub fn check_kinds(kinds: &[String]) -> Result<Vec<String>, (Option<usize>, Invalid)> {
        if kinds.is_empty() || kinds.len() > Self::MAX_KINDS {
            return Err((None, Invalid::new("LENGTH", "must be 1 to 50 kinds")));
        }
        let mut checked: Vec<String> = Vec::new();
        for (at, kind) in kinds.iter().enumerate() {
            KindPattern::parse(kind).map_err(|invalid| (Some(at), invalid))?;
            if !checked.contains(kind) {
                checked.push(kind.clone());
            }
        }
        Ok(checked)
    }

    /// Whether it is to be informed of a kind of events.
    pub fn wants(&self, kind: &str) -> bool {
        let wants = |pattern: &String| KindPattern::parse(pattern).is_ok_and(|parsed| parsed.matches(kind));
        self.status == WebhookEndpointStatus::Enabled && self.kinds.iter().any(wants)
    }

    /// The endpoint after a delivery succeeded.
    #[must_use]
    pub fn succeeded(self) -> Self {
        Self {
            failing_since: None,
            ..self
        }
    }

    /// The endpoint after a delivery failed: disabled when it `is_gone`, or has failed for too long.
    #[must_use]
    pub fn failed(self, is_gone: bool, now: Timestamp) -> Self {
        let since = self.failing_since.unwrap_or(now);
        match is_gone || now >= since.after(Self::MAX_FAILING) {
            true => self.disabled(now),
            false => Self {
                failing_since: Some(since),
                ..self
            },
        }
    }

    /// The endpoint, disabled.
    #[must_use]
    pub fn disabled(self, now: Timestamp) -> Self {
        Self {
            status: WebhookEndpointStatus::Disabled,
            updated_at: now,
            ..self
        }
    }
}

#[expect(missing_docs, reason = "the names are self-explanatory")]
impl WebhookEndpoint {
    pub const MANAGE: Permission = Permission::new(
        "manage:webhook",
        "Register endpoints that are informed of every event",
    );
    pub const CREATE: Action = Action::new("create");
    pub const UPDATE: Action = Action::new("update");
    pub const DELETE: Action = Action::new("delete");
    pub const ROTATE_SECRET: Action = Action::new("rotate-secret");
    /// Notes whether deliveries succeed.
    pub const NOTE: Action = Action::new("note");
    /// Disables an endpoint that is gone or has failed for too long.
    pub const GIVE_UP: Action = Action::new("give-up");
}

impl Resource for WebhookEndpoint {
    const NAME: &'static str = "webhook-endpoint";
    const POLICY: Policy = Policy {
        visible: &[Visibility::Holder(Self::MANAGE)],
        actions: &[
            (Self::CREATE, Rule::Holder(Self::MANAGE)),
            (Self::UPDATE, Rule::Holder(Self::MANAGE)),
            (Self::DELETE, Rule::Holder(Self::MANAGE)),
            (Self::ROTATE_SECRET, Rule::Holder(Self::MANAGE)),
            (Self::NOTE, Rule::System),
            (Self::GIVE_UP, Rule::System),
        ],
    };
    const PERMISSIONS: &'static [Permission] = &[Self::MANAGE];
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn endpoint() -> WebhookEndpoint {
        WebhookEndpoint {
            id: WebhookEndpointId::from_uuid(Uuid::from_u128(1)),
            user_id: UserId::from_uuid(Uuid::from_u128(2)),
            url: "https://hooks.example/in".into(),
            description: String::new(),
            kinds: vec!["order.*".into()],
            status: WebhookEndpointStatus::Enabled,
            failing_since: None,
            created_at: Timestamp::from_seconds(0),
            updated_at: Timestamp::from_seconds(0),
        }
    }

    #[test]
    fn an_endpoint_that_fails_for_a_day_is_disabled_and_one_that_is_gone_at_once() {
        let day = 24 * 3600;
        let failing = endpoint().failed(false, Timestamp::from_seconds(10));
        assert_eq!(failing.status, WebhookEndpointStatus::Enabled);
        let still = failing.clone().failed(false, Timestamp::from_seconds(9 + day));
        assert_eq!(still, failing);
        let disabled = still.clone().failed(false, Timestamp::from_seconds(10 + day));
        assert_eq!(disabled.status, WebhookEndpointStatus::Disabled);
        assert!(!disabled.wants("order.paid"));
        let recovered = still.succeeded().failed(false, Timestamp::from_seconds(10 + day));
        assert_eq!(recovered.failing_since, Some(Timestamp::from_seconds(10 + day)));
        let gone = endpoint().failed(true, Timestamp::from_seconds(1));
        assert_eq!(gone.status, WebhookEndpointStatus::Disabled);
    }

    #[test]
    fn patterns_are_kept_once_and_the_wrong_one_is_named() {
        let kinds = |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>();
        let checked = WebhookEndpoint::check_kinds(&kinds(&["order.*", "user.updated", "order.*"]));
        assert_eq!(checked.unwrap(), ["order.*", "user.updated"]);
        let wrong = WebhookEndpoint::check_kinds(&kinds(&["order.*", "order"]));
        assert_eq!(wrong.unwrap_err().0, Some(1));
        assert_eq!(WebhookEndpoint::check_kinds(&[]).unwrap_err().0, None);
    }
}
