//! All resources together: the permissions that exist, and the whole policy on one page.

use super::{Permission, Policy, Resource};
use std::any::type_name;
use std::collections::BTreeSet;
use std::fmt;

/// The policies and permissions of a number of resources, in the order in which they were added.
#[derive(Debug, Clone)]
pub struct Resources {
    resources: Vec<Declared>,
    general: Vec<Permission>,
}

/// What one resource declares.
#[derive(Debug, Clone)]
struct Declared {
    name: &'static str,
    type_name: &'static str,
    policy: Policy,
    permissions: &'static [Permission],
}

/// The declarations contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Two resources have the same name.
    #[error("there are two resources {0}")]
    Resource(&'static str),
    /// A permission is declared twice.
    #[error("the permission {0} is declared twice")]
    Permission(Permission),
    /// A policy names a permission that no resource declares, so that no administrator can grant it.
    #[error("the policy of {resource} names {permission}, which no resource declares")]
    Undeclared {
        /// The resource whose policy it is.
        resource: &'static str,
        /// The permission that it names.
        permission: Permission,
    },
}

impl Default for Resources {
    fn default() -> Self {
        Self::new()
    }
}

impl Resources {
    /// No resource; only the permissions that belong to none.
    pub fn new() -> Self {
        Self {
            resources: Vec::new(),
            general: Permission::GENERAL.to_vec(),
        }
    }

    /// Adds a resource. A policy that lists an action twice does not compile.
    #[must_use]
    pub fn with<T: Resource>(mut self) -> Self {
        const {
            assert!(
                T::POLICY.lists_each_action_once(),
                "a policy lists an action twice"
            );
        }
        self.resources.push(Declared {
            name: T::NAME,
            type_name: type_name::<T>(),
            policy: T::POLICY,
            permissions: T::PERMISSIONS,
        });
        self
    }

    /// Adds a permission that belongs to no resource.
    #[must_use]
    pub fn with_permission(mut self, permission: Permission) -> Self {
        self.general.push(permission);
        self
    }

    /// Every permission that can be granted.
    pub fn permissions(&self) -> Vec<Permission> {
        let of_resources = self.resources.iter().flat_map(|declared| declared.permissions);
        of_resources.chain(&self.general).copied().collect()
    }

    /// The name and the type of each resource.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.resources
            .iter()
            .map(|declared| (declared.name, declared.type_name))
    }

    /// The policy of the resource of this name.
    pub fn policy(&self, name: &str) -> Option<&Policy> {
        let declared = self.resources.iter().find(|declared| declared.name == name);
        declared.map(|declared| &declared.policy)
    }

    /// The name of each permission, and the type of the resource that declares it.
    pub fn permission_names(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        let of_resources = self.resources.iter().flat_map(|declared| {
            let permissions = declared.permissions.iter();
            permissions.map(|permission| (permission.as_str(), declared.type_name))
        });
        let general = self.general.iter();
        of_resources.chain(general.map(|permission| (permission.as_str(), "no resource")))
    }

    /// Checks that names are unique and that policies name only declared permissions.
    ///
    /// # Errors
    /// The first contradiction.
    pub fn check(&self) -> Result<(), PolicyError> {
        let mut names = BTreeSet::new();
        if let Some(twice) = self.resources.iter().find(|one| !names.insert(one.name)) {
            return Err(PolicyError::Resource(twice.name));
        }
        let mut known = BTreeSet::new();
        for permission in self.permissions() {
            if !known.insert(permission.as_str()) {
                return Err(PolicyError::Permission(permission));
            }
        }
        for Declared { name, policy, .. } in &self.resources {
            let undeclared = policy.permissions().find(|one| !known.contains(one.as_str()));
            if let Some(permission) = undeclared {
                return Err(PolicyError::Undeclared {
                    resource: name,
                    permission,
                });
            }
        }
        Ok(())
    }
}

/// The whole policy on one page: `contracts/policy.txt`.
impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for declared in &self.resources {
            writeln!(f, "{}", declared.name)?;
            for visible in declared.policy.visible {
                writeln!(f, "    visible     {visible}")?;
            }
            for (action, rule) in declared.policy.actions {
                writeln!(f, "    action      {:<18}{rule}", action.as_str())?;
            }
            write_permissions(f, declared.permissions)?;
            writeln!(f)?;
        }
        writeln!(f, "(no resource)")?;
        write_permissions(f, &self.general)
    }
}

fn write_permissions(f: &mut fmt::Formatter<'_>, permissions: &[Permission]) -> fmt::Result {
    for permission in permissions {
        let (name, description) = (permission.as_str(), permission.description());
        writeln!(f, "    permission  {name:<18}{description}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Action, Rule, Visibility};
    use crate::id::{Id, UserId};
    use crate::resources::built_in;

    struct Review;

    const REMOVE_REVIEW: Permission = Permission::new("remove:review", "Remove reviews");

    impl Resource for Review {
        const NAME: &'static str = "review";
        const POLICY: Policy = Policy {
            visible: &[Visibility::Published],
            actions: &[(Action::new("remove"), Rule::OwnerOr(REMOVE_REVIEW))],
        };
        fn id(&self) -> Id<Self> {
            Id::from_uuid(uuid::Uuid::nil())
        }
        fn owner(&self) -> Option<UserId> {
            None
        }
    }

    #[test]
    fn the_built_in_declarations_agree() {
        assert_eq!(built_in().check(), Ok(()));
    }

    #[test]
    fn contradictions_are_found() {
        let undeclared = PolicyError::Undeclared {
            resource: "review",
            permission: REMOVE_REVIEW,
        };
        let with_review = built_in().with::<Review>();
        assert_eq!(with_review.check(), Err(undeclared));
        let declared = with_review.with_permission(REMOVE_REVIEW);
        assert_eq!(declared.check(), Ok(()));
        assert_eq!(
            declared.clone().with_permission(REMOVE_REVIEW).check(),
            Err(PolicyError::Permission(REMOVE_REVIEW))
        );
        assert_eq!(
            declared.with::<Review>().check(),
            Err(PolicyError::Resource("review"))
        );
    }

    #[test]
    fn a_repeated_action_is_recognised() {
        const ONCE: Policy = Policy {
            visible: &[],
            actions: &[(Action::new("a"), Rule::Owner), (Action::new("ab"), Rule::Owner)],
        };
        const TWICE: Policy = Policy {
            visible: &[],
            actions: &[
                (Action::new("a"), Rule::Owner),
                (Action::new("b"), Rule::Owner),
                (Action::new("a"), Rule::System),
            ],
        };
        assert!(ONCE.lists_each_action_once() && !TWICE.lists_each_action_once());
    }
}
