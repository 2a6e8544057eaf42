//! What clients see of the domain's nouns: the representations of the API contract, separate from the domain's types.

mod audit;
mod grant;
mod job;
mod money;
mod order;
mod payment;
mod product;
mod security_event;
mod tokens;
mod user;

pub use audit::AuditView;
pub use grant::GrantView;
pub use job::JobView;
pub use money::MoneyView;
pub use order::{OrderItemView, OrderView};
pub use payment::PaymentView;
pub use product::ProductView;
pub use security_event::SecurityEventView;
pub use tokens::TokensView;
pub use user::UserView;
