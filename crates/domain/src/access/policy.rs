//! The policy: who sees which rows, who does what to them. One page for all nouns of our own.

use super::{Action, Permission, RoleName};
use crate::audit::AuditEntry;
use crate::id::{
    AuditId, Id, JobId, KeyId, OrderId, PaymentId, ProductId, SecurityEventId, SessionId, UserId,
};
use crate::job::Job;
use crate::key::SigningKey;
use crate::order::Order;
use crate::payment::Payment;
use crate::product::{Product, ProductStatus};
use crate::security::SecurityEvent;
use crate::session::Session;
use crate::user::User;

/// A noun with a policy.
pub trait Guarded: Send + Sync + 'static {
    /// Its name in the audit trail and in permissions.
    const NOUN: &'static str;
    /// Who sees it, who does what.
    const POLICY: Policy;
    /// What names a row of it.
    type Id: Id;
    /// The row's name.
    fn id(&self) -> Self::Id;
    /// Whose it is, if anybody's.
    fn owner(&self) -> Option<UserId>;
    /// Whether everybody may see it, where the policy shows what is published.
    fn is_published(&self) -> bool {
        false
    }
}

/// Who sees a noun and who does what to it.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Tried in order; the first that fits is the scope.
    pub see: &'static [See],
    /// What is not listed, only the system may do. Whoever may do it to anybody's rows finds them all for that.
    pub acts: &'static [(Action, Rule)],
}

/// Who sees rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum See {
    /// Holders of a permission see all rows.
    Holder(Permission),
    /// People see their own rows.
    Owner,
    /// Everybody sees what is published.
    Published,
}

/// Who may do something to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Everybody, signed in or not.
    Anyone,
    /// Its owner.
    Owner,
    /// Its owner, or a holder of the permission.
    OwnerOr(Permission),
    /// A holder of the permission.
    Holder(Permission),
    /// A member of the role.
    Role(&'static str),
    /// Mainstay itself.
    System,
}

impl Guarded for User {
    const NOUN: &'static str = "user";
    const POLICY: Policy = Policy {
        see: &[See::Holder(Permission::READ_USER), See::Owner],
        acts: &[
            (Action::REGISTER, Rule::Anyone),
            (Action::CREATE, Rule::Holder(Permission::CREATE_USER)),
            (Action::UPDATE, Rule::OwnerOr(Permission::UPDATE_USER)),
            (Action::DELETE, Rule::Role(RoleName::ADMIN)),
            (Action::LOGOUT, Rule::Owner),
            (Action::SET_ROLE, Rule::Role(RoleName::ADMIN)),
            (Action::GRANT, Rule::Holder(Permission::GRANT_PERMISSION)),
            (Action::REVOKE, Rule::Holder(Permission::GRANT_PERMISSION)),
        ],
    };
    type Id = UserId;
    fn id(&self) -> UserId {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        Some(self.id)
    }
}

impl Guarded for Session {
    const NOUN: &'static str = "session";
    const POLICY: Policy = Policy {
        see: &[See::Owner],
        // Whoever shows the password or the refresh token is not signed in yet: the secret is the proof.
        acts: &[
            (Action::LOGIN, Rule::Anyone),
            (Action::REFRESH, Rule::Anyone),
            (Action::LOGOUT, Rule::Owner),
        ],
    };
    type Id = SessionId;
    fn id(&self) -> SessionId {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        Some(self.user_id)
    }
}

impl Guarded for Product {
    const NOUN: &'static str = "product";
    const POLICY: Policy = Policy {
        see: &[See::Holder(Permission::UPDATE_PRODUCT), See::Published],
        acts: &[
            (Action::CREATE, Rule::Holder(Permission::CREATE_PRODUCT)),
            (Action::UPDATE, Rule::Holder(Permission::UPDATE_PRODUCT)),
            (Action::STOCK, Rule::Holder(Permission::UPDATE_PRODUCT)),
            (Action::DELETE, Rule::Holder(Permission::DELETE_PRODUCT)),
        ],
    };
    type Id = ProductId;
    fn id(&self) -> ProductId {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
    fn is_published(&self) -> bool {
        self.status == ProductStatus::Active
    }
}

impl Guarded for Order {
    const NOUN: &'static str = "order";
    const POLICY: Policy = Policy {
        see: &[See::Holder(Permission::READ_ORDER), See::Owner],
        acts: &[
            (Action::PLACE, Rule::Owner),
            (Action::PAY, Rule::Owner),
            (Action::CANCEL, Rule::OwnerOr(Permission::UPDATE_ORDER)),
            (Action::FULFIL, Rule::Holder(Permission::UPDATE_ORDER)),
            (Action::SHIP, Rule::Holder(Permission::UPDATE_ORDER)),
            (Action::DELIVER, Rule::Holder(Permission::UPDATE_ORDER)),
            (Action::REFUND, Rule::Holder(Permission::REFUND_ORDER)),
            (Action::EXPIRE, Rule::System),
            (Action::SETTLE, Rule::System),
        ],
    };
    type Id = OrderId;
    fn id(&self) -> OrderId {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        Some(self.user_id)
    }
}

impl Guarded for Payment {
    const NOUN: &'static str = "payment";
    const POLICY: Policy = Policy {
        see: &[See::Holder(Permission::READ_ORDER), See::Owner],
        acts: &[
            (Action::PAY, Rule::Owner),
            (Action::CANCEL, Rule::OwnerOr(Permission::UPDATE_ORDER)),
            (Action::SETTLE, Rule::System),
            (Action::REFUND, Rule::Holder(Permission::REFUND_ORDER)),
        ],
    };
    type Id = PaymentId;
    fn id(&self) -> PaymentId {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        Some(self.user_id)
    }
}

impl Guarded for Job {
    const NOUN: &'static str = "job";
    const POLICY: Policy = Policy {
        see: &[See::Holder(Permission::MANAGE_JOB)],
        acts: &[
            (Action::RETRY, Rule::Holder(Permission::MANAGE_JOB)),
            (Action::CANCEL, Rule::Holder(Permission::MANAGE_JOB)),
        ],
    };
    type Id = JobId;
    fn id(&self) -> JobId {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
}

impl Guarded for AuditEntry {
    const NOUN: &'static str = "audit";
    const POLICY: Policy = Policy {
        see: &[See::Holder(Permission::READ_AUDIT)],
        acts: &[],
    };
    type Id = AuditId;
    fn id(&self) -> AuditId {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
}

impl Guarded for SecurityEvent {
    const NOUN: &'static str = "security-event";
    const POLICY: Policy = Policy {
        see: &[See::Holder(Permission::READ_AUDIT)],
        acts: &[],
    };
    type Id = SecurityEventId;
    fn id(&self) -> SecurityEventId {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
}

impl Guarded for SigningKey {
    const NOUN: &'static str = "signing-key";
    const POLICY: Policy = Policy { see: &[], acts: &[] };
    type Id = KeyId;
    fn id(&self) -> KeyId {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
}
