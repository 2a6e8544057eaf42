//! Creates an administrator from the command line.

use super::make_admin;
use crate::account::{Password, hashing};
use crate::context::{CommandContext, PrepareContext};
use crate::use_case::{Command, UseCase};
use mainstay_domain::access::Access;
use mainstay_domain::email::Email;
use mainstay_domain::name::PersonName;
use mainstay_domain::user::User;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};

/// Creates an administrator. Running commands on the server is all the permission that it needs.
#[derive(Debug, Clone)]
pub struct CreateAdmin {
    email: Email,
    password: Password,
    name: PersonName,
    hash: Option<String>,
}

impl CreateAdmin {
    /// An administrator with values that the domain has validated.
    pub fn new(email: Email, password: Password, name: PersonName) -> Self {
        Self {
            email,
            password,
            name,
            hash: None,
        }
    }
}

impl UseCase for CreateAdmin {
    const NAME: &'static str = "setup.create-admin";
    const ACCESS: Access = Access::system();
    const IDEMPOTENT: bool = false;
    type Output = User;

    fn validate(&self) -> Result<(), ValidationErrors> {
        self.password.check_new(&self.email)
    }
}

impl Command for CreateAdmin {
    async fn prepare(mut self, cx: &PrepareContext<'_>) -> Result<Self> {
        let hasher = &cx.services().parts().hasher;
        self.hash = Some(hasher.hash(self.password.text()).await.map_err(hashing)?);
        Ok(self)
    }

    async fn run(self, cx: &mut CommandContext<'_>) -> Result<User> {
        let hash = self
            .hash
            .ok_or_else(|| Error::bug("making an administrator without a hash"))?;
        make_admin(cx, self.email, self.name, &hash).await
    }
}
