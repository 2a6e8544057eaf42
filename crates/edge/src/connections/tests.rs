//! Connection limits and timeouts, second by second.

use super::*;

fn connections(limit: usize, limit_of_address: usize) -> Arc<Connections> {
    let proxies = vec!["10.0.0.0/8".parse().unwrap()].into();
    Arc::new(Connections::new(limit, limit_of_address, proxies))
}

fn admit(connections: &Arc<Connections>, peer: &str) -> Result<Slot, Refused> {
    connections.admit(peer.parse().unwrap())
}

#[test]
fn an_address_has_its_share_and_a_trusted_proxy_has_all() {
    let all = connections(5, 2);
    let first = [
        admit(&all, "192.0.2.1").unwrap(),
        admit(&all, "192.0.2.1").unwrap(),
    ];
    assert_eq!(admit(&all, "192.0.2.1").unwrap_err(), Refused::Address);
    assert_eq!(admit(&all, "::ffff:192.0.2.1").unwrap_err(), Refused::Address);
    let proxied = ["10.0.0.1", "10.0.0.1", "::ffff:10.0.0.1"].map(|peer| admit(&all, peer).unwrap());
    assert_eq!(admit(&all, "10.0.0.1").unwrap_err(), Refused::Full);
    drop((first, proxied));
    assert_eq!(all.count(), 0);
    assert!(all.open.lock().of_addresses.is_empty());
    let counts = all.counts();
    assert_eq!(
        (
            counts.refused_full.load(Relaxed),
            counts.refused_address.load(Relaxed)
        ),
        (1, 2)
    );
}

#[test]
fn one_network_of_ipv6_is_one_address() {
    let all = connections(5, 1);
    let _one = admit(&all, "2001:db8::1").unwrap();
    assert_eq!(admit(&all, "2001:db8::ffff").unwrap_err(), Refused::Address);
    admit(&all, "2001:db8:0:1::1").unwrap();
}

fn after(all: &Connections, seconds: u64) {
    for _ in 0..seconds {
        all.sweep();
    }
}

fn order(slot: &Slot) -> Order {
    slot.state
        .poll_order(&std::task::Context::from_waker(std::task::Waker::noop()))
}

#[test]
fn a_connection_without_a_head_is_closed() {
    let all = connections(5, 5);
    let slot = admit(&all, "192.0.2.1").unwrap();
    after(&all, SILENCE);
    assert_eq!(order(&slot), Order::Serve);
    after(&all, 1);
    assert_eq!(order(&slot), Order::Close);
    assert_eq!(all.counts().closed_silent.load(Relaxed), 1);
}

#[test]
fn a_connection_without_requests_is_drained_and_then_closed() {
    let all = connections(5, 5);
    let slot = admit(&all, "192.0.2.1").unwrap();
    let (one, other) = (slot.state.begin_request(), slot.state.begin_request());
    after(&all, 100);
    drop(one);
    after(&all, 100);
    assert_eq!(order(&slot), Order::Serve, "a request takes as long as it takes");
    drop(other);
    after(&all, IDLENESS);
    assert_eq!(order(&slot), Order::Serve);
    after(&all, 1);
    assert_eq!(order(&slot), Order::Drain);
    after(&all, DRAIN);
    assert_eq!(order(&slot), Order::Close);
}

#[test]
fn a_connection_is_closed_that_takes_nothing_of_one_response() {
    let all = connections(5, 5);
    let budget = Arc::new(crate::budget::ByteBudget::new(1000));
    let slot = admit(&all, "192.0.2.1").unwrap();
    let _request = slot.state.begin_request();
    let client = "192.0.2.1".parse().unwrap();
    let hold = || slot.state.hold(10, false, client, &budget).unwrap();
    let (read, busy, stuck) = (hold(), hold(), hold());
    busy.waits_for_handler();
    for _ in 0..STALL {
        read.waits_for_client();
        all.sweep();
    }
    assert_eq!(order(&slot), Order::Serve);
    all.sweep();
    assert_eq!(order(&slot), Order::Close, "the others were read");
    drop((read, busy, stuck));
    assert_eq!(budget.used(), 0);
}

#[test]
fn a_connection_is_closed_that_cannot_be_written_to() {
    let all = connections(5, 5);
    let slot = admit(&all, "192.0.2.1").unwrap();
    let _request = slot.state.begin_request();
    slot.state.set_write_blocked(true);
    after(&all, STALL);
    slot.state.set_write_blocked(false);
    slot.state.set_write_blocked(true);
    after(&all, STALL);
    assert_eq!(order(&slot), Order::Serve);
    after(&all, 1);
    assert_eq!(order(&slot), Order::Close);
}
