//! Configuration: typed, read once, validated as a whole.
//!
//! A setting is declared once, in `declared`; its default and its long description are in
//! `config/default.toml`, which is compiled in. Flags win over the environment, the environment over
//! `mainstay.toml`, the file over the defaults. All errors are reported together, so that an administrator can
//! correct them in one go.

mod address;
mod choices;
mod declared;
mod error;
mod file;
mod load;
mod mask;
mod origin;
mod parse;
mod provider;
mod provider_value;
mod safety;
mod secret;
mod sections;
mod settings;
mod show;
mod smtp;
mod sources;
#[cfg(test)]
mod tests;

pub use address::TrustedProxies;
pub use choices::{AppEnv, Gateway, LogFormat, LogLevel, RefreshRetry, Roles, VerifyEmail};
pub use error::{ConfigError, ConfigErrors};
pub use origin::Origin;
pub use provider::{IdentityProvider, IdentityProviders, ProviderProtocol};
pub use secret::Secret;
pub use sections::{SectionReader, SectionValues, Sections, SettingsSection};
pub use settings::{Accounts, AuditWitness, Db, Http, Loaded, Log, Mail, Orders, Payments, Settings, Tokens};
pub use show::{as_json, as_table};
pub use smtp::{SmtpAddress, SmtpEncryption};
pub use sources::{Effective, Sources};
