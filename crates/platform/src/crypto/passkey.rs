//! Passkeys (W3C Web Authentication, level 3): the relying party's side of the ceremonies, verified by webauthn-rs.
//!
//! Every ceremony requires the authenticator to verify its user, by a PIN or biometrics, so a passkey is two factors in
//! one. Attestation is not asked for. Signature counters are not compared here: that is the rule of
//! [`Passkey::judge`](mainstay_domain::passkey::Passkey::judge).

use super::{base64url, from_base64url, sha256};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::time::Duration;
use url::{Host, Url};
use uuid::Uuid;
use webauthn_rs::fake::{FakePasskeyDistribution, WebauthnFakeCredentialGenerator};
use webauthn_rs::prelude::{Credential, Passkey, PasskeyRegistration, WebauthnError};
use webauthn_rs::{Webauthn, WebauthnBuilder};
use webauthn_rs_proto::{
    AllowCredentials, AuthenticatorAssertionResponseRaw, AuthenticatorAttestationResponseRaw,
    AuthenticatorSelectionCriteria, PublicKeyCredential, RegisterPublicKeyCredential, ResidentKeyRequirement,
    UserVerificationPolicy,
};

/// The longest id that an authenticator may choose, in bytes (WebAuthn level 3, 4).
pub const MAX_CREDENTIAL_ID: usize = 1023;
/// The label that the key of invented credential ids is derived from the master key by.
pub const FAKE_KEY_LABEL: &str = "passkey-fake-ids";

/// What a public key credential is called.
const PUBLIC_KEY: &str = "public-key";

/// The site that passkeys are bound to.
pub struct RelyingParty(Webauthn);

/// The person that a passkey is registered for, as authenticators show them.
#[derive(Debug, Clone, Copy)]
pub struct PasskeyUser<'u> {
    /// The user handle: the account's id.
    pub id: Uuid,
    /// The address.
    pub name: &'u str,
    /// The person's name.
    pub display_name: &'u str,
}

/// A ceremony that has begun.
#[derive(Debug, Clone)]
pub struct Ceremony {
    /// What the browser needs: `publicKey` of the options, in the JSON form of level 3.
    pub options: Value,
    /// The SHA-256 of the challenge, by which the response is recognised.
    pub digest: [u8; 32],
    /// What [`RelyingParty`] needs to finish it: JSON.
    pub state: String,
}

/// What a browser answers to a registration.
#[derive(Clone)]
pub struct AttestationResponse {
    /// `clientDataJSON`.
    pub client_data: Vec<u8>,
    /// `attestationObject`.
    pub attestation_object: Vec<u8>,
}

/// What a browser answers to a sign-in.
#[derive(Clone)]
pub struct AssertionResponse {
    /// `rawId`.
    pub credential_id: Vec<u8>,
    /// `clientDataJSON`.
    pub client_data: Vec<u8>,
    /// `authenticatorData`.
    pub authenticator_data: Vec<u8>,
    /// `signature`.
    pub signature: Vec<u8>,
    /// `userHandle`, which discoverable credentials have.
    pub user_handle: Option<Vec<u8>>,
}

/// A passkey whose registration was verified.
#[derive(Debug, Clone)]
pub struct VerifiedRegistration {
    /// The id that the authenticator chose, in base64url.
    pub credential_id: String,
    /// The public key and what the registration said, to be stored: JSON.
    pub credential: String,
    /// The signature counter.
    pub counter: u32,
    /// Whether the private key may be copied to other devices.
    pub backup_eligible: bool,
    /// Whether it is copied.
    pub backed_up: bool,
}

/// A use of a passkey whose signature was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedAssertion {
    /// The signature counter. The caller compares it.
    pub counter: u32,
    /// Whether the private key is copied to other devices.
    pub backed_up: bool,
}

/// Why a ceremony failed.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// The response is not accepted.
    #[error("{0}")]
    Refused(String),
    /// What was stored cannot be read, or a ceremony cannot begin.
    #[error("{0}")]
    Internal(String),
}

/// The parts of the client data that are read before the library verifies it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    challenge: String,
    cross_origin: Option<bool>,
}

