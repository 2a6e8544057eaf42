//! A sample of every mail, for the preview and for the files in `expected/`.

use super::account_mail::{AccountMail, RequestFacts};
use super::draft::Draft;
use super::kind::MailKind;
use super::layout::write;
use super::order_paid::order_paid;
use mainstay_domain::currency::Currency;
use mainstay_domain::email::Email;
use mainstay_domain::id::{OrderId, ProductId, UserId};
use mainstay_domain::locale::Locale;
use mainstay_domain::money::Money;
use mainstay_domain::name::PersonName;
use mainstay_domain::one_time_token::TokenPurpose;
use mainstay_domain::order::{Order, OrderItem};
use mainstay_domain::product::Sku;
use mainstay_domain::random::Counting;
use mainstay_domain::time::Timestamp;
use mainstay_domain::{Error, Result};
use mainstay_engine::Secret;
use mainstay_engine::mail::Rendered;
use std::time::Duration;

/// The address of the site in samples.
const SITE: &str = "https://shop.example";

/// When everything in a sample happened, in seconds since the Unix epoch.
const AT: i64 = 1_800_000_000;

/// A mail of a kind with invented values.
///
/// # Errors
/// An internal error, which a test of every kind excludes.
pub fn preview(kind: MailKind, locale: Locale) -> Result<Rendered> {
    let name = PersonName::stored("Ada Lovelace".to_owned());
    // The mails to addresses that are not confirmed carry no name.
    let anonymous = matches!(
        kind,
        MailKind::VerifyEmail | MailKind::ChangeEmail | MailKind::Invitation
    );
    write(&sample(kind)?, Some(&name).filter(|_| !anonymous), locale, SITE)
}

fn sample(kind: MailKind) -> Result<Draft> {
    let token = |prefix: &str| {
        Secret::new(format!(
            "{prefix}{}",
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
        ))
    };
    let new = || Email::stored("ada@new.example".to_owned());
    let request = || RequestFacts {
        at: Timestamp::from_seconds(AT),
        ip: Some("203.0.113.7".to_owned()),
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0".to_owned()),
    };
    let until = || Timestamp::from_seconds(AT).after(Duration::from_hours(14 * 24));
    let mail = match kind {
        MailKind::OrderPaid => {
            let items = [
                ("MUG-01", "Enamel mug", 2, 1450),
                ("LMP-01", "Desk lamp <b>\"warm\"</b> & quiet", 1, 6900),
            ];
            return Ok(order_paid(&order(&items)?));
        }
        MailKind::VerifyEmail => AccountMail::VerifyEmail { token: token("mve_") },
        MailKind::AccountExists => AccountMail::AccountExists { token: token("mrp_") },
        MailKind::ResetPassword => AccountMail::ResetPassword { token: token("mrp_") },
        MailKind::MagicLink => AccountMail::MagicLink { token: token("mml_") },
        MailKind::EmailCode => AccountMail::EmailCode {
            code: Secret::new("493027".to_owned()),
        },
        MailKind::StepUpCode => AccountMail::StepUpCode {
            code: Secret::new("718264".to_owned()),
        },
        MailKind::PasswordChanged => AccountMail::PasswordChanged { request: request() },
        MailKind::PasswordRemoved => AccountMail::PasswordRemoved { token: token("mrp_") },
        MailKind::ChangeEmail => AccountMail::ChangeEmail { token: token("mce_") },
        MailKind::EmailChangeRequested => AccountMail::EmailChangeRequested {
            new: new(),
            request: request(),
        },
        MailKind::EmailChanged => AccountMail::EmailChanged {
            new: new(),
            request: request(),
        },
        MailKind::NewDevice => AccountMail::NewDevice { request: request() },
        MailKind::SessionFlagged => AccountMail::SessionFlagged { request: request() },
        MailKind::Invitation => AccountMail::Invitation {
            token: token("miv_"),
            valid: TokenPurpose::Invitation.ttl(),
        },
        MailKind::MfaEnabled => AccountMail::MfaEnabled { request: request() },
        MailKind::MfaDisabled => AccountMail::MfaDisabled { request: request() },
        MailKind::MfaReset => AccountMail::MfaReset {
            at: Timestamp::from_seconds(AT),
        },
        MailKind::PasskeyAdded => AccountMail::PasskeyAdded {
            name: "Phone".to_owned(),
            request: request(),
        },
        MailKind::PasskeyRemoved => AccountMail::PasskeyRemoved {
            name: "Phone".to_owned(),
            request: request(),
        },
        MailKind::RecoveryCodesRenewed => AccountMail::RecoveryCodesRenewed { request: request() },
        MailKind::RecoveryCodeUsed => AccountMail::RecoveryCodeUsed {
            left: 9,
            request: request(),
        },
        MailKind::IdentityLinked => AccountMail::IdentityLinked {
            provider: "Google".to_owned(),
            request: request(),
        },
        MailKind::IdentityUnlinked => AccountMail::IdentityUnlinked {
            provider: "Google".to_owned(),
            request: request(),
        },
        MailKind::DataExportReady => AccountMail::DataExportReady { until: until() },
        MailKind::DataExportFailed => AccountMail::DataExportFailed,
        MailKind::AccountRestored => AccountMail::AccountRestored { request: request() },
        MailKind::DeletionRequested => AccountMail::DeletionRequested {
            until: until(),
            request: request(),
        },
        MailKind::WebhookDisabled => AccountMail::WebhookDisabled {
            url: "https://hooks.example/mainstay?shop=1&x=<b>".to_owned(),
        },
        MailKind::AccountDeleted => AccountMail::AccountDeleted,
    };
    Ok(mail.draft())
}

