use super::App;
use crate::error::StartError;
use mainstay_background::PeriodicCommand;
use mainstay_domain::Result;
use mainstay_domain::access::{Access, Permission, Policy, Resource};
use mainstay_domain::event::OutboxEvent;
use mainstay_domain::id::{Id, UserId};
use mainstay_domain::payment::Payment;
use mainstay_edge::{Answer, Operation, Routes, answer, route};
use mainstay_engine::{BackgroundJob, Command, CommandContext, Query, QueryContext, UseCase};
use mainstay_platform::config::{SectionReader, SettingsSection};
use mainstay_repositories::Migrations;
use mainstay_services::order::PlaceOrder;
use mainstay_services::payment::ChargePayment;
use serde::{Deserialize, Serialize};
use std::time::Duration;

fn errors(builder: crate::AppBuilder) -> Vec<String> {
    match builder.build() {
        Ok(_) => Vec::new(),
        Err(StartError::Composition(errors)) => errors,
        Err(other) => panic!("{other}"),
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Remind;

impl UseCase for Remind {
    const NAME: &'static str = "shop.remind";
    const ACCESS: Access = Access::system();
    type Output = ();
}

impl Command for Remind {
    async fn run(self, _: &mut CommandContext<'_>) -> Result<()> {
        Ok(())
    }
}

impl BackgroundJob for Remind {}

impl PeriodicCommand for Remind {
    const INTERVAL: Duration = Duration::from_secs(1);
}

fn remind(_: &OutboxEvent) -> Result<Remind> {
    Ok(Remind)
}

/// Has the name of a use case of Mainstay.
#[derive(Clone)]
struct PlaceAnotherOrder;

impl UseCase for PlaceAnotherOrder {
    const NAME: &'static str = PlaceOrder::NAME;
    const ACCESS: Access = Access::anyone();
    type Output = ();
}

impl Query for PlaceAnotherOrder {
    async fn run(self, _: &mut QueryContext<'_>) -> Result<()> {
        Ok(())
    }
}

#[utoipa::path(get, path = "/api/orders/{order}", responses((status = 200)))]
async fn place(operation: Operation<PlaceAnotherOrder>) -> Answer {
    operation.query(PlaceAnotherOrder).await?;
    Ok(answer::nothing())
}

fn routes() -> Routes {
    Routes::new().add(route!(PlaceAnotherOrder, place))
}

struct Order;

impl Resource for Order {
    const NAME: &'static str = "order";
    const POLICY: Policy = Policy {
        visible: &[],
        actions: &[],
    };
    fn id(&self) -> Id<Self> {
        unreachable!("there is no such row")
    }
    fn owner(&self) -> Option<UserId> {
        None
    }
}

struct ShopSettings;

impl SettingsSection for ShopSettings {
    fn read(_: &mut SectionReader<'_, '_>) -> Self {
        Self
    }
}

#[test]
fn what_an_application_adds_is_there_beside_what_mainstay_has() {
    let builder = App::builder().name("shop").version("7.1.0");
    let app = builder.job::<Remind>().on("order.paid", remind).build().unwrap();
    let kinds: Vec<_> = app.subscriptions().kinds().collect();
    assert_eq!(kinds, ["order.paid", "order.paid"]);
    let jobs = &app.definition().jobs;
    assert!(jobs.find("shop.remind").is_some() && jobs.find("payment.charge").is_some());
    let document: serde_json::Value = serde_json::from_str(&app.openapi()).unwrap();
    assert_eq!(
        document["info"],
        serde_json::json!({"title": "shop", "version": "7.1.0"})
    );
}

#[test]
fn two_of_one_name_are_refused_and_both_are_named() {
    let table = [
        (
            App::builder().resource::<Order>(),
            "the resource `order` is registered twice: by mainstay_domain::order::Order and by \
             mainstay_app::app::tests::Order",
        ),
        (
            App::builder().permission(Permission::new("read:order", "Read orders")),
            "the permission `read:order` is registered twice: by mainstay_domain::order::Order and by no resource",
        ),
        (
            App::builder().job::<ChargePayment>(),
            "the job `payment.charge` is registered twice: by mainstay_services::payment::charge::ChargePayment and by \
             mainstay_services::payment::charge::ChargePayment",
        ),
        (
            App::builder().periodic::<Remind>().periodic::<Remind>(),
            "the periodic task `shop.remind` is registered twice: by mainstay_app::app::tests::Remind and by \
             mainstay_app::app::tests::Remind",
        ),
        (
            App::builder()
                .settings::<ShopSettings>("shop")
                .settings::<ShopSettings>("shop"),
            "the section of the settings `shop` is registered twice: by mainstay_app::app::tests::ShopSettings and by \
             mainstay_app::app::tests::ShopSettings",
        ),
        (
            App::builder()
                .migrations(Migrations::new("shop", []))
                .migrations(Migrations::new("shop", [])),
            "the list of migrations `shop` is registered twice",
        ),
        (
            App::builder().exported::<Payment>("orders"),
            "the file of the export `orders` is registered twice: by Mainstay and by payments",
        ),
        (
            App::builder().on("order.paid", remind),
            "the event `order.paid` becomes the job `shop.remind` (mainstay_app::app::tests::Remind), which is not \
             registered: add `.job::<…>()`",
        ),
    ];
    for (builder, expected) in table {
        assert_eq!(errors(builder), [expected]);
    }
}

#[test]
fn a_route_and_a_use_case_of_one_name_are_refused_whatever_the_parameters_are_called() {
    assert_eq!(
        errors(App::builder().routes(routes)),
        [
            "the route `GET /api/orders/{}` is registered twice: by order.read and by order.place",
            "the use case `order.place` is registered twice: by mainstay_app::app::tests::PlaceAnotherOrder and by \
             mainstay_services::order::place::PlaceOrder",
        ]
    );
}
