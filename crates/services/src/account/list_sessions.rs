//! Lists the caller's sessions.

use crate::list::{ListParams, ListQuery};
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::error::{Error, Unauthenticated};
use mainstay_domain::page::{Page, PageRequest};
use mainstay_domain::session::Session;
use mainstay_engine::{Query, QueryContext, Repositories, UseCase};

/// Lists the caller's live sessions, the newest first.
#[derive(Debug, Clone)]
pub struct ListSessions {
    /// The page to return.
    pub page: PageRequest,
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSession {
    /// The session.
    pub session: Session,
    /// Whether it is the session of the request.
    pub is_current: bool,
}

impl UseCase for ListSessions {
    const NAME: &'static str = "account.session.list";
    const ACCESS: Access = Access::enrolling();
    type Output = Page<OwnSession>;
}

impl ListQuery for ListSessions {
    type Item = OwnSession;
    type Filter = ();
    type Sort = ();

    fn list(params: ListParams<(), ()>) -> Self {
        Self { page: params.page }
    }
}

impl Query for ListSessions {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Page<OwnSession>> {
        let caller = cx.caller().principal();
        let caller = caller.ok_or(Error::Unauthenticated(Unauthenticated::Missing))?;
        let (user, current, now) = (caller.id, caller.session()?, cx.now());
        let scope = cx.scope();
        let page = cx.sessions().list(&scope, user, now, &self.page).await?;
        Ok(page.map(|session| OwnSession {
            is_current: session.id == current,
            session,
        }))
    }
}
