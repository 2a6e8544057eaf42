//! Entry points of the fuzz targets (`fuzz/`); compiled for them alone.

use super::phc::Stored;

/// Whether the text is a password hash that would be computed.
pub fn is_password_hash(text: &str) -> bool {
    Stored::parse(text).is_some()
}
