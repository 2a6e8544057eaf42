//! Creates an administrator from the command line.

use super::administrator::make_admin;
use crate::account::Password;
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::email::Email;
use mainstay_domain::name::PersonName;
use mainstay_domain::user::User;
use mainstay_domain::validation::ValidationErrors;
use mainstay_engine::{CommandContext, PrepareContext, PreparedCommand, UseCase};

/// Creates an administrator. Running commands on the server is all the permission that it needs.
#[derive(Debug, Clone)]
pub struct CreateAdmin {
    email: Email,
    password: Password,
    name: PersonName,
}

impl CreateAdmin {
    /// An administrator with values that the domain has validated.
    pub fn new(email: Email, password: Password, name: PersonName) -> Self {
        Self {
            email,
            password,
            name,
        }
    }
}

impl UseCase for CreateAdmin {
    const NAME: &'static str = "setup.create-admin";
    const ACCESS: Access = Access::system();
    const IDEMPOTENT: bool = false;
    type Output = User;

    fn validate(&self) -> Result<(), ValidationErrors> {
        self.password.check_new(&self.email, &self.name)
    }
}

impl PreparedCommand for CreateAdmin {
    /// The hash of the password.
    type Prepared = String;

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<String> {
        self.password.hash_new(cx).await
    }

    async fn run(self, hash: String, cx: &mut CommandContext<'_>) -> Result<User> {
        make_admin(cx, self.email, self.name, &hash).await
    }
}
