//! Macros that declare statements and repositories. Each list of statements is there for the tests that prepare every
//! statement on both engines and ask them what it writes.

/// Declares the reading statements of a file, and lists them as `ALL`. `"text"` is one text for both engines;
/// `postgres "text", sqlite "text"` is for [`dialect`](crate::dialect) only.
macro_rules! statements {
    ($($(#[$meta:meta])* $name:ident = $text:expr;)+) => {
        $($(#[$meta])* pub(crate) static $name: mainstay_platform::database::Select =
            mainstay_platform::database::Select::new(mainstay_platform::sql!($text));)+
        statements!(@list $($name)+);
    };
    ($($(#[$meta:meta])* $name:ident = postgres $postgres:expr, sqlite $sqlite:expr;)+) => {
        $($(#[$meta])* pub(crate) static $name: mainstay_platform::database::Select =
            mainstay_platform::database::Select::new(two_texts!($postgres, $sqlite));)+
        statements!(@list $($name)+);
    };
    (@list $($name:ident)+) => {
        pub(crate) static ALL: &[(&str, &mainstay_platform::database::Select)] =
            &[$((concat!(module_path!(), "::", stringify!($name)), &$name)),+];
    };
}

/// Declares the statements of a file that change rows of a resource, with the table that each writes and the actions
/// that it serves, and lists them as `CHANGES`.
macro_rules! changes {
    ($($(#[$meta:meta])* $name:ident: $type:ty, $table:literal, [$($action:expr),+] = $text:expr;)+) => {
        $($(#[$meta])* pub(crate) static $name: $type =
            <$type>::new($table, &[$($action),+], mainstay_platform::sql!($text));)+
        pub(crate) static CHANGES: &[(&str, &dyn crate::statements::GuardedChange)] =
            &[$((concat!(module_path!(), "::", stringify!($name)), &$name)),+];
    };
}

/// Declares the statements of a file that change tables of Mainstay's own and need no permit, each with its
/// [`InternalTable`](mainstay_platform::database::InternalTable), and lists them as `INTERNAL`.
macro_rules! internal_changes {
    ($($(#[$meta:meta])* $name:ident: $table:ident = $text:expr;)+) => {
        $($(#[$meta])* pub(crate) static $name: mainstay_platform::database::InternalChange =
            internal_changes!(@new $table, mainstay_platform::sql!($text));)+
        internal_changes!(@list $($name)+);
    };
    ($($(#[$meta:meta])* $name:ident: $table:ident = postgres $postgres:expr, sqlite $sqlite:expr;)+) => {
        $($(#[$meta])* pub(crate) static $name: mainstay_platform::database::InternalChange =
            internal_changes!(@new $table, two_texts!($postgres, $sqlite));)+
        internal_changes!(@list $($name)+);
    };
    (@new $table:ident, $sql:expr) => {
        mainstay_platform::database::InternalChange::new(
            mainstay_platform::database::InternalTable::$table,
            $sql,
        )
    };
    (@list $($name:ident)+) => {
        pub(crate) static INTERNAL: &[(&str, &mainstay_platform::database::InternalChange)] =
            &[$((concat!(module_path!(), "::", stringify!($name)), &$name)),+];
    };
}

/// A statement whose text differs between the engines.
macro_rules! two_texts {
    ($postgres:expr, $sqlite:expr) => {{
        const TEXT: &str = $sqlite;
        const SWAPPED: [u8; TEXT.len()] = mainstay_platform::database::Sql::swap::<{ TEXT.len() }>(TEXT);
        const SQLITE: &str = match ::core::str::from_utf8(&SWAPPED) {
            Ok(text) => text,
            Err(_) => panic!("replacing one ASCII byte by another keeps UTF-8 valid"),
        };
        mainstay_platform::database::Sql::spelled($postgres, SQLITE)
    }};
}

/// Declares a repository: an object over a borrowed transaction.
macro_rules! repository {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $name<'t>(pub(crate) &'t mut mainstay_platform::database::Tx);

        impl<'t> $name<'t> {
            /// A repository over the given transaction.
            pub fn new(tx: &'t mut mainstay_platform::database::Tx) -> Self {
                Self(tx)
            }
        }
    };
}