impl RelyingParty {
    /// The site at a public address. An address of this machine stands for `localhost`, because browsers know no passkeys
    /// of bare addresses; `None` for other addresses that have no name.
    pub fn of(public_url: &str) -> Option<Self> {
        let mut origin = Url::parse(public_url).ok()?;
        let is_loopback = match origin.host()? {
            Host::Domain(_) => false,
            Host::Ipv4(ip) if ip.is_loopback() => true,
            Host::Ipv6(ip) if ip.is_loopback() => true,
            Host::Ipv4(_) | Host::Ipv6(_) => return None,
        };
        if is_loopback {
            origin.set_host(Some("localhost")).ok()?;
        }
        let id = origin.domain()?.to_owned();
        let builder = WebauthnBuilder::new(&id, &origin).ok()?;
        builder.rp_name(&id).build().ok().map(Self)
    }

    /// Begins the registration of a passkey. The authenticators that hold one of the passkeys in `existing`, ids in
    /// base64url, refuse to make another. `timeout` is how long the browser may take.
    ///
    /// # Errors
    /// Only [`PasskeyError::Internal`].
    pub fn begin_registration(
        &self,
        user: PasskeyUser<'_>,
        existing: &[String],
        timeout: Duration,
    ) -> Result<Ceremony, PasskeyError> {
        let exclude = existing.iter().filter_map(|id| from_base64url(id)).collect();
        let (mut response, state) = self
            .0
            .start_passkey_registration(user.id, user.name, user.display_name, Some(exclude))
            .map_err(internal)?;
        let options = &mut response.public_key;
        options.timeout = u32::try_from(timeout.as_millis()).ok();
        // A passkey that the authenticator finds itself, where it has room for one, signs in without a user name.
        options.authenticator_selection = Some(AuthenticatorSelectionCriteria {
            authenticator_attachment: None,
            resident_key: Some(ResidentKeyRequirement::Preferred),
            require_resident_key: false,
            user_verification: UserVerificationPolicy::Required,
        });
        ceremony(&options.challenge, options, &state)
    }

    /// Verifies the response to a registration.
    ///
    /// # Errors
    /// [`PasskeyError::Refused`] when it is not accepted.
    pub fn finish_registration(
        &self,
        state: &str,
        response: &AttestationResponse,
    ) -> Result<VerifiedRegistration, PasskeyError> {
        let state: PasskeyRegistration = serde_json::from_str(state).map_err(internal)?;
        let response = RegisterPublicKeyCredential {
            // The authentic id is in the attestation object.
            id: String::new(),
            raw_id: Vec::new(),
            response: AuthenticatorAttestationResponseRaw {
                attestation_object: response.attestation_object.clone(),
                client_data_json: response.client_data.clone(),
                transports: None,
            },
            type_: PUBLIC_KEY.to_owned(),
            extensions: Default::default(),
        };
        let passkey = self
            .0
            .finish_passkey_registration(&response, &state)
            .map_err(|error| refused(&error))?;
        let credential = serde_json::to_string(&passkey).map_err(internal)?;
        let registered = Credential::from(passkey);
        if registered.cred_id.is_empty() || registered.cred_id.len() > MAX_CREDENTIAL_ID {
            return Err(PasskeyError::Refused(
                "the credential id is empty or too long".to_owned(),
            ));
        }
        Ok(VerifiedRegistration {
            credential_id: base64url(&registered.cred_id),
            credential,
            counter: registered.counter,
            backup_eligible: registered.backup_eligible,
            backed_up: registered.backup_state,
        })
    }

    /// Begins a sign-in, or another use. Without `allowed`, ids in base64url, the authenticator offers the passkeys that
    /// it finds itself. `timeout` is how long the browser may take.
    ///
    /// # Errors
    /// Only [`PasskeyError::Internal`].
    pub fn begin_assertion(&self, allowed: &[String], timeout: Duration) -> Result<Ceremony, PasskeyError> {
        // Its mediation is left out: whether browsers offer passkeys while an address is typed is for the page to decide.
        let (mut response, state) = self.0.start_discoverable_authentication().map_err(internal)?;
        let options = &mut response.public_key;
        options.timeout = u32::try_from(timeout.as_millis()).ok();
        options.extensions = None;
        options.allow_credentials = allowed
            .iter()
            .filter_map(|id| from_base64url(id))
            .map(|id| AllowCredentials {
                type_: PUBLIC_KEY.to_owned(),
                id,
                transports: None,
            })
            .collect();
        ceremony(&options.challenge, options, &state)
    }

