//! Property tests: rules that hold for every input.

use mainstay_domain::access::PermissionSet;
use mainstay_domain::attributes;
use mainstay_domain::currency::Currency;
use mainstay_domain::email::Email;
use mainstay_domain::id::{OrderId, ProductId, UserId};
use mainstay_domain::money::Money;
use mainstay_domain::order::{Order, OrderItem, OrderStatus, OrderTransition};
use mainstay_domain::page::{Cursor, CursorKey, Position};
use mainstay_domain::password;
use mainstay_domain::product::Sku;
use mainstay_domain::text;
use mainstay_domain::time::Timestamp;
use proptest::prelude::*;
use std::time::Duration;
use uuid::Uuid;

fn order(lines: &[(i64, u32)]) -> mainstay_domain::Result<Order> {
    let currency = Currency::parse("EUR").expect("it is in the standard");
    let item = |(amount, quantity): &(i64, u32)| {
        let price = Money {
            amount: *amount,
            currency,
        };
        OrderItem::new(
            ProductId::from_uuid(Uuid::nil()),
            Sku::stored("S".into()),
            "S".into(),
            *quantity,
            price,
        )
    };
    let items = lines
        .iter()
        .map(item)
        .collect::<mainstay_domain::Result<Vec<_>>>()?;
    let names = (
        OrderId::from_uuid(Uuid::nil()),
        "1".into(),
        UserId::from_uuid(Uuid::nil()),
    );
    Order::place(names, items, Timestamp::from_micros(0), Duration::from_mins(30))
}

/// Permissions of an account: any of four, or every one.
fn permissions() -> impl Strategy<Value = PermissionSet> {
    let few = proptest::collection::vec(proptest::sample::select(PERMISSIONS.to_vec()), 0..4);
    let few = few.prop_map(|names| PermissionSet::of(names.into_iter().map(str::to_owned)));
    prop_oneof![8 => few, 1 => Just(PermissionSet::everything(&[]))]
}

const PERMISSIONS: [&str; 4] = ["read:user", "update:user", "read:order", "export:data"];

