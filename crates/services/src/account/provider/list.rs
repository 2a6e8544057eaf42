//! Lists the identity providers.

use crate::ports::{IdentityProviders, ProviderInfo};
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Rate};
use mainstay_engine::{Query, QueryContext, UseCase};

/// Lists the identity providers that accounts may sign in with.
#[derive(Debug, Clone, Copy)]
pub struct ListProviders;

impl UseCase for ListProviders {
    const NAME: &'static str = "account.provider.list";
    const ACCESS: Access = Access::anyone();
    const RATE: Rate = Rate::per_minute(1200);
    type Output = Vec<ProviderInfo>;
}

impl Query for ListProviders {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Vec<ProviderInfo>> {
        Ok(cx.extension::<dyn IdentityProviders>()?.list())
    }
}
