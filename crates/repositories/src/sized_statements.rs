//! Statements that differ only in their number of values.

use mainstay_platform::database::Sql;
use std::sync::OnceLock;

/// Statements of one kind and shape in several sizes. Few sizes, so that few statements have to be prepared and cached.
pub(crate) struct SizedStatements<S> {
    name: &'static str,
    sizes: &'static [usize],
    compose: fn(usize) -> String,
    declare: fn(Sql) -> S,
    made: OnceLock<Vec<S>>,
}

impl<S> SizedStatements<S> {
    /// `sizes` must be ascending; `compose` returns the text for a size, and `declare` makes a statement of it.
    pub(crate) const fn new(
        name: &'static str,
        sizes: &'static [usize],
        compose: fn(usize) -> String,
        declare: fn(Sql) -> S,
    ) -> Self {
        Self {
            name,
            sizes,
            compose,
            declare,
            made: OnceLock::new(),
        }
    }

    /// The largest size.
    pub(crate) fn most(&self) -> usize {
        self.sizes.last().copied().unwrap_or(1)
    }

    /// The smallest size that `values` values fit in, and its statement.
    pub(crate) fn fitting(&self, values: usize) -> (usize, &S) {
        let at = self
            .sizes
            .iter()
            .position(|size| *size >= values)
            .unwrap_or(self.sizes.len() - 1);
        (self.sizes[at], &self.made()[at])
    }

    /// Every statement, for the test that prepares them on both engines.
    pub(crate) fn all(&'static self) -> impl Iterator<Item = (&'static str, &'static S)> {
        self.made().iter().map(|statement| (self.name, statement))
    }

    fn made(&self) -> &[S] {
        self.made.get_or_init(|| {
            self.sizes
                .iter()
                .map(|size| (self.declare)(Sql::owned((self.compose)(*size))))
                .collect()
        })
    }
}