proptest! {
    #[test]
    fn a_total_is_the_exact_sum_of_its_lines_or_an_error(lines in prop::collection::vec((0..=Money::MAX_AMOUNT, 1..=10_000_u32), 1..20)) {
        let exact: i128 = lines.iter().map(|(amount, quantity)| i128::from(*amount) * i128::from(*quantity)).sum();
        match order(&lines) {
            Ok(order) => prop_assert_eq!(i128::from(order.total.amount), exact),
            Err(_) => prop_assert!(exact > i128::from(Money::MAX_AMOUNT)),
        }
    }

    #[test]
    fn no_sequence_of_transitions_pays_twice_or_leaves_a_final_status(steps in prop::collection::vec(0..OrderTransition::ALL.len(), 0..30)) {
        let mut order = order(&[(5, 1)]).expect("a small order");
        let mut settled = 0;
        for step in steps {
            let before = order.clone();
            match order.clone().step(OrderTransition::ALL[step], Timestamp::from_micros(1)) {
                Ok(after) => {
                    settled += u32::from(OrderTransition::ALL[step] as u8 == OrderTransition::Settle as u8);
                    prop_assert_eq!(after.version, before.version + 1);
                    prop_assert!(!matches!(before.status, OrderStatus::Cancelled | OrderStatus::Expired | OrderStatus::Refunded));
                    order = after;
                }
                Err(_) => prop_assert!(before.status.after(OrderTransition::ALL[step]).is_none()),
            }
        }
        prop_assert!(settled <= 1);
    }

    #[test]
    fn a_cursor_survives_encoding_and_decoding(list in any::<u64>(), number in any::<i64>(), text in ".{0,200}", id in any::<u128>()) {
        for key in [CursorKey::Number(number), CursorKey::Text(text)] {
            let cursor = Cursor { list, position: Position { key, id: Uuid::from_u128(id) } };
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
        }
    }

    #[test]
    fn words_are_found_by_a_prefix_of_any_length(text in ".{0,120}", at in 0_usize..20, length in 1_usize..8) {
        let words: Vec<String> = text::words(&text).collect();
        prop_assert_eq!(&text::words(&words.join(" ")).collect::<Vec<_>>(), &words);
        prop_assert!(words.iter().all(|word| !word.is_empty() && word.len() <= 64 * 12));
        if let Some(word) = words.get(at) {
            let beginning: String = word.chars().take(length).collect();
            let searched: Vec<String> = text::words(&beginning).collect();
            prop_assert!(searched.iter().all(|searched| word.contains(searched.as_str())));
        }
    }

    #[test]
    fn a_line_is_kept_as_it_is_the_second_time(text in ".{0,120}") {
        for read in [text::line(&text, 100), text::paragraph(&text, 100)] {
            let Ok(once) = read else { continue };
            prop_assert!(once.chars().count() <= 100);
            prop_assert_eq!(text::paragraph(&once, 100), Ok(once));
        }
        let prepared = password::prepared(&text).into_owned();
        prop_assert_eq!(password::prepared(&prepared).into_owned(), prepared);
        let folded = text::folded(&text).into_owned();
        prop_assert_eq!(text::folded(&folded).into_owned(), folded);
    }

    #[test]
    fn an_address_is_the_same_the_second_time_and_fits_its_mail(local in "[a-zà-ÿⰀ-ⱯΑ-Ω]{1,30}", label in "[a-zà-ÿα-ω0-9-]{1,20}") {
        if let Ok(email) = Email::parse(&format!("{local}@{label}.example")) {
            prop_assert!(Email::parse(email.as_str()).is_ok_and(|again| again == email));
            prop_assert!(Email::parse(&email.sent()).is_ok_and(|again| again == email));
            let sent = email.sent();
            let (local, domain) = sent.rsplit_once('@').expect("it has both");
            prop_assert!(local.len() <= 64 && sent.len() <= 254 && domain.is_ascii());
        }
    }

    #[test]
    fn a_number_is_kept_with_its_value(bits in any::<u64>(), whole in any::<i128>(), exponent in -30_i32..30) {
        let double = f64::from_bits(bits);
        if double.is_finite() {
            let text = serde_json::json!({"n": double}).to_string();
            let read = attributes::read(&text).expect("it was printed by us");
            prop_assert_eq!(read["n"].as_f64(), Some(double));
            let again = serde_json::Value::Object(read.clone()).to_string();
            prop_assert_eq!(attributes::read(&again), Ok(read.clone()), "reading is stable");
            // What a database gives back is read without these rules.
            let stored: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&again).expect("JSON");
            prop_assert_eq!(stored, read);
        }
        if let Ok(read) = attributes::read(&format!("{{\"n\": {whole}e{exponent}}}")) {
            let shown = read["n"].to_string();
            prop_assert_eq!(shown.parse::<f64>().ok(), format!("{whole}e{exponent}").parse::<f64>().ok());
        }
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in ".{0,300}") {
        let _ = Cursor::decode(&text);
        let _ = attributes::read(&text);
        let _ = attributes::read(&format!("{{{text}}}"));
        let _ = Currency::parse(&text);
        let _ = Timestamp::parse(&text);
        if let Ok(email) = Email::parse(&text) {
            prop_assert!(Email::parse(email.as_str()).is_ok_and(|again| again == email), "parsing is stable");
        }
    }

    #[test]
    fn instants_survive_formatting_to_the_millisecond(micros in 0_i64..4_000_000_000_000_000) {
        let instant = Timestamp::from_micros(micros);
        let back = Timestamp::parse(&instant.to_string()).expect("we wrote it");
        prop_assert_eq!(back.micros() / 1000, micros / 1000);
    }

    #[test]
    fn an_account_reaches_no_permission_through_those_that_it_outranks(
        chain in proptest::collection::vec(permissions(), 2..5),
    ) {
        // Each outranks the next one, and so the first one holds whatever the last one holds.
        let outranked = chain.windows(2).take_while(|pair| pair[0].covers(&pair[1])).count();
        let (first, last) = (&chain[0], &chain[outranked]);
        prop_assert!(first.covers(last));
        for name in PERMISSIONS {
            prop_assert!(first.has_name(name) || !last.has_name(name));
        }
    }

    #[test]
    fn an_account_is_outranked_exactly_when_it_holds_nothing_more(one in permissions(), other in permissions()) {
        let more = PERMISSIONS.iter().any(|name| other.has_name(name) && !one.has_name(name));
        let other_is_admin = other.has_name("any:thing");
        let one_is_admin = one.has_name("any:thing");
        prop_assert_eq!(one.covers(&other), one_is_admin || (!other_is_admin && !more));
    }
}
