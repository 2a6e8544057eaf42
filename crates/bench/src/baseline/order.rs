//! The statements of placing an order: those of the product in the product's order, with values of the same sizes.

use super::field::Field;
use super::statement::Statements;
use crate::error::BenchError;
use crate::seed::Seed;
use mainstay_domain::currency::Currency;
use mainstay_domain::event::DomainEvent;
use mainstay_domain::id::{AuditId, EventId, OrderId, ProductId, UserId};
use mainstay_domain::money::Money;
use mainstay_domain::order::{self, Order, OrderItem};
use mainstay_domain::product::Sku;
use mainstay_domain::time::{Clock, Timestamp};
use mainstay_platform::clock::{SystemClock, SystemRandom};
use mainstay_platform::database::Sql;
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

const HOLD: Duration = Duration::from_mins(30);
const RECORD_RETENTION: Duration = Duration::from_hours(24);
const OPERATION: &str = "order.place";

/// A statement and its parameters.
pub(super) type Step<'o> = (&'o Sql, Vec<Field>);

/// Generates orders to write.
pub(super) struct Orders {
    seed: Seed,
    sql: Texts,
    /// The event payload and the stored answer of an order with one, two and three items, as the product writes them.
    texts: Vec<(String, String)>,
    next: u64,
    stride: u64,
    /// The writer of the audit entries, and how many it has written.
    writer: Uuid,
    written: i64,
}

struct Texts {
    recall: Sql,
    take: Sql,
    order: Sql,
    items: Vec<Sql>,
    audit: Sql,
    begin_writer: Sql,
    move_writer: Sql,
    event: Sql,
    remember: Sql,
}

impl Orders {
    /// Orders of the prepared users and products, for the `number`th of `writers` concurrent writers.
    pub(super) fn new(seed: &Path, number: u64, writers: u64) -> Result<Self, BenchError> {
        Self::of(Seed::read(seed)?, number, writers)
    }

    fn of(seed: Seed, number: u64, writers: u64) -> Result<Self, BenchError> {
        let texts = (1..=3)
            .map(|lines| payload_and_answer(&seed, lines))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            seed,
            sql: Texts::new()?,
            texts,
            next: number,
            stride: writers,
            writer: mainstay_domain::id::uuid_v7(SystemClock.now(), &SystemRandom),
            written: 0,
        })
    }

    /// The next order: the lookup of its idempotency key, and the statements that write it.
    pub(super) fn next(&mut self) -> (Step<'_>, Vec<Step<'_>>) {
        let number = self.next;
        self.next += self.stride;
        self.written += 1;
        let basket = self.seed.basket(number);
        let user = self.seed.users[number as usize % self.seed.users.len()].id;
        let now = SystemClock.now();
        let at = Field::Integer(now.micros());
        let order = OrderId::make(now, &SystemRandom);
        let key = Field::Text(format!(
            "bench-{:08x}-{:04x}-{number:016x}",
            std::process::id(),
            number % 64
        ));
        let (payload, answer) = &self.texts[basket.len() - 1];
        let request = Field::Text(Uuid::from_u128(u128::from(number)).to_string());
        let sql = &self.sql;

        let not_before = Field::Integer(now.before(RECORD_RETENTION).micros());
        let lookup = vec![
            Field::Id(user),
            Field::Fixed(OPERATION),
            key.clone(),
            not_before.clone(),
        ];
        let mut steps: Vec<Step<'_>> = basket
            .iter()
            .map(|(product, quantity)| {
                let quantity = Field::Integer((*quantity).into());
                (&sql.take, vec![Field::Id(*product), quantity, at.clone()])
            })
            .collect();
        steps.push((&sql.order, self.row(order, user, now)));
        steps.push((&sql.items[basket.len() - 1], items(order, &basket)));
        steps.push((
            &sql.audit,
            vec![
                Field::Id(AuditId::make(now, &SystemRandom).uuid()),
                at.clone(),
                Field::Id(user),
                Field::Fixed("user"),
                Field::Fixed("CREATE"),
                Field::Fixed("order"),
                Field::Text(order.to_string()),
                Field::Null,
                Field::Text(payload.clone()),
                Field::Fixed("127.0.0.1"),
                Field::Null,
                request.clone(),
                Field::Id(self.writer),
                Field::Integer(self.written),
                Field::Bytes([8; 32]),
            ],
        ));
        let end = vec![
            Field::Integer(self.written),
            at.clone(),
            Field::Bytes([8; 32]),
            Field::Id(self.writer),
        ];
        let is_new = self.written == 1;
        steps.push((
            if is_new {
                &sql.begin_writer
            } else {
                &sql.move_writer
            },
            end,
        ));
        steps.push((
            &sql.event,
            vec![
                Field::Id(EventId::make(now, &SystemRandom).uuid()),
                at.clone(),
                Field::Fixed("order.placed"),
                Field::Fixed("order"),
                Field::Text(order.to_string()),
                Field::Id(user),
                Field::Id(user),
                request,
                Field::Text(payload.clone()),
            ],
        ));
        steps.push((
            &sql.remember,
            vec![
                Field::Id(user),
                Field::Fixed(OPERATION),
                key,
                Field::Bytes([7; 32]),
                Field::Fixed("ok"),
                Field::Text(answer.clone()),
                at,
                not_before,
            ],
        ));
        ((&sql.recall, lookup), steps)
    }

    fn row(&self, order: OrderId, user: Uuid, now: Timestamp) -> Vec<Field> {
        let at = Field::Integer(now.micros());
        vec![
            Field::Id(order.uuid()),
            Field::Text(order::number(now, &SystemRandom)),
            Field::Id(user),
            Field::Fixed("pending"),
            Field::Integer(2500),
            Field::Integer(0),
            Field::Fixed("USD"),
            Field::Integer(now.after(HOLD).micros()),
            at.clone(),
            at,
            Field::Integer(1),
        ]
    }
}

