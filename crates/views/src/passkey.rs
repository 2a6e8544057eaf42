//! The representation of passkeys.

use mainstay_domain::passkey::{Passkey, PasskeyId};
use mainstay_domain::time::Timestamp;
use mainstay_engine::Secret;
use mainstay_services::account::{PasskeyOptions, RegisteredPasskey};
use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa::ToSchema;

/// What a browser needs to use a passkey.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PasskeyOptions)]
pub struct PasskeyOptionsView {
    /// The options in the JSON form of WebAuthn level 3, for `PublicKeyCredential.parseCreationOptionsFromJSON` or
    /// `parseRequestOptionsFromJSON`.
    #[schema(value_type = Object)]
    public_key: Value,
}

impl From<PasskeyOptions> for PasskeyOptionsView {
    fn from(PasskeyOptions(public_key): PasskeyOptions) -> Self {
        Self { public_key }
    }
}

/// A passkey: signs in to the account by itself, and is a second factor beside a password.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Passkey)]
pub struct PasskeyView {
    #[schema(value_type = String, format = Uuid)]
    id: PasskeyId,
    #[schema(example = "Phone")]
    name: String,
    /// Whether it may be copied to other devices of its owner.
    synced: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime, required)]
    last_used_at: Option<Timestamp>,
}

impl From<Passkey> for PasskeyView {
    fn from(passkey: Passkey) -> Self {
        Self {
            id: passkey.id,
            name: passkey.name,
            synced: passkey.backup_eligible,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
        }
    }
}

/// A passkey that was registered. When it is the account's first second factor, there are recovery codes, which are not
/// shown again.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RegisteredPasskey)]
pub struct RegisteredPasskeyView {
    #[serde(flatten)]
    passkey: PasskeyView,
    /// Each works once.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "expose_all")]
    #[schema(value_type = Option<Vec<String>>)]
    recovery_codes: Option<Vec<Secret<String>>>,
}

impl From<RegisteredPasskey> for RegisteredPasskeyView {
    fn from(registered: RegisteredPasskey) -> Self {
        Self {
            passkey: registered.passkey.into(),
            recovery_codes: registered.recovery_codes.map(|codes| codes.0),
        }
    }
}

fn expose_all<S: Serializer>(codes: &Option<Vec<Secret<String>>>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(codes.iter().flatten().map(Secret::expose))
}
