//! The second factors of an account.

use mainstay_domain::Result;
use mainstay_domain::factor::SecondFactor;
use mainstay_domain::user::User;
use mainstay_engine::CommandContext;

/// The second factors that an account can present.
pub(super) async fn second_factors(_: &mut CommandContext<'_>, _: &User) -> Result<Vec<SecondFactor>> {
    Ok(Vec::new())
}
