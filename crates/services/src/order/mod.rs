//! Orders.

mod cancel;
mod expire;
mod list;
mod pay;
mod place;
mod read;
mod settings;
mod stop;

pub use cancel::CancelOrder;
pub use expire::{EXPIRY_BATCH, ExpireOrder, expire_orders};
pub use list::ListOrders;
pub use pay::{PayOrder, StartedPayment};
pub use place::PlaceOrder;
pub use read::ReadOrder;
pub use settings::OrderSettings;
