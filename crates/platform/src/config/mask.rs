//! Masking: how much of a value may be printed.

/// How much of a setting's value may be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    /// All of it.
    Plain,
    /// A URL: all but the password in it.
    Url,
    /// Only that a value is set.
    Nothing,
}

impl Show {
    /// The value as it may be printed; an unset one stays empty.
    pub(super) fn apply(self, value: &str) -> String {
        match self {
            _ if value.is_empty() => String::new(),
            Self::Plain => value.to_owned(),
            Self::Url => url(value),
            Self::Nothing => "***".to_owned(),
        }
    }
}

/// Masks the password of a URL, whether it is before the host or among the parameters.
///
/// It must also be right for text that is no URL, because errors print such text: the user information ends at the
/// last `@`, not where a correct URL would end it, and text without a scheme is not printed.
fn url(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return "***".to_owned();
    };
    let (user, address) = match rest.rsplit_once('@') {
        Some((user, address)) => {
            let name = user.split(':').next().unwrap_or_default();
            let masked = if user.len() > name.len() { ":***@" } else { "@" };
            (format!("{name}{masked}"), address)
        }
        None => (String::new(), rest),
    };
    let address = match address.split_once('?') {
        Some((address, parameters)) => {
            let shown: Vec<String> = parameters.split('&').map(parameter).collect();
            format!("{address}?{}", shown.join("&"))
        }
        None => address.to_owned(),
    };
    format!("{scheme}://{user}{address}")
}

/// Only parameters that are known to be harmless are printed.
fn parameter(text: &str) -> String {
    const HARMLESS: [&str; 7] = [
        "sslmode",
        "sslrootcert",
        "application_name",
        "connect_timeout",
        "host",
        "port",
        "tls",
    ];
    match text.split_once('=') {
        Some((name, _)) if !HARMLESS.contains(&name) => format!("{name}=***"),
        Some(_) => text.to_owned(),
        None => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn passwords_are_masked_and_the_rest_stays_useful() {
        for (value, shown) in [
            (
                "postgres://user:hunter2@host:5432/db",
                "postgres://user:***@host:5432/db",
            ),
            ("postgres://user@host/db", "postgres://user@host/db"),
            ("postgres://user:a@b/c:d@host/db", "postgres://user:***@host/db"),
            (
                "postgres://host/db?user=me&password=hunter2&sslmode=require",
                "postgres://host/db?user=***&password=***&sslmode=require",
            ),
            ("sqlite://data/mainstay.db", "sqlite://data/mainstay.db"),
            (
                "smtps://me:hunter2@mail.example:465",
                "smtps://me:***@mail.example:465",
            ),
            ("user:hunter2@host", "***"),
            ("host=db password=hunter2", "***"),
            ("", ""),
        ] {
            assert_eq!(Show::Url.apply(value), shown);
        }
        assert_eq!(Show::Nothing.apply("hunter2"), "***");
        assert_eq!(Show::Nothing.apply(""), "");
    }

    proptest! {
        /// A password before the host is never printed, whatever text surrounds it.
        #[test]
        fn no_password_survives(user in "[a-z]{0,5}", before in "[^Q]{0,8}", after in "[^Q@]{0,8}") {
            let text = format!("postgres://{user}:{before}QQSECRETQQ@{after}");
            prop_assert!(!Show::Url.apply(&text).contains("SECRET"));
        }
    }
}
