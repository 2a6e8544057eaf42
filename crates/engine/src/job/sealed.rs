//! A value that is sealed in the payload of a job.

use super::spec::BackgroundJob;
use mainstay_domain::random::Random;
use mainstay_domain::{Error, Result};
use mainstay_platform::crypto::seal::{PREFIX_LEN, Sealer};
use mainstay_platform::crypto::{base64url, from_base64url};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use zeroize::Zeroizing;

/// A value in the payload of a job that cannot be read in the database. A field of the job with `#[serde(flatten)]`:
/// `mainstay keys reseal` finds it there, and seals it again under a new master key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SealedPayload {
    id: Uuid,
    sealed: String,
}

impl SealedPayload {
    /// Seals a value for a job. It is opened for jobs of this type and with this id only.
    ///
    /// # Errors
    /// An internal error when the value cannot be serialised.
    pub fn seal<J: BackgroundJob>(
        id: Uuid,
        value: &impl Serialize,
        sealer: &Sealer,
        random: &dyn Random,
    ) -> Result<Self> {
        let plain = Zeroizing::new(serde_json::to_vec(value).map_err(Error::internal)?);
        Ok(Self::sealed(J::NAME, id, &plain, sealer, random))
    }

    fn sealed(kind: &str, id: Uuid, plain: &[u8], sealer: &Sealer, random: &dyn Random) -> Self {
        let sealed = sealer.seal(kind, id.as_bytes(), plain, random);
        Self {
            id,
            sealed: base64url(&sealed),
        }
    }

    /// The id that the value is bound to.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Opens the value.
    ///
    /// # Errors
    /// An internal error when it was changed in the database, or its master key is not configured.
    pub fn open<J: BackgroundJob, T: DeserializeOwned>(&self, sealer: &Sealer) -> Result<T> {
        let plain = self.opened(J::NAME, sealer)?;
        serde_json::from_slice(&plain).map_err(Error::internal)
    }

    fn opened(&self, kind: &str, sealer: &Sealer) -> Result<Zeroizing<Vec<u8>>> {
        let sealed = from_base64url(&self.sealed);
        let sealed = sealed.ok_or_else(|| Error::bug("a sealed value is not in base64url"))?;
        sealer
            .open(kind, self.id.as_bytes(), &sealed)
            .map_err(Error::internal)
    }
}

/// The payload of a job of this kind with its value sealed under the current key.
///
/// # Errors
/// As [`SealedPayload::open`].
pub(crate) fn resealed(kind: &str, payload: &str, sealer: &Sealer, random: &dyn Random) -> Result<String> {
    let mut whole: Value = serde_json::from_str(payload).map_err(Error::internal)?;
    let old = SealedPayload::deserialize(&whole).map_err(Error::internal)?;
    let plain = old.opened(kind, sealer)?;
    let new = SealedPayload::sealed(kind, old.id, &plain, sealer, random);
    whole["sealed"] = Value::String(new.sealed);
    serde_json::to_string(&whole).map_err(Error::internal)
}

/// What values under a key begin with in a payload: as many characters as depend on the beginning of the sealed bytes
/// alone.
pub(crate) fn payload_prefix(prefix: [u8; PREFIX_LEN]) -> String {
    let mut text = base64url(&prefix);
    text.truncate(prefix.len() * 4 / 3);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::use_case::UseCase;
    use mainstay_domain::access::Access;
    use mainstay_domain::random::Counting;
    use mainstay_platform::crypto::master_key::MasterKey;

    #[derive(Debug, Clone, Serialize, Deserialize)]
    struct Send {
        #[serde(flatten)]
        payload: SealedPayload,
        note: String,
    }

    impl UseCase for Send {
        const NAME: &'static str = "test.send";
        const ACCESS: Access = Access::system();
        type Output = ();
    }

    impl BackgroundJob for Send {}

    #[test]
    fn a_payload_is_sealed_again_and_stays_the_same_otherwise() {
        let (key, random) = (|byte| MasterKey::from_bytes([byte; 32]), Counting::default());
        let old = Sealer::new(key(1), Vec::new());
        let both = Sealer::new(key(2), vec![key(1)]);
        let new = Sealer::new(key(2), Vec::new());
        let job = Send {
            payload: SealedPayload::seal::<Send>(Uuid::from_u128(7), &"secret", &old, &random).unwrap(),
            note: "\"sealed\":\"x".to_owned(),
        };
        let text = serde_json::to_string(&job).unwrap();
        assert!(!text.contains("secret"));
        let begins = |text: &str, sealer: &Sealer| {
            let start = format!("\"sealed\":\"{}", payload_prefix(sealer.prefix()));
            text.contains(&start)
        };
        assert!(begins(&text, &old) && !begins(&text, &new));
        let again = resealed(Send::NAME, &text, &both, &random).unwrap();
        assert!(begins(&again, &new));
        let read: Send = serde_json::from_str(&again).unwrap();
        assert_eq!((read.payload.id(), &read.note), (Uuid::from_u128(7), &job.note));
        assert_eq!(read.payload.open::<Send, String>(&new).unwrap(), "secret");
        assert!(resealed("test.other", &text, &both, &random).is_err());
        assert!(resealed(Send::NAME, &text, &new, &random).is_err());
    }
}
