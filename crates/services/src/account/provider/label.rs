//! What people read of a provider.

use crate::ports::IdentityProviders;
use mainstay_domain::Result;
use mainstay_engine::CommandContext;

/// The label of a provider; its name where the settings do not name it any more.
///
/// # Errors
/// An internal error when there is no port to identity providers.
pub(super) fn label(cx: &CommandContext<'_>, provider: &str) -> Result<String> {
    let known = cx.extension::<dyn IdentityProviders>()?.list();
    let named = known.into_iter().find(|known| known.name == provider);
    Ok(named.map_or_else(|| provider.to_owned(), |known| known.label))
}
