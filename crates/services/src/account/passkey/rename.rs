//! Renames a passkey.

use crate::ShopRepositories;
use mainstay_domain::Result;
use mainstay_domain::access::Access;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::passkey::{Passkey, PasskeyId};
use mainstay_domain::validation::ValidationErrors;
use mainstay_engine::{Command, CommandContext, UseCase};

/// Gives a passkey of the caller another name.
#[derive(Debug, Clone)]
pub struct RenamePasskey {
    /// The passkey.
    pub id: PasskeyId,
    /// What the owner calls it, as typed.
    pub name: String,
}

impl UseCase for RenamePasskey {
    const NAME: &'static str = "passkey.rename";
    const ACCESS: Access = Access::session();
    type Output = Passkey;

    fn validate(&self) -> Result<(), ValidationErrors> {
        let mut errors = ValidationErrors::new();
        errors.take("name", Passkey::check_name(&self.name));
        errors.check()
    }
}

impl Command for RenamePasskey {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<Passkey> {
        let (before, permit) = cx.rows::<Passkey>().find_to(Passkey::RENAME, self.id).await?;
        let name = Passkey::check_name(&self.name)
            .map_err(|invalid| ValidationErrors::one("name", invalid.code, invalid.message))?;
        let after = Passkey {
            name,
            ..before.clone()
        };
        cx.passkeys().rename(&permit, &after).await?;
        cx.record(permit, DomainEvent::updated("passkey.renamed", &before, &after));
        Ok(after)
    }
}
