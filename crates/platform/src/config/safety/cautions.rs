//! Settings that production allows, because they can be right, but that are usually a mistake.

use super::super::declared::*;
use super::super::error::ConfigError;
use super::super::settings::Settings;
use super::super::smtp::{SmtpAddress, SmtpEncryption};
use super::strength::is_default_password;
use super::{host_of, postgres_config};
use crate::network::{is_this_machine, parse_address};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

impl Settings {
    /// Settings that an administrator should check although production does not refuse them: `doctor` lists them, and a
    /// production server logs them when it starts.
    pub fn cautions(&self) -> Vec<ConfigError> {
        let long = self.tokens.access_ttl > HOUR;
        let rules = [
            self.bare_address(),
            self.mail_in_the_clear(),
            self.default_password(),
            self.open_metrics(),
            long.then(|| {
                caution(
                    &ACCESS_TTL,
                    "is longer than an hour: services that check tokens by themselves believe a stolen or revoked one so long",
                    "choose minutes, e.g. 15m: clients renew tokens by themselves",
                )
            }),
            (self.tokens.refresh_ttl > 90 * DAY).then(|| {
                caution(
                    &REFRESH_TTL,
                    "is longer than 90 days: a device that was lost stays signed in so long",
                    "choose days or weeks, e.g. 30d",
                )
            }),
            (self.orders.reservation_ttl > DAY).then(|| {
                caution(
                    &RESERVATION_TTL,
                    "is longer than a day: a customer can reserve the whole stock for that long without paying",
                    "choose minutes or hours, e.g. 30m",
                )
            }),
            (self.mail.smtp_url.is_some() && is_placeholder_sender(&self.mail.from)).then(|| {
                caution(
                    &MAIL_FROM,
                    "names this machine or an example as the sender: mail servers refuse or hide such mail",
                    "give an address of a domain of your own",
                )
            }),
        ];
        rules.into_iter().flatten().collect()
    }

    fn bare_address(&self) -> Option<ConfigError> {
        let host = host_of(self.http.public_url.as_deref()?)?;
        parse_address(&host).map(|_| {
            caution(
                &PUBLIC_URL,
                "is an address and not a name: passkeys and certificates are bound to names",
                "give a host name, e.g. https://shop.example",
            )
        })
    }

    fn mail_in_the_clear(&self) -> Option<ConfigError> {
        let address = SmtpAddress::parse(self.mail.smtp_url.as_ref()?.expose()).ok()?;
        let is_open = address.encryption == SmtpEncryption::Opportunistic && !is_this_machine(&address.host);
        is_open.then(|| {
            caution(
                &SMTP_URL,
                "lets an attacker on the network path to the mail server remove the encryption and read the links in mail",
                "add ?tls=required, or use smtps://",
            )
        })
    }

    fn default_password(&self) -> Option<ConfigError> {
        let config = postgres_config(self.database.url.expose())?;
        let password = std::str::from_utf8(config.get_password()?).ok()?;
        is_default_password(password).then(|| {
            caution(
                &DATABASE_URL,
                "holds a password that attackers try first",
                "give the database user a random password",
            )
        })
    }

    fn open_metrics(&self) -> Option<ConfigError> {
        let address = self.metrics_addr?.ip();
        let is_private = match address {
            std::net::IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
            std::net::IpAddr::V6(v6) => {
                v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local()
            }
        };
        (!is_private).then(|| {
            caution(
                &METRICS_ADDR,
                "is no private address, and any client that reaches it reads the metrics without an account",
                "give an address that only the collector reaches, e.g. 127.0.0.1:9100, or keep others out by a firewall",
            )
        })
    }
}

fn is_placeholder_sender(from: &str) -> bool {
    let domain = from.trim_end_matches('>').rsplit('@').next().unwrap_or_default();
    let is_example = ["example", "example.com", "example.net", "example.org"].contains(&domain);
    is_example || is_this_machine(domain)
}

fn caution<T>(setting: &Setting<T>, reason: &str, fix: &str) -> ConfigError {
    ConfigError {
        key: setting.key.to_owned(),
        env: Some(setting.env.into()),
        value: None,
        origin: None,
        reason: reason.to_owned(),
        fix: fix.to_owned(),
    }
}
