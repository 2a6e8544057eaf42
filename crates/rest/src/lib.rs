//! mainstay-rest
