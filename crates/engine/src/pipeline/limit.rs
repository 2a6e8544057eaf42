//! Rate limits: by account for signed-in callers, by address otherwise.

use crate::request_context::{LimitNote, RequestContext};
use crate::services::Services;
use crate::use_case::UseCase;
use mainstay_domain::access::Caller;
use mainstay_domain::{Error, Result};
use mainstay_platform::limiter::{LimitKey, Quota};

pub(super) fn check<U: UseCase>(services: &Services, cx: &RequestContext) -> Result<()> {
    let key: LimitKey = match (&cx.caller, cx.origin.ip) {
        (Caller::System(_), _) => return Ok(()),
        (Caller::User(principal), _) => principal.id.into(),
        (Caller::Anonymous, Some(ip)) => ip.into(),
        (Caller::Anonymous, None) => LimitKey::text("nowhere"),
    };
    if !services.policies().limits {
        return Ok(());
    }
    let quota = Quota {
        count: U::RATE.count,
        period: U::RATE.period,
    };
    let decision = services
        .parts()
        .limiter
        .check(U::NAME, quota, key, services.now());
    cx.notes.set_limit(LimitNote {
        name: U::NAME,
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
