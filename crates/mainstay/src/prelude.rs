//! The names that nearly every file of an application uses: `use mainstay::prelude::*;`.

pub use crate::{App, AppBuilder, Migration, Migrations};
pub use mainstay_background::PeriodicCommand;
pub use mainstay_domain::access::{
    Access, Action, Permission, Permit, Policy, Rate, Resource, Rule, Scope, ScopeFilter, Visibility,
};
pub use mainstay_domain::bounded::{Text, Whole};
pub use mainstay_domain::error::{Error, Result, Unauthenticated};
pub use mainstay_domain::event::{DomainEvent, OutboxEvent};
pub use mainstay_domain::id::{Id, OrderId, ProductId, UserId};
pub use mainstay_domain::order::Order;
pub use mainstay_domain::page::{Page, PageRequest};
pub use mainstay_domain::product::Product;
pub use mainstay_domain::text;
pub use mainstay_domain::time::Timestamp;
pub use mainstay_domain::user::User;
pub use mainstay_domain::validation::{Invalid, ValidationErrors};
pub use mainstay_edge::answer::{self, Data};
pub use mainstay_edge::input::{Body, PathId};
pub use mainstay_edge::{Answer, ApiError, Operation, Routes, route};
pub use mainstay_engine::mail::Message;
pub use mainstay_engine::{
    BackgroundJob, Command, CommandContext, List, Listed, PrepareContext, PreparedCommand, Query,
    QueryContext, Removable, Remove, Repositories, UseCase,
};
pub use mainstay_platform::config::{SectionReader, SettingsSection};
pub use mainstay_repositories::{Filter, RowQuery, Sort, Table, Unique, record};
pub use mainstay_services::ShopRepositories;
pub use serde::{Deserialize, Serialize};
pub use utoipa::{self, ToSchema};
