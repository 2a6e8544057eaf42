//! Compile-time checks that a handler fits its route.

use crate::operation::Operation;

/// The parameters of a handler whose first is `Operation<U>`.
#[diagnostic::on_unimplemented(
    message = "the first parameter of this handler is not the operation of the use case of its route",
    note = "write `async fn handler(operation: Operation<{U}>, …)`"
)]
pub trait HandlerFor<U> {}

/// The parameters of a handler whose first is `F`.
#[diagnostic::on_unimplemented(message = "the first parameter of this handler is not `{F}`")]
pub trait HandlerParams<F> {}

/// Implements the traits for axum's parameter tuples: a marker first, then each parameter.
macro_rules! handler_params {
    ($($more:ident)*) => {
        impl<End, U, $($more),*> HandlerFor<U> for (End, Operation<U>, $($more,)*) {}
        impl<End, F, $($more),*> HandlerParams<F> for (End, F, $($more,)*) {}
    };
}

handler_params!();
handler_params!(A);
handler_params!(A B);
handler_params!(A B C);
handler_params!(A B C D);
handler_params!(A B C D E);
