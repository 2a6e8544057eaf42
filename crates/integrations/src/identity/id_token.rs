//! Verification of id tokens (OpenID Connect Core 1.0, 3.1.3.7).

use super::client::{Claims, ProviderIdToken};
use mainstay_domain::time::Timestamp;
use openidconnect::core::{CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, IssuerUrl, Nonce,
    SignatureVerificationError,
};
use std::time::{Duration, UNIX_EPOCH};

/// The accepted signatures: public keys only. With a shared key, a party that knows the client's secret could sign; with a
/// public key taken for a shared one, or with `none`, anyone (RFC 8725, 3.1).
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];
/// How far the provider's clock may be ahead of ours.
const MAX_SKEW: Duration = Duration::from_secs(60);

/// What an id token has to match.
pub(super) struct ExpectedClaims<'e> {
    pub(super) issuer: &'e IssuerUrl,
    pub(super) client_id: &'e str,
    pub(super) nonce: &'e str,
    pub(super) access_token: &'e AccessToken,
    pub(super) now: Timestamp,
}

/// Why an id token is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refused {
    /// No key of the set has signed it. The provider may have new keys.
    Key,
    /// Anything else.
    Other(String),
}

impl ExpectedClaims<'_> {
    /// Verifies signature, issuer, audience, authorized party, times, nonce and the hash of the access token.
    pub(super) fn verify<'t>(
        &self,
        token: &'t ProviderIdToken,
        keys: &CoreJsonWebKeySet,
    ) -> Result<&'t Claims, Refused> {
        let other = |why: &str| Refused::Other(why.to_owned());
        let seconds =
            u64::try_from(self.now.seconds()).map_err(|_negative| other("the clock is before 1970"))?;
        let now = UNIX_EPOCH + Duration::from_secs(seconds);
        let latest = self.now.after(MAX_SKEW).seconds();
        // Not as a confidential client: the secret must never become a key.
        let verifier = CoreIdTokenVerifier::new_public_client(
            ClientId::new(self.client_id.to_owned()),
            self.issuer.clone(),
            keys.clone(),
        )
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || now.into())
        .set_issue_time_verifier_fn(move |issued| {
            if issued.timestamp() <= latest {
                Ok(())
            } else {
                Err("it was issued in the future".to_owned())
            }
        });
        let nonce = Nonce::new(self.nonce.to_owned());
        let claims = token.claims(&verifier, &nonce).map_err(|error| match error {
            ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey | SignatureVerificationError::CryptoError(_),
            ) => Refused::Key,
            error => Refused::Other(error.to_string()),
        })?;
        if claims
            .authorized_party()
            .is_some_and(|party| party.as_str() != self.client_id)
        {
            return Err(other("it was issued to another client (azp)"));
        }
        if let Some(hash) = claims.access_token_hash() {
            let unusable = |_: SignatureVerificationError| other("its signature names no key");
            let algorithm = token.signing_alg().map_err(unusable)?;
            let key = token.signing_key(&verifier).map_err(unusable)?;
            let actual = AccessTokenHash::from_token(self.access_token, algorithm, key)
                .map_err(|error| Refused::Other(error.to_string()))?;
            if actual != *hash {
                return Err(other(
                    "the access token is not the one that it was issued with (at_hash)",
                ));
            }
        }
        Ok(claims)
    }
}
