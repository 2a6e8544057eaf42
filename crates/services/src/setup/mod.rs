//! The first start: the first administrator, and demo data.

mod claim;
mod create_admin;
mod demo;
mod link;

pub use claim::ClaimSetup;
pub use create_admin::CreateAdmin;
pub use link::OpenSetup;

use crate::work::{Repositories, Work};
use mainstay_domain::Result;
use mainstay_domain::access::{Action, RoleName, SystemCaller};
use mainstay_domain::email::Email;
use mainstay_domain::event::Story;
use mainstay_domain::name::PersonName;
use mainstay_domain::user::{NewUser, User, UserStatus};

/// The purpose that the tokens of the one-time link are stored under.
const PURPOSE: &str = "setup";

/// Creates an administrator's account.
async fn make_admin(work: &mut Work<'_>, email: Email, name: PersonName, hash: &str) -> Result<User> {
    let new = NewUser {
        email,
        name,
        role: RoleName::admin(),
        status: UserStatus::Active,
        email_verified: true,
    };
    let (now, user) = (work.now(), User::new(work.make_id(), new, work.now()));
    let permit = work.permit_of(SystemCaller::SETUP, Action::CREATE, &user)?;
    work.users().insert(&permit, &user).await?;
    work.credentials().set(&permit, &user, hash, now).await?;
    work.record(permit, Story::created("user.admin-created", &user));
    Ok(user)
}
