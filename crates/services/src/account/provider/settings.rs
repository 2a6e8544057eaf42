//! What the deployment decides about sign-in by an identity provider.

/// Settings of sign-in by an identity provider.
#[derive(Debug, Clone, Default)]
pub struct ProviderSettings {
    /// Origins besides the server's own to which a browser may be sent back (`ALLOWED_ORIGINS`).
    pub allowed_origins: Vec<String>,
}
