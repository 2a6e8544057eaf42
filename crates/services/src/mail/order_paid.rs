//! The mail that confirms a payment to the customer.

use mainstay_domain::order::{Order, OrderItem};
use mainstay_domain::user::User;
use mainstay_engine::mail::{Template, one_line};
use serde::Serialize;

/// Confirms to the buyer that the order is paid. Values: [`OrderPaid`].
pub(super) const ORDER_PAID: Template = Template {
    name: "order_paid",
    subject: include_str!("templates/order_paid.subject.txt"),
    text: include_str!("templates/order_paid.txt"),
    html: include_str!("templates/order_paid.html"),
};

/// The template values of the mail. Names are reduced to one line: a name must not look like another line of the order.
#[derive(Debug, Clone, Serialize)]
pub struct OrderPaid {
    name: String,
    number: String,
    lines: Vec<Line>,
    total: String,
}

#[derive(Debug, Clone, Serialize)]
struct Line {
    name: String,
    sku: String,
    quantity: u32,
    unit_price: String,
    total: String,
}

impl OrderPaid {
    /// The values for an order and its buyer.
    pub fn new(order: &Order, buyer: &User) -> Self {
        Self {
            name: one_line(buyer.name.as_str()),
            number: one_line(&order.number),
            lines: order.items.iter().map(line).collect(),
            total: order.total.to_string(),
        }
    }
}

fn line(item: &OrderItem) -> Line {
    Line {
        name: one_line(&item.name),
        sku: one_line(item.sku.as_str()),
        quantity: item.quantity,
        unit_price: item.unit_price.to_string(),
        total: item.total.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::templates::templates;
    use super::*;
    use mainstay_domain::access::RoleName;
    use mainstay_domain::currency::Currency;
    use mainstay_domain::email::Email;
    use mainstay_domain::id::{OrderId, ProductId, UserId};
    use mainstay_domain::money::Money;
    use mainstay_domain::name::PersonName;
    use mainstay_domain::product::Sku;
    use mainstay_domain::random::Counting;
    use mainstay_domain::time::Timestamp;
    use mainstay_domain::user::{NewUser, UserStatus};
    use mainstay_engine::mail::Rendered;
    use std::time::Duration;

    fn mail(buyer: &str, items: &[(&str, &str, u32, i64)]) -> Rendered {
        let (now, random) = (Timestamp::from_seconds(1_800_000_000), Counting::default());
        let usd = Currency::parse("USD").unwrap();
        let new = NewUser {
            email: Email::parse("ada@example.com").unwrap(),
            name: PersonName::stored(buyer.to_owned()),
            role: RoleName::customer(),
            status: UserStatus::Active,
            email_verified: true,
        };
        let buyer = User::new(UserId::make(now, &random), new, now);
        let item = |&(sku, name, quantity, cents): &(&str, &str, u32, i64)| {
            let price = Money::price(cents, usd).unwrap();
            let product = ProductId::make(now, &random);
            OrderItem::new(
                product,
                Sku::stored(sku.to_owned()),
                name.to_owned(),
                quantity,
                price,
            )
            .unwrap()
        };
        let items = items.iter().map(item).collect();
        let names = (
            OrderId::make(now, &random),
            "20270115-7K2M9QXD".to_owned(),
            buyer.id,
        );
        let order = Order::place(names, items, now, Duration::from_mins(30)).unwrap();
        templates()
            .unwrap()
            .render(&ORDER_PAID, &OrderPaid::new(&order, &buyer))
            .unwrap()
    }

    #[test]
    fn the_mail_matches_the_expected_text() {
        let items = [
            ("MUG-01", "Enamel mug", 2, 1450),
            ("LMP-01", "Desk lamp <b>\"warm\"</b> & quiet", 1, 6900),
        ];
        let mail = mail("Ada Lovelace", &items);
        assert_eq!(mail.subject, "Thank you for your order 20270115-7K2M9QXD");
        assert_eq!(mail.text, include_str!("expected/order_paid.txt"));
        assert_eq!(mail.html, include_str!("expected/order_paid.html"));
    }

    #[test]
    fn values_are_escaped_and_never_rendered_as_templates() {
        let name = "{{7*7}}{% raw %}<script>alert('x')</script>";
        let mail = mail(
            name,
            &[
                ("A", name, 1, 100),
                ("<i>B</i>", "\"><img src=x onerror=y>", 1, 100),
            ],
        );
        assert_eq!(mail.text.matches(name).count(), 2);
        assert!(
            mail.html.contains("{{7*7}}{% raw %}&lt;script&gt;alert("),
            "{}",
            mail.html
        );
        for raw in ["<script", "<img", "<i>"] {
            assert!(!mail.html.contains(raw), "{raw} in {}", mail.html);
        }
    }

    #[test]
    fn line_breaks_in_names_are_removed() {
        let mail = mail(
            "Ada\r\n\r\nTotal: 0.00 USD",
            &[("A", "Mug\nTotal: 0.00 USD\u{2028}x", 1, 100)],
        );
        assert_eq!(mail.subject.lines().count(), 1);
        let totals: Vec<_> = mail
            .text
            .lines()
            .filter(|line| line.starts_with("Total:"))
            .collect();
        assert_eq!(totals, ["Total: 1.00 USD"]);
    }

    #[test]
    fn the_html_loads_nothing_from_elsewhere() {
        let html = mail("Ada", &[("A", "Mug", 1, 100)]).html.to_lowercase();
        for cx in [
            "http:", "https:", "//", "src=", "href=", "url(", "@import", "<link", "<script", "<form",
        ] {
            assert!(!html.contains(cx), "{cx}");
        }
    }
}
