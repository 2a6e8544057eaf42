//! What clients see of the nouns: the shapes of the contract, apart from the domain's own.

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
