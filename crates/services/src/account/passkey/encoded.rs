//! Bytes in the JSON of WebAuthn.

use mainstay_platform::crypto::from_base64url;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// Bytes that JSON carries in base64url without padding (RFC 4648, 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base64Url(pub Vec<u8>);

impl<'de> Deserialize<'de> for Base64Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = from_base64url(&text);
        bytes
            .map(Self)
            .ok_or_else(|| D::Error::custom("must be base64url without padding"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_one_spelling() {
        let read = |json: &str| serde_json::from_str::<Base64Url>(json).ok().map(|bytes| bytes.0);
        assert_eq!(read(r#""AP-_""#), Some(vec![0, 0xff, 0xbf]));
        assert_eq!(read(r#""""#), Some(Vec::new()));
        for bad in [
            r#""AP+/""#,
            r#""AA==""#,
            r#""A""#,
            r#""AB""#,
            r#"" AA""#,
            "1",
            "null",
            "[0]",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
