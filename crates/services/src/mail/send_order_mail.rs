//! Tells the buyer that the money has come.

use super::{OrderPaid, Template, Templates};
use crate::job::registry::JobSpec;
use crate::ports::Message;
use crate::use_case::{Command, Job, UseCase};
use crate::work::{Outside, Repositories, Work};
use mainstay_domain::access::{Access, SystemCaller};
use mainstay_domain::event::Event;
use mainstay_domain::id::{EventId, OrderId};
use mainstay_domain::order::Order;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use serde::{Deserialize, Serialize};

/// Mails the buyer of an order what was bought and what it cost. It changes nothing. The message is named after
/// the order, so a mailbox that gets it twice, because a worker died in between, can show it once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendOrderMail {
    /// Which.
    pub order: OrderId,
    /// The event that asks for it.
    pub event: EventId,
}

impl SendOrderMail {
    /// The job that an `order.paid` event asks for; for [`crate::job::subscriptions::Subscriptions::on`].
    ///
    /// # Errors
    /// A fault of ours when the event is about something else than an order.
    pub fn on(event: &Event) -> Result<JobSpec> {
        let order = event.resource_id.parse().map_err(Error::internal)?;
        JobSpec::of(&Self {
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

impl Job for SendOrderMail {
    const QUEUE: &'static str = "mail";
    const MAX_ATTEMPTS: u32 = 12;

    /// A mail that is refused for good, or whose reader is gone, is laid out for a person at once.
    fn is_worth_another_try(error: &Error) -> bool {
        !matches!(error, Error::InvalidState(_) | Error::NotFound)
    }
}

impl Command for SendOrderMail {
    async fn prepare(self, outside: &Outside<'_>) -> Result<Self> {
        let id = self.order;
        let look = outside.look(move |view| {
            Box::pin(async move {
                let orders = view.scope_of::<Order>(SystemCaller::WORKER);
                let order = view.orders().find(&orders, id).await?;
                let users = view.scope_of::<User>(SystemCaller::WORKER);
                let buyer = view.users().find(&users, order.user_id).await?;
                Ok((order, buyer))
            })
        });
        let (order, buyer) = look.await?;
        let mail = Templates::compiled().render(Template::OrderPaid, &OrderPaid::new(&order, &buyer))?;
        let message = Message {
            id: format!("order-paid-{id}"),
            to: buyer.email,
            subject: mail.subject,
            text: mail.text,
            html: mail.html,
        };
        outside.services().parts().mailer.send(&message).await?;
        Ok(self)
    }

    async fn run(self, _work: &mut Work<'_>) -> Result<()> {
        Ok(())
    }
}
