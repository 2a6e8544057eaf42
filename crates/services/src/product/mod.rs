//! Products.

mod create;
mod delete;
mod list;
mod read;
mod stock;
mod update;

pub use create::{CreateProduct, NewProduct};
pub use delete::DeleteProduct;
pub use list::ListProducts;
pub use read::ReadProduct;
pub use stock::ChangeStock;
pub use update::{ProductPatch, UpdateProduct};
