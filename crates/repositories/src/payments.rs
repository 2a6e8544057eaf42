//! The repository of payments.

use crate::outcome::{expect_one_row, unique_violation};
use crate::read::Read;
use crate::record;
use crate::record::{MoneyColumns, TextColumn};
use crate::row_filter::{RowFilter, owned};
use crate::rows::{Rows, Table, Unique};
use mainstay_domain::access::{Action, Permit, Scope};
use mainstay_domain::id::{OrderId, PaymentId};
use mainstay_domain::payment::{Payment, PaymentStatus};
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{Change, DatabaseError};

record! {
    Payment as columns {
        id, order_id, user_id,
        status: TextColumn,
        amount: MoneyColumns ["amount", "currency"],
        reference, failure, created_at, updated_at,
    }
}

impl Table for Payment {
    const TABLE: &'static str = "payments";
    const OWNER: Option<&'static str> = Some("user_id");
    const INSERT: &'static [Action] = &[Payment::PAY];
    const UNIQUE: &'static [Unique] = &[Unique::new("order_id", PAID_ALREADY)];
}

const PAID_ALREADY: &str = "this order has a payment already";

macro_rules! of_order {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM payments WHERE order_id = $1",
            $condition,
            " ORDER BY CASE WHEN status IN ('pending', 'succeeded') THEN 0 ELSE 1 END, created_at DESC, id DESC LIMIT 1"
        )
    };
}

statements! {
    OF_ORDER = of_order!("");
    OF_ORDER_OWNED = of_order!(" AND user_id = $2");
}

changes! {
    SAVE: Change<Payment>, "payments", [Payment::SETTLE, Payment::CANCEL, Payment::REFUND] =
        "UPDATE payments SET status = $2, reference = $3, failure = $4, updated_at = $5 \
         WHERE id = $1 AND status = $6";
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
        Rows::new(self.0).find(scope, id).await
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
        Rows::new(self.0).insert(permit, payment).await
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
    unique_violation(error, PAID_ALREADY)
}
