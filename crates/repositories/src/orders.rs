//! The repository of orders.

use crate::dialect::LOCK_ORDER;
use crate::list::{Key, List};
use crate::order_items::{self, ITEMS_OF, Item, OrderItemRow};
use crate::outcome::{expect_one_row, rows};
use crate::read::{BoundValue, Read, bound, params, word};
use crate::row_filter::{RowFilter, owned};
use mainstay_domain::access::{Permit, Scope};
use mainstay_domain::id::{OrderId, UserId};
use mainstay_domain::money::Money;
use mainstay_domain::order::{Order, OrderStatus};
use mainstay_domain::page::{CursorKey, Page, PageRequest, Position};
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{Authorized, Change, DatabaseError, FromRow, Param, Row};

/// The columns that are read, in their order.
macro_rules! columns {
    () => {
        "id, number, user_id, status, total_amount, refunded_amount, currency, reserved_until, \
         created_at, updated_at, version"
    };
}

macro_rules! with_items {
    ($condition:literal) => {
        concat!(
            "SELECT o.id, o.number, o.user_id, o.status, o.total_amount, o.refunded_amount, o.currency, \
             o.reserved_until, o.created_at, o.updated_at, o.version, \
             i.product_id, i.sku, i.name, i.quantity, i.unit_amount, i.total_amount \
             FROM orders o JOIN order_items i ON i.order_id = o.id WHERE ",
            $condition,
            " ORDER BY i.line"
        )
    };
}

macro_rules! overdue {
    ($condition:literal, $started_after:literal, $limit:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM orders WHERE status = 'pending' AND reserved_until < $1",
            $condition,
            " AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = orders.id AND p.status = 'pending' \
             AND p.created_at > ",
            $started_after,
            ") ORDER BY reserved_until, id LIMIT ",
            $limit
        )
    };
}

statements! {
    FIND = with_items!("o.id = $1");
    FIND_OWNED = with_items!("o.id = $1 AND o.user_id = $2");
    OVERDUE = overdue!("", "$2", "$3");
    OVERDUE_OWNED = overdue!(" AND user_id = $2", "$3", "$4");
}

changes! {
    INSERT: Change<Order>, "orders", [Order::PLACE] =
        "INSERT INTO orders (id, number, user_id, status, total_amount, refunded_amount, currency, \
         reserved_until, created_at, updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    SAVE: Change<Order>, "orders", [Order::CANCEL, Order::EXPIRE, Order::SETTLE, Order::REFUND] =
        "UPDATE orders SET status = $2, refunded_amount = $3, reserved_until = $4, updated_at = $5, version = $6 \
         WHERE id = $1 AND version = $7";
}

const OWNED: usize = 0;
const STATUS: usize = 1;
const USER: usize = 2;

pub(crate) static LIST: List = List::new(
    concat!(module_path!(), "::LIST"),
    (columns!(), "orders"),
    &["user_id = {}", "status = {}", "user_id = {}"],
    &[Key::Number("created_at")],
);

/// Which orders to list.
#[derive(Debug, Clone, Default)]
pub struct OrderFilter {
    /// With this status.
    pub status: Option<OrderStatus>,
    /// Of this customer.
    pub user_id: Option<UserId>,
}

/// The sort order of a list of orders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OrderSort {
    /// By the time they were placed.
    #[default]
    CreatedAt,
}

impl FromRow for Read<Order> {
    /// Without its items, which are stored in a table of their own.
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let (id, number, user_id, status) = (row.next()?, row.next()?, row.next()?, word(row)?);
        let (total, refunded, currency) = (row.next()?, row.next()?, word(row)?);
        Ok(Self(Order {
            id,
            number,
            user_id,
            status,
            items: Vec::new(),
            total: Money {
                amount: total,
                currency,
            },
            refunded: Money {
                amount: refunded,
                currency,
            },
            reserved_until: row.next()?,
            created_at: row.next()?,
            updated_at: row.next()?,
            version: row.next()?,
        }))
    }
}

/// An order and one of its items.
struct OrderWithItem(Order, Item);

impl FromRow for OrderWithItem {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let Read(order) = Read::<Order>::from_row(row)?;
        Ok(Self(order, Item::from_row(row)?))
    }
}

repository! {
    /// The tables of orders and their items.
    Orders
}

