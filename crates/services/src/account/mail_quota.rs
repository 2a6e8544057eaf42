//! How many sign-in mails one address gets, so that a mailbox cannot be flooded through Mainstay.

use mainstay_domain::email::Email;
use mainstay_engine::CommandContext;
use mainstay_platform::limiter::{LimitKey, Quota};
use std::time::Duration;

/// As many as a person asks for who finds the first mail late.
const MAILS: Quota = Quota {
    count: 5,
    period: Duration::from_mins(15),
};

/// Whether one more mail of a kind may be sent to an address now. Counted on this node only: it protects no account.
pub(super) fn allows(cx: &CommandContext<'_>, kind: &'static str, email: &Email) -> bool {
    let components = cx.components();
    let key = LimitKey::text(email.as_str());
    !components.policies.limits || components.limiter.check(kind, MAILS, key, cx.now()).allowed
}
