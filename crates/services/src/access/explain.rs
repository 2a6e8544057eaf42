//! Explains what an account may do.

use mainstay_domain::access::{self, Access, Credential, Explanation, Holder, Permission, Principal, Target};
use mainstay_domain::email::Email;
use mainstay_domain::id::{SessionId, UserId};
use mainstay_domain::user::User;
use mainstay_domain::validation::ValidationErrors;
use mainstay_domain::{Error, Result};
use mainstay_engine::{Query, QueryContext, Repositories, RowFinders, UseCase};
use uuid::Uuid;

/// The account that a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountName {
    /// By its id.
    Id(UserId),
    /// By its e-mail address.
    Email(Email),
}

/// Explains whether an account may perform an action, by the policy that decides it. In force now: for a permission
/// that ends, the answer names its end.
#[derive(Debug, Clone)]
pub struct ExplainAccess {
    /// The account.
    pub account: AccountName,
    /// The action and the resource, `cancel:order`, or a permission, `update:order`.
    pub can: String,
    /// The row, `order/ID`; `None` to ask about every row.
    pub resource: Option<String>,
}

impl UseCase for ExplainAccess {
    const NAME: &'static str = "access.explain";
    const ACCESS: Access = Access::permission(Permission::READ_ACCESS);
    type Output = Explanation;
}

impl Query for ExplainAccess {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Explanation> {
        let holder = holder(cx, &self.account).await?;
        let can = self.can.split_once(':').ok_or_else(unknown_action)?;
        let target = match &self.resource {
            None => Target::EveryRow,
            Some(resource) => target(cx, can.1, resource).await?,
        };
        access::explain(&cx.components().resources, &holder, can, target).ok_or_else(unknown_action)
    }
}

fn unknown_action() -> Error {
    let sentence = "must be ACTION:RESOURCE, such as cancel:order, or a permission";
    Error::Invalid(ValidationErrors::one("can", "UNKNOWN_ACTION", sentence))
}

async fn holder(cx: &mut QueryContext<'_>, account: &AccountName) -> Result<Holder> {
    // A caller who may ask about accounts finds all of them for that purpose.
    let scope = cx.scope_to(User::EXPLAIN);
    let id = match account {
        AccountName::Id(id) => *id,
        AccountName::Email(email) => {
            let user = cx.users().find_by_email(&scope, email).await?;
            user.ok_or(Error::NotFound)?.id
        }
    };
    let facts = cx.users().access_facts(&scope, id).await?;
    let facts = facts.ok_or(Error::NotFound)?;
    let (directory, now) = (&cx.components().directory, cx.now());
    Ok(Holder {
        principal: Principal {
            id,
            email: facts.email,
            permissions: directory.permissions(&facts.role, &facts.grants, now),
            role: facts.role.clone(),
            // The question is about the account, whatever it is signed in with.
            credential: Credential::Session(SessionId::from_uuid(Uuid::nil())),
            limited: !facts.mfa_enabled && directory.requires_factor(&facts.role),
        },
        status: facts.status,
        to_be_deleted: facts.deletion_at.is_some(),
        by_role: directory.permissions(&facts.role, &[], now),
        grants: facts.grants,
    })
}

/// The row that `NAME/ID` names, as the caller sees it: one that they may not see does not exist. The resources are those
/// that Mainstay and the application declared with their rows.
async fn target(cx: &mut QueryContext<'_>, noun: &str, resource: &str) -> Result<Target> {
    let invalid = |sentence: &str| Error::Invalid(ValidationErrors::one("resource", "FORMAT", sentence));
    let (name, id) = resource
        .split_once('/')
        .ok_or_else(|| invalid("must be RESOURCE/ID, such as order/ID"))?;
    if name != noun {
        return Err(invalid("must be of the resource that the action is about"));
    }
    let id: Uuid = id.parse().map_err(|_not_one: uuid::Error| Error::NotFound)?;
    let found = cx.extension::<RowFinders>()?.get(name);
    let find = found.ok_or_else(|| invalid("rows of this resource cannot be named; leave it out"))?;
    find(cx, id).await
}
