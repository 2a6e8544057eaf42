//! Ordinary use cases over the rows of a table: a declaration is all that they need.

use super::{Command, Query, UseCase};
use crate::context::{CommandContext, QueryContext};
use mainstay_domain::access::{Access, Action, Resource};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::Id;
use mainstay_domain::page::{Page, PageRequest};
use mainstay_domain::validation::{Invalid, ValidationErrors};
use mainstay_domain::{Error, Result};
use mainstay_repositories::{FilterKind, FilterValue, RowQuery, Table};
use serde::Serialize;
use std::marker::PhantomData;
use uuid::Uuid;

/// A table whose rows callers list by the use case [`List`], `review.list`.
pub trait Listed: Table + Serialize + Clone {
    /// Which callers may list. They see the rows that the policy shows them.
    const LIST_ACCESS: Access;
}

/// Lists the rows of a table that the caller may see, with the sorts and filters that the table declares.
#[derive(Debug, Clone)]
pub struct List<T> {
    query: RowQuery<T>,
    page: PageRequest,
}

impl<T: Listed> List<T> {
    /// Reads the parameters of a request by their names in lower camel case: `sort`, with `-` before a name for
    /// descending order, and those of the filters. `errors` are those of the page, which is then `None`.
    ///
    /// # Errors
    /// These, and every parameter that is not declared, or has an invalid value.
    pub fn parse<'p>(
        parameters: impl Iterator<Item = (&'p str, &'p str)>,
        page: Option<PageRequest>,
        mut errors: ValidationErrors,
    ) -> Result<Self, ValidationErrors> {
        let mut query = RowQuery::new();
        for (name, text) in parameters {
            let read = match name {
                "sort" => sorted(query.clone(), text),
                _ => filtered(query.clone(), name, text),
            };
            match read {
                Ok(read) => query = read,
                Err(invalid) => errors.add(name, invalid.code, invalid.message),
            }
        }
        errors.finish(page.map(|page| Self { query, page }))
    }
}

/// The name of a column in requests and answers: `product_id` is `productId`.
pub fn parameter_name(column: &str) -> String {
    let mut words = column.split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        name.extend(word.chars().take(1).map(|first| first.to_ascii_uppercase()));
        name.push_str(word.get(1..).unwrap_or_default());
    }
    name
}

fn sorted<T: Table>(query: RowQuery<T>, text: &str) -> Result<RowQuery<T>, Invalid> {
    let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
    let sort = T::SORTS.iter().find(|sort| parameter_name(sort.name()) == name);
    let names = || T::SORTS.iter().map(|sort| parameter_name(sort.name()));
    let refusal = || {
        let names = names().collect::<Vec<_>>().join(", ");
        Invalid::new(
            "FORMAT",
            format!("must be one of {names}, perhaps with - before it"),
        )
    };
    let sort = sort.ok_or_else(refusal)?;
    query
        .sort_by(sort.name(), descending)
        .map_err(|_undeclared| refusal())
}

fn filtered<T: Table>(query: RowQuery<T>, name: &str, text: &str) -> Result<RowQuery<T>, Invalid> {
    let filter = T::FILTERS
        .iter()
        .find(|filter| parameter_name(filter.name()) == name)
        .ok_or_else(|| Invalid::new("UNKNOWN_FIELD", "is not known here"))?;
    let (value, form) = match filter.kind() {
        FilterKind::Id => (text.parse::<Uuid>().ok().map(FilterValue::Id), "a UUID"),
        FilterKind::Text => (Some(FilterValue::Text(text.to_owned())), "a text"),
        FilterKind::Number => (text.parse().ok().map(FilterValue::Number), "a whole number"),
        FilterKind::Boolean => (text.parse().ok().map(FilterValue::Boolean), "true or false"),
    };
    let refusal = || Invalid::new("FORMAT", format!("must be {form}"));
    let value = value.ok_or_else(refusal)?;
    query
        .filter(filter.name(), value)
        .map_err(|_undeclared| refusal())
}

impl<T: Listed> UseCase for List<T> {
    const NAME: &'static str = Named::<T>::LIST;
    const ACCESS: Access = T::LIST_ACCESS;
    type Output = Page<T>;
}

impl<T: Listed> Query for List<T> {
    async fn run(self, cx: &mut QueryContext<'_>) -> Result<Page<T>> {
        cx.rows().list(&self.query, &self.page).await
    }
}

/// A table whose rows callers remove by the use case [`Remove`], `review.remove`. It records `review.removed`.
pub trait Removable: Table + Serialize {
    /// The action that the caller's permit is for; one of the table's `DELETE`.
    const REMOVE: Action;
}

/// Removes a row that the caller may see, where the policy permits the action.
#[derive(Debug)]
pub struct Remove<T> {
    id: Id<T>,
    table: PhantomData<fn() -> T>,
}

impl<T> Remove<T> {
    /// Removes the row of this id.
    pub fn new(id: Id<T>) -> Self {
        Self {
            id,
            table: PhantomData,
        }
    }
}

impl<T> Clone for Remove<T> {
    fn clone(&self) -> Self {
        Self::new(self.id)
    }
}

impl<T: Removable> UseCase for Remove<T> {
    const NAME: &'static str = Named::<T>::REMOVE;
    const ACCESS: Access = Access::signed_in();
    type Output = ();
}

