//! What makes a handler fit its route.

use crate::operation::Operation;

/// The parameters of a handler whose first is the door to `U`.
#[diagnostic::on_unimplemented(
    message = "the first parameter of this handler is not the door to the use case of its route",
    note = "write `async fn handler(door: Door<{U}>, …)`"
)]
pub trait HandlerFor<U> {}

/// The parameters of a handler whose first is `F`.
#[diagnostic::on_unimplemented(message = "the first parameter of this handler is not `{F}`")]
pub trait HandlerParams<F> {}

/// Axum names the parameters of a handler by a tuple: how it ends, and then each in turn.
macro_rules! knocks {
    ($($more:ident)*) => {
        impl<End, U, $($more),*> HandlerFor<U> for (End, Operation<U>, $($more,)*) {}
        impl<End, F, $($more),*> HandlerParams<F> for (End, F, $($more,)*) {}
    };
}

knocks!();
knocks!(A);
knocks!(A B);
knocks!(A B C);
knocks!(A B C D);
knocks!(A B C D E);
