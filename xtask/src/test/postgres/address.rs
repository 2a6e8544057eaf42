//! The parts of a `postgres://` address that a greeting needs.

/// Where a server listens, and as whom to greet it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) database: String,
    /// Whether the address brings a password; the password itself is the tests' business.
    pub(crate) has_password: bool,
}

impl Address {
    /// Reads `postgres://user[:password]@host[:port][/database][?…]`, with the usual defaults.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let rest = url
            .strip_prefix("postgres://")
            .or_else(|| url.strip_prefix("postgresql://"))?;
        let rest = rest.split('?').next()?;
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, place) = authority.rsplit_once('@').unwrap_or(("postgres", authority));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (place, 5432),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || user.is_empty() {
            return None;
        }
        Some(Self {
            host: host.to_owned(),
            port,
            user: user.to_owned(),
            database: if database.is_empty() { user } else { database }.to_owned(),
            has_password: !password.is_empty(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_part() {
        let address = Address::parse("postgres://ann:s3cret@db.example:6000/shop?sslmode=disable").unwrap();
        assert_eq!((address.host.as_str(), address.port), ("db.example", 6000));
        assert_eq!(
            (address.user.as_str(), address.database.as_str()),
            ("ann", "shop")
        );
        assert!(address.has_password);
    }

    #[test]
    fn fills_in_what_is_usual() {
        let address = Address::parse("postgresql://localhost").unwrap();
        assert_eq!(
            (address.user.as_str(), address.database.as_str(), address.port),
            ("postgres", "postgres", 5432)
        );
        let address = Address::parse("postgres://ann@[::1]/").unwrap();
        assert_eq!(
            (address.host.as_str(), address.port, address.database.as_str()),
            ("::1", 5432, "ann")
        );
    }

    #[test]
    fn refuses_what_is_no_address() {
        for url in [
            "",
            "sqlite://a.db",
            "postgres://",
            "postgres://a@b:port/c",
            "postgres://@host",
        ] {
            assert_eq!(Address::parse(url), None, "{url}");
        }
    }
}