/// An order with these items: SKU, name, quantity, price in cents.
pub(super) fn order(items: &[(&str, &str, u32, i64)]) -> Result<Order> {
    let (now, random) = (Timestamp::from_seconds(AT), Counting::default());
    let usd = Currency::parse("USD").map_err(|_invalid| Error::bug("USD is a currency"))?;
    let item = |&(sku, name, quantity, cents): &(&str, &str, u32, i64)| {
        let price = Money::price(cents, usd).map_err(|_invalid| Error::bug("a sample has a valid price"))?;
        let product = ProductId::make(now, &random);
        OrderItem::new(
            product,
            Sku::stored(sku.to_owned()),
            name.to_owned(),
            quantity,
            price,
        )
    };
    let items = items.iter().map(item).collect::<Result<_>>()?;
    let buyer = UserId::make(now, &random);
    let names = (OrderId::make(now, &random), "20270115-7K2M9QXD".to_owned(), buyer);
    Order::place(names, items, now, Duration::from_mins(30))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn all() -> impl Iterator<Item = (MailKind, Locale, Rendered)> {
        let kinds = MailKind::ALL.into_iter();
        kinds.flat_map(|kind| Locale::ALL.map(|locale| (kind, locale, preview(kind, locale).unwrap())))
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "a switch of the test run, not a setting of Mainstay: it renews the files in the repository"
    )]
    fn every_mail_is_the_reviewed_one_in_every_language() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mail/expected");
        let renew = std::env::var_os("UPDATE_CONTRACTS").is_some();
        for (kind, locale, mail) in all() {
            let text = format!("Subject: {}\n\n{}", mail.subject, mail.text);
            for (ending, written) in [("txt", &text), ("html", &mail.html)] {
                let name = format!("{kind}.{locale}.{ending}");
                let path = folder.join(&name);
                if renew {
                    fs::write(&path, written).unwrap();
                }
                let reviewed = fs::read_to_string(&path).unwrap_or_default();
                assert!(
                    reviewed == *written,
                    "{name} differs; if that is meant: UPDATE_CONTRACTS=1 cargo test -p mainstay-services --lib"
                );
            }
        }
        let files = fs::read_dir(folder).unwrap().count();
        assert_eq!(
            files,
            MailKind::ALL.len() * Locale::ALL.len() * 2,
            "no file is left over"
        );
    }

    #[test]
    fn texts_of_two_languages_differ() {
        for kind in MailKind::ALL {
            let [english, german] = Locale::ALL.map(|locale| preview(kind, locale).unwrap());
            assert_ne!(english.subject, german.subject, "{kind}");
            assert!(english.html.contains("lang=\"en\"") && german.html.contains("lang=\"de\""));
        }
    }

    #[test]
    fn links_lead_to_the_site_and_nothing_is_loaded() {
        for (kind, locale, mail) in all() {
            let html = mail.html.to_lowercase();
            for loads in ["src=", "url(", "@import", "<link", "<script", "<form", "<iframe"] {
                assert!(!html.contains(loads), "{kind} {locale}: {loads}");
            }
            for link in html.split("href=\"").skip(1) {
                let decoded = link.split('"').next().unwrap().replace("&#x2f;", "/");
                assert!(decoded.starts_with(SITE), "{kind} {locale}: {decoded}");
                assert!(decoded.contains('#'), "{kind} {locale}: the token follows #");
                assert!(!decoded.contains('?'), "{kind} {locale}: {decoded}");
            }
            assert_eq!(html.contains("href"), mail.text.contains(SITE), "{kind} {locale}");
        }
    }
}
