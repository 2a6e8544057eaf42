//! What makes a handler fit its route.

use crate::door::Door;

/// The parameters of a handler whose first is the door to `U`.
#[diagnostic::on_unimplemented(
    message = "the first parameter of this handler is not the door to the use case of its route",
    note = "write `async fn handler(door: Door<{U}>, …)`"
)]
pub trait Knocks<U> {}

/// The parameters of a handler whose first is `F`.
#[diagnostic::on_unimplemented(message = "the first parameter of this handler is not `{F}`")]
pub trait Passes<F> {}

/// Axum names the parameters of a handler by a tuple: how it ends, and then each in turn.
macro_rules! knocks {
    ($($more:ident)*) => {
        impl<End, U, $($more),*> Knocks<U> for (End, Door<U>, $($more,)*) {}
        impl<End, F, $($more),*> Passes<F> for (End, F, $($more,)*) {}
    };
}

knocks!();
knocks!(A);
knocks!(A B);
knocks!(A B C);
knocks!(A B C D);
knocks!(A B C D E);
