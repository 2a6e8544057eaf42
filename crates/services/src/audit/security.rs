//! Lists denied and suspicious attempts.

use crate::use_case::{Query, UseCase};
use crate::work::{Repositories, View};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission};
use mainstay_domain::page::{Listing, Page};
use mainstay_domain::security::SecurityEvent;

/// Denied and suspicious attempts, the latest first.
#[derive(Debug, Clone)]
pub struct ListSecurityEvents {
    /// How many.
    pub page: Page,
}

impl UseCase for ListSecurityEvents {
    const NAME: &'static str = "security-event.list";
    const ACCESS: Access = Access::permission(Permission::READ_AUDIT);
    type Output = Listing<SecurityEvent>;
}

impl Query for ListSecurityEvents {
    async fn run(self, view: &mut View<'_>) -> Result<Listing<SecurityEvent>> {
        let scope = view.scope();
        view.security_events().list(&scope, &self.page).await
    }
}
