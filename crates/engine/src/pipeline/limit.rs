//! Rate limits: by account for signed-in callers, by address otherwise.

use super::erased::Declaration;
use crate::components::Components;
use crate::request_context::{LimitNote, RequestContext};
use mainstay_domain::access::Caller;
use mainstay_domain::{Error, Result};
use mainstay_platform::limiter::{LimitKey, Quota};

pub(super) fn check(components: &Components, cx: &RequestContext, declared: Declaration) -> Result<()> {
    let key: LimitKey = match (&cx.caller, cx.origin.ip) {
        (Caller::System(_), _) => return Ok(()),
        (Caller::User(principal), _) => principal.id.into(),
        (Caller::Anonymous, Some(ip)) => ip.into(),
        (Caller::Anonymous, None) => LimitKey::text("nowhere"),
    };
    if !components.policies.limits {
        return Ok(());
    }
    let quota = Quota {
        count: declared.rate.count,
        period: declared.rate.period,
    };
    let now = components.node.now();
    let decision = components.limiter.check(declared.name, quota, key, now);
    cx.notes.set_limit(LimitNote {
        name: declared.name,
        count: quota.count,
        period: quota.period,
        remaining: decision.remaining,
        reset_after: decision.reset_after,
    });
    if decision.allowed {
        Ok(())
    } else {
        Err(Error::Limited {
            retry_after: decision.retry_after,
        })
    }
}
