//! Recognises the devices that sign in to an account.

use crate::mail::{self, AccountMail, RequestFacts};
use mainstay_domain::Result;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::device::{Device, DeviceId};
use mainstay_domain::event::DomainEvent;
use mainstay_domain::random;
use mainstay_domain::security::SecurityEventKind;
use mainstay_domain::session::SignInMethod;
use mainstay_domain::user::User;
use mainstay_engine::{CommandContext, Origin, Repositories};
use mainstay_platform::crypto::seal::Sealer;
use mainstay_platform::crypto::{device as token, sha256};
use mainstay_platform::network::client_network;
use std::time::Duration;
use uuid::Uuid;

/// How exact the last sign-in of a device is: a write that only moves it is not worth more.
const SEEN_INTERVAL: Duration = Duration::from_hours(1);

/// How a request names its device. It proves nothing, but a stranger elsewhere does not pass for it.
#[derive(Debug, Clone)]
pub(super) struct DeviceClaim {
    /// What the browser's cookie names, if Mainstay issued it.
    pub(super) browser: Option<Uuid>,
    /// A digest of the client's software and network, by which programs are recognised, and browsers without the cookie.
    pub(super) fingerprint: [u8; 32],
}

impl DeviceClaim {
    pub(super) fn of(origin: &Origin, sealer: &Sealer) -> Self {
        let keys = sealer.derive_all(token::KEY_LABEL);
        let browser = origin
            .device
            .as_ref()
            .and_then(|text| token::open(text.expose(), &keys));
        let agent = origin.user_agent.as_deref().unwrap_or_default();
        let network = origin.ip.map(|ip| client_network(ip).to_string());
        let text = format!("{}\n{agent}", network.unwrap_or_default());
        Self {
            browser,
            fingerprint: sha256(text.as_bytes()),
        }
    }
}

/// Recognises the device of a sign-in, or remembers it; returns the id that its browser is to keep. The first sign-in
/// from a device, unless it is the account's very first, is a security event, and its owner gets a mail.
///
/// # Errors
/// Only the database's.
pub(super) async fn recognise_device(
    cx: &mut CommandContext<'_>,
    user: &User,
    method: SignInMethod,
) -> Result<Uuid> {
    let DeviceClaim { browser, fingerprint } = DeviceClaim::of(&cx.context().origin, &cx.components().sealer);
    let (scope, now) = (cx.scope_of(SystemCaller::SIGN_IN), cx.now());
    let found = cx
        .devices()
        .find_known(&scope, user.id, browser, &fingerprint)
        .await?;
    if let Some(mut device) = found {
        let is_outdated =
            device.fingerprint != fingerprint || now.since(device.last_seen_at) >= SEEN_INTERVAL;
        if is_outdated {
            device.fingerprint = fingerprint.to_vec();
            device.last_seen_at = now;
            let permit = cx.permit_of(SystemCaller::SIGN_IN, Device::SEEN, &device)?;
            cx.devices().seen(&permit, &device).await?;
        }
        return Ok(device.browser);
    }
    let is_first = method.creates_account() || !cx.devices().has_any(&scope, user.id).await?;
    let id: DeviceId = cx.make_id();
    let device = Device {
        id,
        user_id: user.id,
        browser: browser.unwrap_or_else(|| Uuid::from_bytes(random::bytes(cx.random()))),
        fingerprint: fingerprint.to_vec(),
        first_seen_at: now,
        last_seen_at: now,
    };
    let permit = cx.permit_of(SystemCaller::SIGN_IN, Device::ADD, &device)?;
    cx.devices().insert(&permit, &device).await?;
    if !is_first {
        cx.suspected(SecurityEventKind::NewDevice, user.id, "account.device.new");
        cx.record(permit, DomainEvent::created("device.added", &device));
        let request = RequestFacts::of(cx);
        mail::send(cx, user, AccountMail::NewDevice { request })?;
    }
    Ok(device.browser)
}
