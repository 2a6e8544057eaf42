//! Asks the buyer of a paid order for reviews, by mail.

use mainstay::prelude::*;

/// `[reviews]` in `mainstay.toml`, `REVIEWS_…` in the environment.
pub(crate) struct InviteSettings {
    invite: bool,
    greeting: String,
}

impl SettingsSection for InviteSettings {
    fn read(from: &mut SectionReader<'_, '_>) -> Self {
        Self {
            invite: from.switch("invite", true, "whether buyers are asked for reviews, by mail."),
            greeting: from.text("greeting", "Hello", "the first word of that mail."),
        }
    }
}

/// Mails the buyer of an order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct InviteReview(OrderId);

impl InviteReview {
    pub(crate) fn from_event(event: &OutboxEvent) -> Result<Self> {
        event.resource_id.parse().map(Self).map_err(Error::internal)
    }
}

impl UseCase for InviteReview {
    const NAME: &'static str = "review.invite";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl BackgroundJob for InviteReview {
    const QUEUE: &'static str = "mail";
}

impl PreparedCommand for InviteReview {
    type Prepared = ();

    async fn prepare(&self, cx: &PrepareContext<'_>) -> Result<()> {
        let (settings, id) = (cx.extension::<InviteSettings>()?, self.0);
        if !settings.invite {
            return Ok(());
        }
        let read = cx.read(move |cx| {
            Box::pin(async move {
                let (orders, users) = (cx.scope::<Order>(), cx.scope::<User>());
                let order = cx.orders().find(&orders, id).await?;
                let buyer = cx.users().find(&users, order.user_id).await?;
                Ok((order, buyer))
            })
        });
        let (order, buyer) = read.await?;
        let text = format!(
            "{} {},\n\nhow do you like what you bought in order {}? Write a review!\n",
            settings.greeting,
            buyer.name.as_str(),
            order.number
        );
        let mail = Message::plain(
            format!("review-invite-{id}"),
            buyer.email,
            "How do you like it?",
            text,
        );
        cx.components().mailer.send(&mail).await
    }

    async fn run(self, (): (), _: &mut CommandContext<'_>) -> Result<()> {
        Ok(())
    }
}
