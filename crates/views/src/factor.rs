//! The representation of second factors.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mainstay_domain::{Error, Result};
use mainstay_engine::Secret;
use mainstay_services::account::{RecoveryCodeList, TotpSetup};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// Least size of the QR code, in pixels.
const MIN_QR_SIZE: u32 = 240;

/// What an authenticator app needs, in three forms.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TotpSetup)]
pub struct TotpSetupView {
    /// The secret in base32, for users who type it.
    #[serde(serialize_with = "expose")]
    #[schema(value_type = String, example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: Secret<String>,
    /// What the QR code contains; a link that opens the app on the same device.
    #[serde(serialize_with = "expose")]
    #[schema(value_type = String)]
    otpauth_url: Secret<String>,
    /// The QR code as an SVG image: a data URL.
    #[serde(serialize_with = "expose")]
    #[schema(value_type = String)]
    qr_code: Secret<String>,
}

impl TotpSetupView {
    /// The view, with its QR code drawn.
    ///
    /// # Errors
    /// An internal error when the URL does not fit a QR code: beyond two thousand bytes.
    pub fn of(setup: TotpSetup) -> Result<Self> {
        let qr_code = qr_code(setup.otpauth_url.expose())?;
        Ok(Self {
            secret: setup.secret,
            otpauth_url: setup.otpauth_url,
            qr_code,
        })
    }
}

/// Draws a QR code as the data URL of an SVG image.
fn qr_code(content: &str) -> Result<Secret<String>> {
    let code = QrCode::with_error_correction_level(content, EcLevel::M).map_err(Error::internal)?;
    let image = code
        .render::<svg::Color<'_>>()
        .min_dimensions(MIN_QR_SIZE, MIN_QR_SIZE)
        .build();
    let image = Secret::new(image);
    let data = Secret::new(STANDARD.encode(image.expose()));
    Ok(Secret::new(format!(
        "data:image/svg+xml;base64,{}",
        data.expose()
    )))
}

/// Recovery codes. They are shown once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecoveryCodes)]
pub struct RecoveryCodesView {
    /// Each works once. Case, blanks and dashes do not matter.
    #[serde(serialize_with = "expose_all")]
    #[schema(value_type = Vec<String>, min_items = 10, max_items = 10)]
    recovery_codes: Vec<Secret<String>>,
}

impl From<RecoveryCodeList> for RecoveryCodesView {
    fn from(RecoveryCodeList(recovery_codes): RecoveryCodeList) -> Self {
        Self { recovery_codes }
    }
}

fn expose<S: Serializer>(secret: &Secret<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

fn expose_all<S: Serializer>(secrets: &[Secret<String>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(secrets.iter().map(Secret::expose))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_qr_code_is_an_image() {
        let url = "otpauth://totp/shop.example:ann%40example.com?secret=GEZDGNBVGY3TQOJQ&issuer=shop.example";
        let code = qr_code(url).unwrap();
        let data = code.expose().strip_prefix("data:image/svg+xml;base64,").unwrap();
        let image = String::from_utf8(STANDARD.decode(data).unwrap()).unwrap();
        assert!(image.contains("<svg ") && image.ends_with("</svg>"), "{image}");
        assert!(!image.contains("GEZDGNBVGY3TQOJQ"));
        assert!(qr_code(&"x".repeat(4000)).is_err());
    }
}
