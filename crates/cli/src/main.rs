//! mainstay
fn main() {}
