//! The repository of payments.

use crate::outcome::{expect_one_row, found, unique_violation};
use crate::read::{Read, money, word};
use crate::row_filter::{RowFilter, owned};
use mainstay_domain::access::{Permit, Scope};
use mainstay_domain::id::{OrderId, PaymentId};
use mainstay_domain::payment::{Payment, PaymentStatus};
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{Change, DatabaseError, FromRow, Row};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, order_id, user_id, status, amount, currency, reference, failure, created_at, updated_at \
             FROM payments WHERE ",
            $rest
        )
    };
    (of_order $condition:literal) => {
        concat!(
            "SELECT id, order_id, user_id, status, amount, currency, reference, failure, created_at, updated_at \
             FROM payments WHERE order_id = $1",
            $condition,
            " ORDER BY CASE WHEN status IN ('pending', 'succeeded') THEN 0 ELSE 1 END, created_at DESC, id DESC LIMIT 1"
        )
    };
}

statements! {
    FIND = select!("id = $1");
    FIND_OWNED = select!("id = $1 AND user_id = $2");
    OF_ORDER = select!(of_order "");
    OF_ORDER_OWNED = select!(of_order " AND user_id = $2");
}

changes! {
    INSERT: Change<Payment>, "payments", [Payment::PAY] =
        "INSERT INTO payments (id, order_id, user_id, status, amount, currency, reference, failure, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    SAVE: Change<Payment>, "payments", [Payment::SETTLE, Payment::CANCEL, Payment::REFUND] =
        "UPDATE payments SET status = $2, reference = $3, failure = $4, updated_at = $5 \
         WHERE id = $1 AND status = $6";
}

impl FromRow for Read<Payment> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(Payment {
            id: row.next()?,
            order_id: row.next()?,
            user_id: row.next()?,
            status: word(row)?,
            amount: money(row)?,
            reference: row.next()?,
            failure: row.next()?,
            created_at: row.next()?,
            updated_at: row.next()?,
        }))
    }
}

repository! {
    /// The table of payments. A unique index allows only one pending or succeeded payment per order.
    Payments
}

impl Payments<'_> {
    /// Finds a payment by its id.
    ///
    /// # Errors
    /// `NOT_FOUND`, also for another customer's payment outside of the scope.
    pub async fn find(&mut self, scope: &Scope<Payment>, id: PaymentId) -> Result<Payment> {
        match owned(scope) {
            RowFilter::All => found(self.0.optional(&FIND, &[&id]).await?),
            RowFilter::Of(owner) => found(self.0.optional(&FIND_OWNED, &[&id, &owner]).await?),
            RowFilter::None => Err(Error::NotFound),
        }
    }

    /// The relevant payment of an order: the pending or succeeded one, else the most recent one.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn of_order(&mut self, scope: &Scope<Payment>, order: OrderId) -> Result<Option<Payment>> {
        let row = match owned(scope) {
            RowFilter::All => self.0.optional(&OF_ORDER, &[&order]).await?,
            RowFilter::Of(owner) => self.0.optional(&OF_ORDER_OWNED, &[&order, &owner]).await?,
            RowFilter::None => None,
        };
        Ok(row.map(|Read(payment)| payment))
    }

    /// Inserts a new payment.
    ///
    /// # Errors
    /// `CONFLICT` when another payment of the order is pending or has succeeded.
    pub async fn insert(&mut self, permit: &Permit<Payment>, payment: &Payment) -> Result<()> {
        let insert = INSERT.authorize(permit, payment)?;
        let done = self
            .0
            .execute(
                insert,
                &[
                    &payment.id,
                    &payment.order_id,
                    &payment.user_id,
                    &payment.status.as_str(),
                    &payment.amount.amount,
                    &payment.amount.currency.code(),
                    &payment.reference,
                    &payment.failure,
                    &payment.created_at,
                    &payment.updated_at,
                ],
            )
            .await;
        done.map(drop).map_err(paid_already)
    }

    /// Updates a payment whose status changed from `from`.
    ///
    /// # Errors
    /// [`DatabaseError::Retry`] when it no longer has that status; `CONFLICT` when another payment of the order has
    /// succeeded meanwhile.
    pub async fn save(
        &mut self,
        permit: &Permit<Payment>,
        payment: &Payment,
        from: PaymentStatus,
    ) -> Result<()> {
        let save = SAVE.authorize(permit, payment)?;
        let done = self
            .0
            .execute(
                save,
                &[
                    &payment.id,
                    &payment.status.as_str(),
                    &payment.reference,
                    &payment.failure,
                    &payment.updated_at,
                    &from.as_str(),
                ],
            )
            .await;
        expect_one_row(done.map_err(paid_already)?)
    }
}

fn paid_already(error: DatabaseError) -> Error {
    unique_violation(error, "this order has a payment already")
}
