//! The policy: which rows callers may see, and which actions they may perform on them. One file for all built-in
//! resources.

use super::{Action, Permission, RoleName};
use crate::audit::AuditEntry;
use crate::id::{Id, UserId};
use crate::job::Job;
use crate::key::SigningKey;
use crate::order::Order;
use crate::payment::Payment;
use crate::product::{Product, ProductStatus};
use crate::security::SecurityEvent;
use crate::session::Session;
use crate::user::User;

/// A resource with an access policy.
pub trait Resource: Send + Sync + Sized + 'static {
    /// The resource's name in the audit trail and in permissions.
    const NAME: &'static str;
    /// Which callers see its rows, and which may perform which action.
    const POLICY: Policy;
    /// The row's id.
    fn id(&self) -> Id<Self>;
    /// The account that owns the row; `None` when the resource has no owner.
    fn owner(&self) -> Option<UserId>;
    /// Whether every caller may see the row, where the policy has [`Visibility::Published`].
    fn is_published(&self) -> bool {
        false
    }
}

/// Which callers see a resource, and which may perform which action on it.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Tried in order; the first entry that matches the caller decides the scope.
    pub see: &'static [Visibility],
    /// Actions that are not listed are reserved for the system. A caller permitted to perform an action on any
    /// owner's rows finds all of them for that purpose (see [`scope_to`](super::scope_to)).
    pub acts: &'static [(Action, Rule)],
}

/// Which callers see rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Holders of a permission see all rows.
    Holder(Permission),
    /// Users see their own rows.
    Owner,
    /// Every caller sees published rows.
    Published,
}

/// Which callers may perform an action on a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Any caller, signed in or not.
    Anyone,
    /// The row's owner.
    Owner,
    /// The row's owner, or a holder of the permission.
    OwnerOr(Permission),
    /// A holder of the permission.
    Holder(Permission),
    /// A member of the role.
    Role(&'static str),
    /// Mainstay itself.
    System,
}

impl Resource for User {
    const NAME: &'static str = "user";
    const POLICY: Policy = Policy {
        see: &[Visibility::Holder(Permission::READ_USER), Visibility::Owner],
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
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        Some(self.id)
    }
}

impl Resource for Session {
    const NAME: &'static str = "session";
    const POLICY: Policy = Policy {
        see: &[Visibility::Owner],
        // A client that presents the password or the refresh token is not signed in yet: the secret is the proof.
        acts: &[
            (Action::LOGIN, Rule::Anyone),
            (Action::REFRESH, Rule::Anyone),
            (Action::LOGOUT, Rule::Owner),
        ],
    };
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        Some(self.user_id)
    }
}

impl Resource for Product {
    const NAME: &'static str = "product";
    const POLICY: Policy = Policy {
        see: &[
            Visibility::Holder(Permission::UPDATE_PRODUCT),
            Visibility::Published,
        ],
        acts: &[
            (Action::CREATE, Rule::Holder(Permission::CREATE_PRODUCT)),
            (Action::UPDATE, Rule::Holder(Permission::UPDATE_PRODUCT)),
            (Action::STOCK, Rule::Holder(Permission::UPDATE_PRODUCT)),
            (Action::DELETE, Rule::Holder(Permission::DELETE_PRODUCT)),
        ],
    };
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
    fn is_published(&self) -> bool {
        self.status == ProductStatus::Active
    }
}

impl Resource for Order {
    const NAME: &'static str = "order";
    const POLICY: Policy = Policy {
        see: &[Visibility::Holder(Permission::READ_ORDER), Visibility::Owner],
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
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        Some(self.user_id)
    }
}

impl Resource for Payment {
    const NAME: &'static str = "payment";
    const POLICY: Policy = Policy {
        see: &[Visibility::Holder(Permission::READ_ORDER), Visibility::Owner],
        acts: &[
            (Action::PAY, Rule::Owner),
            (Action::CANCEL, Rule::OwnerOr(Permission::UPDATE_ORDER)),
            (Action::SETTLE, Rule::System),
            (Action::REFUND, Rule::Holder(Permission::REFUND_ORDER)),
        ],
    };
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        Some(self.user_id)
    }
}

impl Resource for Job {
    const NAME: &'static str = "job";
    const POLICY: Policy = Policy {
        see: &[Visibility::Holder(Permission::MANAGE_JOB)],
        acts: &[
            (Action::RETRY, Rule::Holder(Permission::MANAGE_JOB)),
            (Action::CANCEL, Rule::Holder(Permission::MANAGE_JOB)),
        ],
    };
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
}

impl Resource for AuditEntry {
    const NAME: &'static str = "audit";
    const POLICY: Policy = Policy {
        see: &[Visibility::Holder(Permission::READ_AUDIT)],
        acts: &[],
    };
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
}

impl Resource for SecurityEvent {
    const NAME: &'static str = "security-event";
    const POLICY: Policy = Policy {
        see: &[Visibility::Holder(Permission::READ_AUDIT)],
        acts: &[],
    };
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
}

impl Resource for SigningKey {
    const NAME: &'static str = "signing-key";
    const POLICY: Policy = Policy { see: &[], acts: &[] };
    fn id(&self) -> Id<Self> {
        self.id
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
}
