//! Statements that differ only in their number of values.

use mainstay_platform::database::Sql;
use std::sync::OnceLock;

/// Statements of one shape in several sizes. Few sizes, so that few statements have to be prepared and cached.
pub(crate) struct SizedStatements {
    name: &'static str,
    sizes: &'static [usize],
    compose: fn(usize) -> String,
    made: OnceLock<Vec<Sql>>,
}

impl SizedStatements {
    /// `sizes` must be ascending; `compose` returns the text for a size.
    pub(crate) const fn new(
        name: &'static str,
        sizes: &'static [usize],
        compose: fn(usize) -> String,
    ) -> Self {
        Self {
            name,
            sizes,
            compose,
            made: OnceLock::new(),
        }
    }

    /// The largest size.
    pub(crate) fn most(&self) -> usize {
        self.sizes.last().copied().unwrap_or(1)
    }

    /// The smallest size that `values` values fit in, and its statement.
    pub(crate) fn fitting(&self, values: usize) -> (usize, &Sql) {
        let at = self
            .sizes
            .iter()
            .position(|size| *size >= values)
            .unwrap_or(self.sizes.len() - 1);
        (self.sizes[at], &self.made()[at])
    }

    /// Every statement, for the test that prepares them on both engines.
    pub(crate) fn all(&'static self) -> impl Iterator<Item = (&'static str, Sql)> {
        self.made().iter().map(|sql| (self.name, sql.clone()))
    }

    fn made(&self) -> &[Sql] {
        self.made.get_or_init(|| {
            self.sizes
                .iter()
                .map(|size| Sql::owned((self.compose)(*size)))
                .collect()
        })
    }
}
