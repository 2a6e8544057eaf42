//! User accounts.

use crate::access::{Action, Grant, Permission, Policy, Resource, RoleName, Rule, Visibility};
use crate::email::Email;
use crate::error::{Denied, Error, Result};
use crate::id::Id;
use crate::locale::Locale;
use crate::name::PersonName;
use crate::string_enum;
use crate::text;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Names a user account.
pub type UserId = Id<User>;

string_enum! {
    /// Whether an account may be used.
    pub enum UserStatus {
        /// In use.
        Active = "active",
        /// Disabled by an administrator.
        Disabled = "disabled",
        /// Created by an invitation that the user has not accepted yet; nothing signs in to it before that.
        Invited = "invited",
    }
}

/// A user account. It contains no secret: the password hash has a row and a type of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Unique, and ordered by creation time.
    pub id: UserId,
    /// The e-mail address, which is also the sign-in name.
    pub email: Email,
    /// The user's display name.
    pub name: PersonName,
    /// The role, which decides the permissions.
    pub role: RoleName,
    /// Whether the account may be used.
    pub status: UserStatus,
    /// Whether the e-mail address is confirmed.
    pub email_verified: bool,
    /// The language of the mails to the user.
    pub locale: Locale,
    /// Whether sign-in requires a second factor.
    pub mfa_enabled: bool,
    /// When the account is deleted, because its owner requested it; `None` unless they did. Until then nothing but its
    /// restoration is possible with it.
    pub deletion_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Incremented by every change; the entity tag.
    pub version: i64,
}

/// The input for creating an account.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The e-mail address.
    pub email: Email,
    /// The user's display name.
    pub name: PersonName,
    /// The role of the new account.
    pub role: RoleName,
    /// Whether it may be used at once.
    pub status: UserStatus,
    /// Whether the e-mail address is known to belong to the user.
    pub email_verified: bool,
    /// The language of the mails to the user.
    pub locale: Locale,
}

