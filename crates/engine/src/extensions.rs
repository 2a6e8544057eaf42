//! Values that the engine carries for use cases without knowing their types.

use mainstay_domain::{Error, Result};
use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// At most one value of each type: ports of the product such as `dyn PaymentGateway`, and settings of its own. The
/// composition root inserts them; a use case finds them by their type.
#[derive(Clone, Default)]
pub struct Extensions(HashMap<TypeId, Entry>);

#[derive(Clone)]
struct Entry {
    type_name: &'static str,
    /// An `Arc<T>`, boxed once more because `T` may be unsized.
    value: Arc<dyn Any + Send + Sync>,
}

impl Extensions {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value, in place of an earlier one of the same type.
    #[must_use]
    pub fn with<T: ?Sized + Send + Sync + 'static>(mut self, value: Arc<T>) -> Self {
        let entry = Entry {
            type_name: type_name::<T>(),
            value: Arc::new(value),
        };
        self.0.insert(TypeId::of::<T>(), entry);
        self
    }

    /// The value of a type.
    ///
    /// # Errors
    /// `INTERNAL_ERROR`, which names the type, when the composition root did not insert one.
    pub fn get<T: ?Sized + Send + Sync + 'static>(&self) -> Result<&Arc<T>> {
        self.0
            .get(&TypeId::of::<T>())
            .and_then(|entry| entry.value.downcast_ref::<Arc<T>>())
            .ok_or_else(|| {
                Error::bug(format!(
                    "no extension of the type {} was inserted",
                    type_name::<T>()
                ))
            })
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.0.values().map(|entry| entry.type_name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    trait Port: Send + Sync {
        fn answer(&self) -> u32;
    }

    struct Fake(u32);

    impl Port for Fake {
        fn answer(&self) -> u32 {
            self.0
        }
    }

    #[test]
    fn a_value_is_found_by_its_type_sized_or_not() {
        let port: Arc<dyn Port> = Arc::new(Fake(1));
        let extensions = Extensions::new().with(port).with(Arc::new(Fake(2)));
        assert_eq!(extensions.get::<dyn Port>().unwrap().answer(), 1);
        assert_eq!(extensions.get::<Fake>().unwrap().answer(), 2);
        let replaced = extensions.with(Arc::new(Fake(3)));
        assert_eq!(replaced.get::<Fake>().unwrap().answer(), 3);
    }

    #[test]
    fn a_missing_value_is_a_bug_that_names_its_type() {
        let error = Extensions::new().get::<dyn Port>().err().unwrap();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("dyn ") && cause.contains("Port"), "{cause}");
    }
}
