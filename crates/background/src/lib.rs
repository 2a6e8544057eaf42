//! mainstay-background