impl User {
    /// A new account.
    pub fn new(id: UserId, new: NewUser, now: Timestamp) -> Self {
        Self {
            id,
            email: new.email,
            name: new.name,
            role: new.role,
            status: new.status,
            email_verified: new.email_verified,
            locale: new.locale,
            mfa_enabled: false,
            deletion_at: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// Marks the account as changed: sets `updated_at` and increments the version.
    pub fn touched(mut self, now: Timestamp) -> Self {
        self.updated_at = now;
        self.version += 1;
        self
    }

    /// The account as it stays after its deletion, until its row is removed: disabled, and without anything that names
    /// the person. Its address is free again; in its place is one below `.invalid`, which no mail server has (RFC 6761).
    pub fn erased(mut self, now: Timestamp) -> Self {
        self.email = Email::stored(format!("{}@deleted.invalid", self.id.uuid().simple()));
        self.name = PersonName::stored("Deleted account".to_owned());
        self.role = RoleName::customer();
        self.status = UserStatus::Disabled;
        self.email_verified = false;
        self.mfa_enabled = false;
        self.deletion_at = None;
        self.touched(now)
    }

    /// The account, to be deleted at an instant.
    pub fn to_be_deleted(mut self, at: Timestamp, now: Timestamp) -> Self {
        self.deletion_at = Some(at);
        self.touched(now)
    }

    /// The account, whose owner keeps it after all.
    pub fn restored(mut self, now: Timestamp) -> Self {
        self.deletion_at = None;
        self.touched(now)
    }

    /// The text that searches match: the address and the name, folded, each on its own line.
    pub fn search_text(&self) -> String {
        let parts = [self.email.as_str(), self.name.as_str()];
        parts.map(text::folded).join("\n")
    }

    /// Checks that the account may sign in.
    ///
    /// # Errors
    /// `ACCOUNT_DISABLED`; `EMAIL_UNVERIFIED` before an invitation was accepted.
    pub fn check_usable(&self) -> Result<()> {
        match self.status {
            UserStatus::Active => Ok(()),
            UserStatus::Disabled => Err(Error::Denied(Denied::Disabled)),
            UserStatus::Invited => Err(Error::Denied(Denied::Invited)),
        }
    }

    /// The invited account after its user has accepted: in use, under a confirmed address, and with the name that the
    /// user chose, if any.
    pub fn accepted(mut self, name: Option<PersonName>, now: Timestamp) -> Self {
        self.status = UserStatus::Active;
        self.email_verified = true;
        self.name = name.unwrap_or(self.name);
        self.touched(now)
    }

    /// True for an account that can administer; at least one must always exist.
    pub fn is_active_admin(&self) -> bool {
        self.role.is_admin() && self.status == UserStatus::Active && self.deletion_at.is_none()
    }
}

/// The data of an account that decides its permissions; held in memory on every node while it is recent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessFacts {
    /// The account.
    pub user_id: UserId,
    /// The account's current e-mail address.
    pub email: Email,
    /// The account's current role.
    pub role: RoleName,
    /// Whether the account may be used.
    pub status: UserStatus,
    /// Whether the account has a second factor.
    pub mfa_enabled: bool,
    /// When the account is deleted, if its owner requested it: until then none of its credentials works.
    pub deletion_at: Option<Timestamp>,
    /// The account's own permissions; readers ignore those that have ended.
    pub grants: Vec<Grant>,
    /// The number of the last change of any of these, 0 before the first. The database counts, so that of two
    /// versions of one account's data the newer has the greater number, whatever the nodes' clocks are.
    pub change: i64,
}

#[expect(missing_docs, reason = "the names are self-explanatory")]
impl User {
    pub const REGISTER: Action = Action::new("register");
    pub const CREATE: Action = Action::new("create");
    /// Sends the link of an invitation once more.
    pub const RESEND_INVITATION: Action = Action::new("resend-invitation");
    /// Makes an invited account usable, for a client that presented the link of the invitation.
    pub const ACCEPT_INVITATION: Action = Action::new("accept-invitation");
    pub const UPDATE: Action = Action::new("update");
    pub const DELETE: Action = Action::new("delete");
    /// Has one's own account deleted, after a period in which it can be restored.
    pub const REQUEST_DELETION: Action = Action::new("request-deletion");
    /// Keeps an account that was to be deleted.
    pub const RESTORE: Action = Action::new("restore");
    /// Removes rows of accounts that were deleted a while ago.
    pub const PURGE: Action = Action::new("purge");
    pub const END_SESSIONS: Action = Action::new("end-sessions");
    pub const LOGOUT: Action = Action::new("logout");
    pub const SET_ROLE: Action = Action::new("set-role");
    pub const GRANT: Action = Action::new("grant");
    pub const REVOKE: Action = Action::new("revoke");
    /// Asks what the account may do, and why.
    pub const EXPLAIN: Action = Action::new("explain");
    /// Confirms the address of the account, for a client that read mail which was sent there.
    pub const CONFIRM_EMAIL: Action = Action::new("confirm-email");
    /// Chooses another password.
    pub const SET_PASSWORD: Action = Action::new("set-password");
    /// Sends a link to the address of the account: to confirm it, to set a password, to change it.
    pub const SEND_LINK: Action = Action::new("send-link");
    /// Revokes all API keys of the account.
    pub const REVOKE_API_KEYS: Action = Action::new("revoke-api-keys");
    /// Stores a stronger hash of the same password.
    pub const REHASH: Action = Action::new("rehash");
    /// Stores a second factor that is yet to be confirmed.
    pub const SET_UP_FACTOR: Action = Action::new("set-up-factor");
    pub const ENABLE_FACTOR: Action = Action::new("enable-factor");
    pub const DISABLE_FACTOR: Action = Action::new("disable-factor");
    /// Uses a code of a second factor.
    pub const USE_FACTOR: Action = Action::new("use-factor");
    pub const RENEW_RECOVERY_CODES: Action = Action::new("renew-recovery-codes");
    /// Removes the second factors of a user who has lost them.
    pub const RESET_FACTORS: Action = Action::new("reset-factors");
}

#[expect(missing_docs, reason = "the descriptions are the documentation")]
impl Permission {
    pub const READ_USER: Self = Self::new("read:user", "See any account");
    pub const CREATE_USER: Self = Self::new("create:user", "Invite people to accounts of their own");
    pub const UPDATE_USER: Self = Self::new(
        "update:user",
        "Change and disable accounts, end their sessions, and reset their second factors",
    );
    pub const GRANT_PERMISSION: Self = Self::new("grant:permission", "Grant and revoke permissions");
}

impl Resource for User {
    const NAME: &'static str = "user";
    const POLICY: Policy = Policy {
        visible: &[Visibility::Holder(Permission::READ_USER), Visibility::Owner],
        actions: &[
            (Self::REGISTER, Rule::Anyone),
            (Self::CREATE, Rule::Holder(Permission::CREATE_USER)),
            (Self::RESEND_INVITATION, Rule::Holder(Permission::CREATE_USER)),
            (Self::ACCEPT_INVITATION, Rule::System),
            (Self::UPDATE, Rule::OwnerOr(Permission::UPDATE_USER)),
            (Self::DELETE, Rule::Role(RoleName::ADMIN)),
            (Self::REQUEST_DELETION, Rule::Owner),
            // The client is not signed in: the token that its sign-in was answered with is the proof.
            (Self::RESTORE, Rule::System),
            (Self::PURGE, Rule::System),
            (Self::END_SESSIONS, Rule::Holder(Permission::UPDATE_USER)),
            (Self::LOGOUT, Rule::Owner),
            (Self::SET_ROLE, Rule::Role(RoleName::ADMIN)),
            (Self::GRANT, Rule::Holder(Permission::GRANT_PERMISSION)),
            (Self::REVOKE, Rule::Holder(Permission::GRANT_PERMISSION)),
            (Self::EXPLAIN, Rule::Holder(Permission::READ_ACCESS)),
            (Self::CONFIRM_EMAIL, Rule::System),
            (Self::SET_PASSWORD, Rule::Owner),
            (Self::SEND_LINK, Rule::Owner),
            (Self::REVOKE_API_KEYS, Rule::System),
            (Self::REHASH, Rule::System),
            (Self::SET_UP_FACTOR, Rule::Owner),
            (Self::ENABLE_FACTOR, Rule::Owner),
            (Self::DISABLE_FACTOR, Rule::Owner),
            (Self::USE_FACTOR, Rule::Owner),
            (Self::RENEW_RECOVERY_CODES, Rule::Owner),
            (Self::RESET_FACTORS, Rule::Holder(Permission::UPDATE_USER)),
        ],
    };
    const PERMISSIONS: &'static [Permission] = &[
        Permission::READ_USER,
        Permission::CREATE_USER,
        Permission::UPDATE_USER,
        Permission::GRANT_PERMISSION,
    ];
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        Some(self.id)
    }
}
