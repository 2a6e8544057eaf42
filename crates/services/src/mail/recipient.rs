//! Who a mail is for.

use mainstay_domain::email::Email;
use mainstay_domain::locale::Locale;
use mainstay_domain::name::PersonName;
use mainstay_domain::user::User;
use serde::{Deserialize, Serialize};

/// Who a mail is for, and in which language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// The address.
    pub email: Email,
    /// The name in the greeting. `None` while the address is not confirmed: the client that registered it chose the
    /// name, and would write to a stranger through it.
    pub name: Option<PersonName>,
    /// The language.
    pub locale: Locale,
}

impl Recipient {
    /// Another address than the account's, in the language of the account, without its name.
    pub fn at(email: Email, user: &User) -> Self {
        Self {
            email,
            name: None,
            locale: user.locale,
        }
    }
}

impl From<&User> for Recipient {
    fn from(user: &User) -> Self {
        Self {
            email: user.email.clone(),
            name: user.email_verified.then(|| user.name.clone()),
            locale: user.locale,
        }
    }
}