fn items(order: OrderId, basket: &[(Uuid, u32)]) -> Vec<Field> {
    let mut fields = vec![Field::Id(order.uuid())];
    for (line, (product, quantity)) in (0..).zip(basket) {
        let quantity = i64::from(*quantity);
        fields.extend([
            Field::Integer(line),
            Field::Id(*product),
            Field::Fixed("BENCH-00001"),
            Field::Fixed("Bench product 1"),
            Field::Integer(quantity),
            Field::Integer(1250),
            Field::Integer(1250 * quantity),
        ]);
    }
    fields
}

impl Texts {
    fn new() -> Result<Self, BenchError> {
        let statements = Statements::new();
        let items = |lines: usize| {
            let (last, beyond) = (format!("${})", 1 + 7 * lines), format!("${}", 2 + 7 * lines));
            statements.matching("order_items::INSERT_ITEMS", |text| {
                text.ends_with(&last) && !text.contains(&beyond)
            })
        };
        Ok(Self {
            recall: statements.named("idempotency::FIND")?,
            take: statements.named("stock::TAKE")?,
            order: statements.named("orders::INSERT")?,
            items: (1..=3).map(items).collect::<Result<_, _>>()?,
            audit: statements.named("audit::INSERT")?,
            begin_writer: statements.named("audit_writers::INSERT")?,
            move_writer: statements.named("audit_writers::UPDATE")?,
            event: statements.named("outbox::INSERT")?,
            remember: statements.named("idempotency::INSERT")?,
        })
    }
}

/// An order with `lines` items: the payload of its audit entry and event, and the answer stored for its idempotency
/// key.
fn payload_and_answer(seed: &Seed, lines: usize) -> Result<(String, String), BenchError> {
    let now = SystemClock.now();
    let price = Money {
        amount: 1250,
        currency: Currency::parse("USD").map_err(|_| BenchError::new("no dollars"))?,
    };
    let item = |at: usize| {
        let product = ProductId::from_uuid(seed.products[at % seed.products.len()]);
        OrderItem::new(
            product,
            Sku::stored(format!("BENCH-{at:05}")),
            format!("Bench product {at}"),
            1,
            price,
        )
    };
    let items = (0..lines).map(item).collect::<Result<_, _>>()?;
    let buyer = UserId::from_uuid(seed.users[0].id);
    let order = Order::place(
        (
            OrderId::make(now, &SystemRandom),
            order::number(now, &SystemRandom),
            buyer,
        ),
        items,
        now,
        HOLD,
    )?;
    let payload = DomainEvent::created("order.placed", &order).written().payload;
    Ok((payload, serde_json::to_string(&order)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_of_the_baseline_exists_in_the_product() {
        let texts = Texts::new().unwrap();
        assert_eq!(texts.items.len(), 3);
    }

    #[test]
    fn every_statement_gets_as_many_values_as_it_has_placeholders() {
        let user = crate::seed::User {
            id: Uuid::from_u128(1),
            email: String::new(),
            access_token: String::new(),
            refresh_token: String::new(),
        };
        let seed = Seed {
            users: vec![user],
            products: (2..9).map(Uuid::from_u128).collect(),
        };
        let mut orders = Orders::of(seed, 0, 1).unwrap();
        for _ in 0..6 {
            let (lookup, steps) = orders.next();
            for (sql, values) in std::iter::once(lookup).chain(steps) {
                let text = sql.postgres();
                let has = |number: usize| {
                    let placeholder = format!("${number}");
                    let mut after = text.split(&placeholder).skip(1);
                    after.any(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()))
                };
                assert!(
                    has(values.len()) && !has(values.len() + 1),
                    "{} values: {text}",
                    values.len()
                );
            }
        }
    }
}
