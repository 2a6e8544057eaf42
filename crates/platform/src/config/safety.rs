//! What is fine on one's own machine and dangerous in front of real users.

use super::declared::*;
use super::fault::ConfigFault;
use super::settings::{Gateway, LogLevel, Settings};

impl Settings {
    /// What production refuses. `doctor` lists the same as warnings elsewhere. Empty: nothing is unsafe.
    pub fn unsafe_in_production(&self) -> Vec<ConfigFault> {
        let mut found = Vec::new();
        let mut unsafe_if = |wrong: bool, fault: fn() -> ConfigFault| {
            if wrong {
                found.push(fault());
            }
        };
        let public = self.http.public_url.as_deref();
        unsafe_if(public.is_none(), || {
            fault(
                &PUBLIC_URL,
                "",
                "links in mail and passkeys would be bound to the address this process listens on",
            )
        });
        unsafe_if(public.is_some_and(|url| !url.starts_with("https://")), || {
            fault(
                &PUBLIC_URL,
                "http://…",
                "without https, passwords and cookies travel in the clear",
            )
        });
        unsafe_if(self.master_key.is_none(), || {
            fault(
                &MASTER_KEY,
                "",
                "a key generated beside the data it seals protects nothing, and a second node could not open it",
            )
        });
        unsafe_if(!self.limits, || {
            fault(
                &RATE_LIMITS,
                "off",
                "passwords and codes could be guessed without limit",
            )
        });
        unsafe_if(self.audit_witness.is_exposed(), || {
            fault(
                &AUDIT_WITNESS_URL,
                "http://…",
                "without https, whoever is on the way could answer for the receiver, and no head would reach it",
            )
        });
        unsafe_if(self.mail.smtp_url.is_none(), || {
            fault(
                &SMTP_URL,
                "",
                "mail would be written to files, and nobody could confirm an address or reset a password",
            )
        });
        unsafe_if(self.payments.gateway == Gateway::Test, || {
            fault(
                &PAYMENT_GATEWAY,
                "test",
                "every order would count as paid without money having moved",
            )
        });
        unsafe_if(self.log.level > LogLevel::Info, || {
            fault(
                &LOG_LEVEL,
                "debug or trace",
                "libraries log personal data and statements at this level",
            )
        });
        found
    }
}

fn fault<T>(setting: &Setting<T>, value: &str, reason: &str) -> ConfigFault {
    ConfigFault {
        key: setting.key.to_owned(),
        env: Some(setting.env),
        value: Some(value.to_owned()),
        origin: None,
        reason: format!("unsafe in production: {reason}"),
        fix: setting.fix.to_owned(),
    }
}