impl Orders<'_> {
    /// Finds an order by its id.
    ///
    /// # Errors
    /// `NOT_FOUND`, also for another customer's order outside of the scope.
    pub async fn find(&mut self, scope: &Scope<Order>, id: OrderId) -> Result<Order> {
        let lines: Vec<OrderWithItem> = match owned(scope) {
            RowFilter::All => self.0.all(&FIND, &[&id]).await?,
            RowFilter::Of(owner) => self.0.all(&FIND_OWNED, &[&id, &owner]).await?,
            RowFilter::None => Vec::new(),
        };
        let mut found: Option<Order> = None;
        for OrderWithItem(order, item) in lines {
            let order = found.get_or_insert(order);
            order.items.push(item.of(order.total.currency));
        }
        found.ok_or(Error::NotFound)
    }

    /// Finds an order and locks it until the end of the transaction: for decisions about other rows that depend on
    /// its status.
    ///
    /// # Errors
    /// `NOT_FOUND`, also for another customer's order outside of the scope.
    pub async fn find_locked(&mut self, scope: &Scope<Order>, id: OrderId) -> Result<Order> {
        let existing: Option<OrderId> = self.0.optional(&LOCK_ORDER, &[&id]).await?;
        self.find(scope, existing.ok_or(Error::NotFound)?).await
    }

    /// A page of the orders within the scope, sorted, optionally descending.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for a cursor of another list.
    pub async fn list(
        &mut self,
        scope: &Scope<Order>,
        filter: &OrderFilter,
        (sort, descending): (OrderSort, bool),
        page: &PageRequest,
    ) -> Result<Page<Order>> {
        let row_filter = owned(scope);
        let status = filter.status.map(OrderStatus::as_str);
        let query = LIST.by(sort as usize, descending);
        let query = match &row_filter {
            RowFilter::All => query,
            RowFilter::Of(owner) => query.with(OWNED, Some(owner)),
            RowFilter::None => query.nothing(),
        };
        let query = query
            .with(STATUS, status.as_ref())
            .with(USER, filter.user_id.as_ref());
        let position = |order: &Order| Position {
            key: CursorKey::Number(order.created_at.micros()),
            id: order.id.uuid(),
        };
        let mut listing = query.page(self.0, page, position).await?;
        self.load_items(&mut listing.items).await?;
        Ok(listing)
    }

    /// Inserts a new order with its items, in one round trip.
    ///
    /// # Errors
    /// [`DatabaseError::Retry`] when the number is taken; the next run uses another one.
    pub async fn insert(&mut self, permit: &Permit<Order>, order: &Order) -> Result<()> {
        let inserts = authorize_inserts(permit, order)?;
        let bound: Vec<Vec<BoundValue<'_>>> = inserted_rows(order).collect();
        let values: Vec<Vec<&dyn Param>> = bound.iter().map(|values| params(values)).collect();
        let batch: Vec<(Authorized<'_>, &[&dyn Param])> = inserts
            .iter()
            .zip(&values)
            .map(|(insert, values)| (*insert, values.as_slice()))
            .collect();
        self.0
            .batch(&batch)
            .await
            .map(drop)
            .map_err(order_number_violation)
    }

    /// Updates an order after a transition. Its items never change.
    ///
    /// # Errors
    /// [`DatabaseError::Retry`] when it was changed meanwhile.
    pub async fn save(&mut self, permit: &Permit<Order>, order: &Order) -> Result<()> {
        let save = SAVE.authorize(permit, order)?;
        let done = self
            .0
            .execute(
                save,
                &[
                    &order.id,
                    &order.status.as_str(),
                    &order.refunded.amount,
                    &order.reserved_until,
                    &order.updated_at,
                    &order.version,
                    &(order.version - 1),
                ],
            )
            .await;
        expect_one_row(done?)
    }

    /// Unpaid orders whose reservation has expired and that have no pending payment started after `started_after`;
    /// the oldest first.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn overdue(
        &mut self,
        scope: &Scope<Order>,
        (now, started_after): (Timestamp, Timestamp),
        limit: u32,
    ) -> Result<Vec<Order>> {
        let mut orders = match owned(scope) {
            RowFilter::All => rows(self.0.all(&OVERDUE, &[&now, &started_after, &limit]).await?),
            RowFilter::Of(owner) => rows(
                self.0
                    .all(&OVERDUE_OWNED, &[&now, &owner, &started_after, &limit])
                    .await?,
            ),
            RowFilter::None => Vec::new(),
        };
        self.load_items(&mut orders).await?;
        Ok(orders)
    }

    /// Loads the items of the given orders, a page at once.
    async fn load_items(&mut self, orders: &mut [Order]) -> Result<()> {
        for orders in orders.chunks_mut(ITEMS_OF.most()) {
            let (size, sql) = ITEMS_OF.fitting(orders.len());
            let mut index: Vec<(OrderId, usize)> = orders
                .iter()
                .enumerate()
                .map(|(at, order)| (order.id, at))
                .collect();
            index.sort_unstable();
            let Some((last, _)) = index.last() else { continue };
            // The remaining placeholders of the statement repeat the last order, which returns no further rows.
            let mut ids: Vec<&dyn Param> = index.iter().map(|(id, _)| id as &dyn Param).collect();
            ids.resize(size, last);
            for OrderItemRow(id, item) in self.0.all(sql, &ids).await? {
                if let Ok(at) = index.binary_search_by_key(&id, |(id, _)| *id) {
                    let order = &mut orders[index[at].1];
                    order.items.push(item.of(order.total.currency));
                }
            }
        }
        Ok(())
    }
}

/// The statements that insert a new order and its items.
pub(crate) fn authorize_inserts(permit: &Permit<Order>, order: &Order) -> Result<Vec<Authorized<'static>>> {
    let row = std::iter::once(INSERT.authorize(permit, order));
    row.chain(order_items::authorize_inserts(permit, order)).collect()
}

/// The values of these statements, in the same order.
pub(crate) fn inserted_rows(order: &Order) -> impl Iterator<Item = Vec<BoundValue<'_>>> {
    let row = vec![
        bound(&order.id),
        bound(&order.number),
        bound(&order.user_id),
        bound(order.status.as_str()),
        bound(&order.total.amount),
        bound(&order.refunded.amount),
        bound(order.total.currency.code()),
        bound(&order.reserved_until),
        bound(&order.created_at),
        bound(&order.updated_at),
        bound(&order.version),
    ];
    std::iter::once(row).chain(order_items::inserted_rows(order))
}

pub(crate) fn order_number_violation(error: DatabaseError) -> Error {
    match error.conflict() {
        // A random collision; the next run has another number.
        Some(conflict) if conflict.on("orders", "number") => DatabaseError::Retry.into(),
        _ => error.into(),
    }
}
