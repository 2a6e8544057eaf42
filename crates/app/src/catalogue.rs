//! What Mainstay itself registers, through the same builder as every application.

use crate::builder::AppBuilder;
use mainstay_domain::access::Permission;
use mainstay_domain::audit::AuditEntry;
use mainstay_domain::job::Job;
use mainstay_domain::key::SigningKey;
use mainstay_domain::order::Order;
use mainstay_domain::payment::Payment;
use mainstay_domain::product::Product;
use mainstay_domain::security::SecurityEvent;
use mainstay_domain::session::Session;
use mainstay_domain::user::User;
use mainstay_services::mail::SendOrderMail;
use mainstay_services::payment::{ChargePayment, RefundPayment, VoidPayment};

/// Registers the product's resources, permissions, jobs, and which events become which jobs.
pub(crate) fn product(builder: AppBuilder) -> AppBuilder {
    builder
        .resource::<User>()
        .resource::<Session>()
        .resource::<Product>()
        .resource::<Order>()
        .resource::<Payment>()
        .resource::<Job>()
        .resource::<AuditEntry>()
        .resource::<SecurityEvent>()
        .resource::<SigningKey>()
        .permissions("mainstay", Permission::BUILT_IN)
        .job::<ChargePayment>()
        .job::<RefundPayment>()
        .job::<VoidPayment>()
        .job::<SendOrderMail>()
        .on("order.paid", SendOrderMail::from_event)
}
