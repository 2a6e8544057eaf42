//! Mails the buyer that the order is paid.

use super::layout::write;
use super::message::message;
use super::order_paid::order_paid;
use super::recipient::Recipient;
use crate::repositories::ShopRepositories;
use mainstay_domain::access::{Access, SystemCaller};
use mainstay_domain::event::OutboxEvent;
use mainstay_domain::id::{EventId, OrderId};
use mainstay_domain::order::Order;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_engine::{
    BackgroundJob, CommandContext, PrepareContext, PreparedCommand, Repositories, UseCase,
};
use serde::{Deserialize, Serialize};

/// Mails the buyer what was ordered and what it cost. It changes no rows. The message id is derived from the order, so
/// a mailbox that receives it twice, because a worker died in between, can show it once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendOrderMail {
    /// The paid order.
    pub order: OrderId,
    /// The event that requested the mail.
    pub event: EventId,
}

impl SendOrderMail {
    /// The job for an `order.paid` event.
    ///
    /// # Errors
    /// An internal error when the event is about something else than an order.
    pub fn from_event(event: &OutboxEvent) -> Result<Self> {
        let order = event.resource_id.parse().map_err(Error::internal)?;
        Ok(Self {
            order,
            event: event.id,
        })
    }
}

impl UseCase for SendOrderMail {
    const NAME: &'static str = "mail.order-paid";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl BackgroundJob for SendOrderMail {
    const QUEUE: &'static str = "mail";
    const MAX_ATTEMPTS: u32 = 12;

    /// A mail that is permanently rejected, or whose recipient no longer exists, is dead at once.
    fn is_retryable(error: &Error) -> bool {
        !matches!(error, Error::InvalidState(_) | Error::NotFound)
    }
}

impl PreparedCommand for SendOrderMail {
    type Prepared = ();

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<()> {
        let id = self.order;
        let read = cx.read(move |cx| {
            Box::pin(async move {
                let orders = cx.scope_of::<Order>(SystemCaller::WORKER);
                let order = cx.orders().find(&orders, id).await?;
                let users = cx.scope_of::<User>(SystemCaller::WORKER);
                let buyer = cx.users().find(&users, order.user_id).await?;
                Ok((order, buyer))
            })
        });
        let (order, buyer) = read.await?;
        let to = Recipient::from(&buyer);
        let url = &cx.components().policies.public_url;
        let mail = write(&order_paid(&order), to.name.as_ref(), to.locale, url)?;
        let message = message(format!("order-paid-{id}"), to.email, mail);
        cx.components().mailer.send(&message).await
    }

    async fn run(self, (): (), _: &mut CommandContext<'_>) -> Result<()> {
        Ok(())
    }
}