impl<T: Removable> Command for Remove<T> {
    async fn run(self, cx: &mut CommandContext<'_>) -> Result<()> {
        let row = cx.rows::<T>().find(self.id).await?;
        let permit = cx.rows().delete(T::REMOVE, &row).await?;
        cx.record(permit, DomainEvent::deleted(Named::<T>::REMOVED, &row));
        Ok(())
    }
}

/// The names that follow from that of a resource.
struct Named<T>(PhantomData<T>);

impl<T: Resource> Named<T> {
    const LIST: &'static str = text(&Self::LIST_BYTES);
    const LIST_BYTES: [u8; MAX_NAME] = joined(T::NAME, ".list");
    const REMOVE: &'static str = text(&Self::REMOVE_BYTES);
    const REMOVE_BYTES: [u8; MAX_NAME] = joined(T::NAME, ".remove");
    const REMOVED: &'static str = text(&Self::REMOVED_BYTES);
    const REMOVED_BYTES: [u8; MAX_NAME] = joined(T::NAME, ".removed");
}

/// The longest name in bytes; a longer one does not compile.
const MAX_NAME: usize = 64;

/// Two texts, followed by zeros.
const fn joined(first: &str, second: &str) -> [u8; MAX_NAME] {
    let (first, second) = (first.as_bytes(), second.as_bytes());
    let mut all = [0; MAX_NAME];
    let mut at = 0;
    while at < first.len() + second.len() {
        all[at] = if at < first.len() {
            first[at]
        } else {
            second[at - first.len()]
        };
        at += 1;
    }
    all
}

/// The text before the zeros.
const fn text(bytes: &'static [u8; MAX_NAME]) -> &'static str {
    let mut end = 0;
    while end < MAX_NAME && bytes[end] != 0 {
        end += 1;
    }
    match str::from_utf8(bytes.split_at(end).0) {
        Ok(text) => text,
        Err(_) => panic!("two texts of UTF-8 make one"),
    }
}

impl CommandContext<'_> {
    /// The signed-in user of a use case whose access requires one.
    ///
    /// # Errors
    /// `UNAUTHORIZED` for an anonymous caller, and for Mainstay itself.
    pub fn user(&self) -> Result<mainstay_domain::id::UserId> {
        let missing = mainstay_domain::error::Unauthenticated::Missing;
        self.caller().user_id().ok_or(Error::Unauthenticated(missing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::access::{Policy, Visibility};
    use mainstay_domain::id::UserId;
    use mainstay_repositories::{Filter, Sort, record};

    #[derive(Debug, Clone, Serialize)]
    struct Note {
        id: Id<Note>,
        user_id: UserId,
        stars: i64,
    }

    impl Resource for Note {
        const NAME: &'static str = "note";
        const POLICY: Policy = Policy {
            visible: &[Visibility::Owner],
            actions: &[],
        };
        fn id(&self) -> Id<Self> {
            self.id
        }
        fn owner(&self) -> Option<UserId> {
            Some(self.user_id)
        }
    }

    record! { Note { id, user_id, stars } }

    impl Table for Note {
        const TABLE: &'static str = "notes";
        const OWNER: Option<&'static str> = Some("user_id");
        const SORTS: &'static [Sort] = &[Sort::newest("id"), Sort::number("stars")];
        const FILTERS: &'static [Filter] = &[Filter::id("user_id"), Filter::number("stars")];
    }

    impl Listed for Note {
        const LIST_ACCESS: Access = Access::signed_in();
    }

    impl Removable for Note {
        const REMOVE: Action = Action::new("remove");
    }

    #[test]
    fn names_follow_from_the_name_of_the_resource() {
        assert_eq!(List::<Note>::NAME, "note.list");
        assert_eq!(Remove::<Note>::NAME, "note.remove");
        assert_eq!(Named::<Note>::REMOVED, "note.removed");
        assert_eq!(
            ["product_id", "stars", "created_at"].map(parameter_name),
            ["productId", "stars", "createdAt"]
        );
    }

    #[test]
    fn a_list_takes_what_its_table_declares_and_nothing_else() {
        let parse = |parameters: &[(&str, &str)]| {
            let page = PageRequest::From {
                cursor: None,
                limit: 10,
            };
            let parameters = parameters.iter().copied();
            List::<Note>::parse(parameters, Some(page), ValidationErrors::new()).map(drop)
        };
        let id = "0198c0de-0000-7000-8000-000000000001";
        assert_eq!(
            parse(&[("sort", "-stars"), ("userId", id), ("stars", "5")]),
            Ok(())
        );
        for (name, text, code) in [
            ("sort", "text", "FORMAT"),
            ("userId", "me", "FORMAT"),
            ("stars", "many", "FORMAT"),
            ("user_id", id, "UNKNOWN_FIELD"),
            ("q", "tea", "UNKNOWN_FIELD"),
        ] {
            let errors = parse(&[(name, text)]).expect_err("it is refused");
            let found: Vec<_> = errors
                .list()
                .iter()
                .map(|error| (error.path.as_str(), &*error.code))
                .collect();
            assert_eq!(found, [(name, code)]);
        }
    }
}
