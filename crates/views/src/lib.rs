//! What clients see of each noun: its representation in JSON, once for all interfaces that speak JSON.
//!
//! A representation is a type of its own and not the domain's, so that a new field of a noun reaches no client
//! unreviewed. gRPC has its protobuf messages instead.

mod access;
mod api_key;
mod audit;
mod data_export;
mod email;
mod factor;
mod grant;
mod identity;
mod job;
mod money;
mod order;
mod passkey;
mod payment;
mod product;
mod role;
mod security_event;
mod session;
mod tokens;
mod user;
mod webhook;

pub use access::{ExplanationView, PermissionView};
pub use api_key::{ApiKeyView, CreatedApiKeyView};
pub use audit::AuditView;
pub use data_export::{DataExportView, RequestedDeletionView};
pub use email::ConfirmedEmailView;
pub use factor::{RecoveryCodesView, TotpSetupView};
pub use grant::GrantView;
pub use identity::{IdentityView, ProviderView};
pub use job::JobView;
pub use money::MoneyView;
pub use order::{OrderItemView, OrderView};
pub use passkey::{PasskeyOptionsView, PasskeyView, RegisteredPasskeyView};
pub use payment::PaymentView;
pub use product::ProductView;
pub use role::RoleView;
pub use security_event::SecurityEventView;
pub use session::SessionView;
pub use tokens::{FactorRequestView, RestoreOfferView, SignInView, TokensView};
pub use user::UserView;
pub use webhook::{NewWebhookSecretView, WebhookDeliveryView, WebhookEndpointView};
