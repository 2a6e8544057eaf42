//! Mainstay as a library, for applications that add domain types of their own.
//!
//! - [`domain`]: ids, values, the access policy; a resource of your own implements [`domain::access::Resource`], and
//!   its id is [`domain::id::Id`] of its type.
//! - [`services`]: use cases and the one function that runs them; a use case reaches rows through
//!   [`services::Repositories::tx`].
//! - [`database`]: the database API that repositories use, and [`sql!`].
//! - [`edge`]: routes, operations, strict parsing of input, rendering of answers.
//! - [`views`]: what clients see of each noun of Mainstay.
//! - [`app`]: the composition root.

pub use mainstay_app as app;
pub use mainstay_background as background;
pub use mainstay_domain as domain;
pub use mainstay_edge as edge;
pub use mainstay_platform::{config, database, telemetry};
pub use mainstay_rest as rest;
pub use mainstay_services as services;
pub use mainstay_views as views;

pub use mainstay_domain::string_enum;
pub use mainstay_platform::sql;
