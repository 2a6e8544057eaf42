//! Roles, as administrators manage them at run time.

mod create;
mod delete;
mod list;
mod read;
mod update;

pub use create::CreateRole;
pub use delete::DeleteRole;
pub use list::ListRoles;
pub use read::ReadRole;
pub use update::UpdateRole;

use mainstay_domain::Result;
use mainstay_domain::access::Permission;
use mainstay_domain::role::Role;
use mainstay_domain::validation::ValidationErrors;
use mainstay_engine::access::AccessChange;
use mainstay_engine::{CommandContext, Components, Repositories};
use std::collections::BTreeSet;

/// Checks names that a client sent: each must be a permission that there is.
///
/// # Errors
/// `UNKNOWN_PERMISSION` at each `permissions[i]` that is none.
fn declared(components: &Components, names: Vec<String>) -> Result<BTreeSet<String>> {
    let mut errors = ValidationErrors::new();
    for (at, name) in names.iter().enumerate() {
        if !components.knows_permission(name) {
            let path = format!("permissions[{at}]");
            errors.add(path, "UNKNOWN_PERMISSION", "there is no such permission");
        }
    }
    errors.check()?;
    Ok(names.into_iter().collect())
}

/// The role as clients see it: of the administrator's role, which stores none, with every permission that there is.
fn shown(permissions: &[Permission], mut role: Role) -> Role {
    if role.name.is_admin() {
        let all = permissions
            .iter()
            .map(|permission| permission.as_str().to_owned());
        role.permissions = all.collect();
    }
    role
}

/// Hands the roles, as they are in this transaction, to the access directory: the change is in force on this node
/// before the caller has the answer.
async fn roles_changed(cx: &mut CommandContext<'_>) -> Result<()> {
    let change = cx.access_changes().current().await?;
    let roles = cx.roles().all().await?;
    cx.access_changed(AccessChange::Roles(roles, change));
    Ok(())
}
