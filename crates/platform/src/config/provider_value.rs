//! Values of the settings of an identity provider.

use super::parse::{Parsed, optional};
use super::secret::Secret;
use crate::network::is_this_machine;
use url::Url;

/// A secret; `None` when it is empty.
pub(super) fn secret(text: &str) -> Parsed<Option<Secret<String>>> {
    Ok((!text.is_empty()).then(|| Secret::new(text.to_owned())))
}

/// An address of a provider, kept as it is written, because issuers are compared as texts (OpenID Connect Discovery 1.0,
/// 4.3): `https:`, or `http:` on this machine.
pub(super) fn url(text: &str) -> Parsed<Option<String>> {
    optional(text, |text| {
        let url = Url::parse(text).map_err(|_| "is no URL".to_owned())?;
        let is_local = url.host_str().is_some_and(is_this_machine);
        match url.scheme() {
            "https" => {}
            "http" if is_local => {}
            "http" => {
                return Err(
                    "is http:// on another machine, where anyone on the path could answer".to_owned(),
                );
            }
            _ => return Err("is not https://".to_owned()),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("has a user or a password in it".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("has a query or a fragment".to_owned());
        }
        Ok(text.to_owned())
    })
}
