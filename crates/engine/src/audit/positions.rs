//! How far the entries of each open writer are linked: sealed together with the head.

use mainstay_domain::id::AuditWriterId;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The number of the last linked entry of each writer whose record is still stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Positions(pub(super) BTreeMap<AuditWriterId, i64>);

impl Positions {
    /// Reads the output of [`bytes`](Self::bytes). Trailing bytes are ignored: the seal covers them as well.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let one = |piece: &[u8]| {
            let (id, number) = piece.split_first_chunk::<16>()?;
            let number = i64::from_be_bytes(*number.first_chunk()?);
            Some((AuditWriterId::from_uuid(Uuid::from_bytes(*id)), number))
        };
        Self(bytes.chunks_exact(24).filter_map(one).collect())
    }

    /// 24 bytes a writer, in the order of ids.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let one = |(id, number): (&AuditWriterId, &i64)| {
            let mut piece = id.uuid().as_bytes().to_vec();
            piece.extend_from_slice(&number.to_be_bytes());
            piece
        };
        self.0.iter().flat_map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let id = |byte| AuditWriterId::from_uuid(Uuid::from_bytes([byte; 16]));
        let positions = Positions([(id(3), 7), (id(1), i64::MAX)].into());
        assert_eq!(positions.bytes().len(), 48);
        assert_eq!(Positions::parse(&positions.bytes()), positions);
        assert_eq!(Positions::parse(&[]), Positions::default());
    }
}
