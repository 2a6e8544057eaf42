//! The parts of a `postgres://` address that the connection check needs.

/// Address and user of a server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) database: String,
    /// Whether the address contains a password; only the tests use the password itself.
    pub(crate) has_password: bool,
}

impl Address {
    /// Parses `postgres://user[:password]@host[:port][/database][?…]`, with the usual defaults.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let rest = url
            .strip_prefix("postgres://")
            .or_else(|| url.strip_prefix("postgresql://"))?;
        let rest = rest.split('?').next()?;
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, host_and_port) = authority.rsplit_once('@').unwrap_or(("postgres", authority));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (host, port) = match host_and_port.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (host_and_port, 5432),
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
    fn parses_every_part() {
        let address = Address::parse("postgres://ann:s3cret@db.example:6000/shop?sslmode=disable").unwrap();
        assert_eq!((address.host.as_str(), address.port), ("db.example", 6000));
        assert_eq!(
            (address.user.as_str(), address.database.as_str()),
            ("ann", "shop")
        );
        assert!(address.has_password);
    }

    #[test]
    fn fills_in_defaults() {
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
    fn rejects_invalid_addresses() {
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
