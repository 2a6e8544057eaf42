//! Macros that declare statements and repositories.

/// Declares the statements of a file and lists them as `ALL`, so that a test can prepare every one on both engines.
/// `"text"` is one text for both; `postgres "text", sqlite "text"` is for [`dialect`](crate::dialect) only.
macro_rules! statements {
    ($($(#[$meta:meta])* $name:ident = $text:expr;)+) => {
        $($(#[$meta])* pub(crate) static $name: mainstay_platform::database::Sql = mainstay_platform::sql!($text);)+
        statements!(@list $($name)+);
    };
    ($($(#[$meta:meta])* $name:ident = postgres $postgres:expr, sqlite $sqlite:expr;)+) => {
        $($(#[$meta])* pub(crate) static $name: mainstay_platform::database::Sql = {
            const TEXT: &str = $sqlite;
            const SWAPPED: [u8; TEXT.len()] = mainstay_platform::database::Sql::swap::<{ TEXT.len() }>(TEXT);
            const SQLITE: &str = match ::core::str::from_utf8(&SWAPPED) {
                Ok(text) => text,
                Err(_) => panic!("replacing one ASCII byte by another keeps UTF-8 valid"),
            };
            mainstay_platform::database::Sql::spelled($postgres, SQLITE)
        };)+
        statements!(@list $($name)+);
    };
    (@list $($name:ident)+) => {
        pub(crate) static ALL: &[(&str, &mainstay_platform::database::Sql)] =
            &[$((concat!(module_path!(), "::", stringify!($name)), &$name)),+];
    };
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
