//! The mail that confirms a payment to the customer.

use super::draft::{Draft, OrderLine, OrderTable};
use super::kind::MailKind;
use mainstay_domain::order::{Order, OrderItem};
use mainstay_engine::mail::one_line;

/// The mail for a paid order. Names are reduced to one line: a name must not look like another line of the order.
pub(super) fn order_paid(order: &Order) -> Draft {
    Draft {
        order: Some(OrderTable {
            lines: order.items.iter().map(line).collect(),
            total: order.total.to_string(),
        }),
        ..Draft::new(MailKind::OrderPaid).value("number", order.number.as_str())
    }
}

fn line(item: &OrderItem) -> OrderLine {
    OrderLine {
        name: one_line(&item.name),
        sku: one_line(item.sku.as_str()),
        quantity: item.quantity,
        unit_price: item.unit_price.to_string(),
        total: item.total.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::write;
    use super::super::samples::order;
    use super::*;
    use mainstay_domain::locale::Locale;
    use mainstay_domain::name::PersonName;
    use mainstay_engine::mail::Rendered;

    fn mail(buyer: &str, items: &[(&str, &str, u32, i64)]) -> Rendered {
        let name = PersonName::stored(buyer.to_owned());
        let draft = order_paid(&order(items).unwrap());
        write(&draft, Some(&name), Locale::English, "https://shop.example").unwrap()
    }

    #[test]
    fn values_are_escaped_and_never_rendered_as_templates() {
        let name = "{{7*7}}{% raw %}{site}<script>alert('x')</script>";
        let mail = mail(
            name,
            &[
                ("A", name, 1, 100),
                ("<i>B</i>", "\"><img src=x onerror=y>", 1, 100),
            ],
        );
        assert_eq!(mail.text.matches(name).count(), 2);
        assert!(
            mail.html.contains("{{7*7}}{% raw %}{site}&lt;script&gt;alert("),
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
}