    /// Verifies the response to a sign-in by a passkey, whose `credential` was stored at its registration.
    ///
    /// # Errors
    /// [`PasskeyError::Refused`] when it is not accepted.
    pub fn finish_assertion(
        &self,
        state: &str,
        response: &AssertionResponse,
        credential: &str,
    ) -> Result<VerifiedAssertion, PasskeyError> {
        let state = serde_json::from_str(state).map_err(internal)?;
        let passkey: Passkey = serde_json::from_str(credential).map_err(internal)?;
        // Without a counter to compare with, the library compares none.
        let credential = Credential {
            counter: 0,
            ..Credential::from(passkey)
        };
        // The library checks this at registrations alone.
        if client_data(&response.client_data).is_none_or(|data| data.cross_origin == Some(true)) {
            return Err(PasskeyError::Refused(
                "the page was embedded in another site".to_owned(),
            ));
        }
        let response = PublicKeyCredential {
            id: base64url(&response.credential_id),
            raw_id: response.credential_id.clone(),
            response: AuthenticatorAssertionResponseRaw {
                authenticator_data: response.authenticator_data.clone(),
                client_data_json: response.client_data.clone(),
                signature: response.signature.clone(),
                user_handle: response.user_handle.clone(),
            },
            extensions: Default::default(),
            type_: PUBLIC_KEY.to_owned(),
        };
        let result = self
            .0
            .finish_discoverable_authentication_v2(&response, state, &credential)
            .map_err(|error| refused(&error))?;
        if !result.user_verified() {
            return Err(PasskeyError::Refused("the user was not verified".to_owned()));
        }
        Ok(VerifiedAssertion {
            counter: result.counter(),
            backed_up: result.backup_state(),
        })
    }
}

impl AttestationResponse {
    /// The SHA-256 of the challenge that it answers; `None` when it names none.
    pub fn digest(&self) -> Option<[u8; 32]> {
        digest(&self.client_data)
    }
}

impl AssertionResponse {
    /// The SHA-256 of the challenge that it answers; `None` when it names none.
    pub fn digest(&self) -> Option<[u8; 32]> {
        digest(&self.client_data)
    }
}

/// Credential ids for an address that has no passkeys, so that an answer does not reveal whether it has any: the same ones
/// for every request, for as long as the key is the same.
pub fn fake_credential_ids(key: &[u8; 32], address: &str) -> Vec<String> {
    let generator = WebauthnFakeCredentialGenerator::<FakePasskeyDistribution>::new(key);
    let ids = generator.and_then(|generator| generator.generate(address.as_bytes()));
    ids.unwrap_or_default().iter().map(|id| base64url(id)).collect()
}

fn ceremony(
    challenge: &[u8],
    options: &impl Serialize,
    state: &impl Serialize,
) -> Result<Ceremony, PasskeyError> {
    Ok(Ceremony {
        options: serde_json::to_value(options).map_err(internal)?,
        digest: sha256(challenge),
        state: serde_json::to_string(state).map_err(internal)?,
    })
}

fn client_data(bytes: &[u8]) -> Option<ClientData> {
    serde_json::from_slice(bytes).ok()
}

fn digest(client_data_json: &[u8]) -> Option<[u8; 32]> {
    let challenge = from_base64url(&client_data(client_data_json)?.challenge)?;
    Some(sha256(&challenge))
}

fn refused(error: &WebauthnError) -> PasskeyError {
    PasskeyError::Refused(error.to_string())
}

fn internal(error: impl fmt::Display) -> PasskeyError {
    PasskeyError::Internal(error.to_string())
}

impl fmt::Debug for RelyingParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RelyingParty({:?})", self.0.get_allowed_origins())
    }
}

impl fmt::Debug for AttestationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AttestationResponse(…)")
    }
}

impl fmt::Debug for AssertionResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AssertionResponse(…)")
    }
}

#[cfg(test)]
#[path = "passkey_tests.rs"]
mod tests;
