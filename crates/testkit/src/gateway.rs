//! A fake payment gateway that is scripted by the test and records its calls.

use futures_util::future::BoxFuture;
use mainstay_domain::id::PaymentId;
use mainstay_domain::money::Money;
use mainstay_domain::{Error, Result};
use mainstay_services::ports::{Charge, PaymentGateway, Voided};
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Collects every payment unless scripted otherwise. Like a real gateway it deduplicates requests by payment id.
#[derive(Default)]
pub struct FakeGateway {
    state: Mutex<Charges>,
}

#[derive(Default)]
struct Charges {
    next: VecDeque<Next>,
    outcomes: HashMap<PaymentId, Charge>,
    collected: Vec<(PaymentId, Money)>,
    repaid: Vec<(PaymentId, Money)>,
    voided: Vec<PaymentId>,
    calls: usize,
    gate: Option<Arc<Gate>>,
    closed: bool,
}

/// The outcome of the next call.
enum Next {
    Refuse(String),
    Away,
    /// The money moves, but the response is lost.
    LoseAnswer,
}

struct Gate {
    entered: Semaphore,
    open: Semaphore,
}

/// Charges that block inside the gateway until they are released or this is dropped.
pub struct PausedCharge(Arc<Gate>);

impl FakeGateway {
    /// Refuses the next charge, with a reason.
    pub fn refuse_next(&self, reason: &str) {
        self.state.lock().next.push_back(Next::Refuse(reason.to_owned()));
    }

    /// Is unavailable for the next `times` calls.
    pub fn fail_next(&self, times: usize) {
        self.state.lock().next.extend((0..times).map(|_| Next::Away));
    }

    /// Executes the next call and loses the response.
    pub fn lose_next_answer(&self) {
        self.state.lock().next.push_back(Next::LoseAnswer);
    }

    /// Whether the gateway reports from now on that no payment can be started.
    pub fn set_closed(&self, closed: bool) {
        self.state.lock().closed = closed;
    }

    /// Blocks charges inside the gateway until they are released.
    pub fn hold(&self) -> PausedCharge {
        let gate = Arc::new(Gate {
            entered: Semaphore::new(0),
            open: Semaphore::new(0),
        });
        self.state.lock().gate = Some(Arc::clone(&gate));
        PausedCharge(gate)
    }

    /// Every collection of money. A payment that occurs twice was charged twice.
    pub fn collected(&self) -> Vec<(PaymentId, Money)> {
        self.state.lock().collected.clone()
    }

    /// Every refund of money.
    pub fn repaid(&self) -> Vec<(PaymentId, Money)> {
        self.state.lock().repaid.clone()
    }

    /// Every payment that was voided in time, and so can never be collected.
    pub fn voided(&self) -> Vec<PaymentId> {
        self.state.lock().voided.clone()
    }

    /// The number of calls, whatever their outcome.
    pub fn calls(&self) -> usize {
        self.state.lock().calls
    }

    /// Counts a call; returns its scripted outcome and the gate it has to pass, if any.
    fn record_call(&self) -> (Option<Next>, Option<Arc<Gate>>) {
        let mut state = self.state.lock();
        state.calls += 1;
        (state.next.pop_front(), state.gate.clone())
    }
}

impl PausedCharge {
    /// Returns as soon as a charge has arrived.
    pub async fn entered(&self) {
        self.0
            .entered
            .acquire()
            .await
            .expect("it is never closed")
            .forget();
    }

    /// Releases all charges, including later ones.
    pub fn let_go(self) {}
}

impl Drop for PausedCharge {
    fn drop(&mut self) {
        self.0.open.close();
    }
}

fn unavailable() -> Error {
    Error::Unavailable {
        what: "the payment gateway",
        source: None,
    }
}

impl PaymentGateway for FakeGateway {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn charge(&self, payment: PaymentId, amount: Money) -> BoxFuture<'_, Result<Charge>> {
        Box::pin(async move {
            let (next, gate) = self.record_call();
            if let Some(gate) = gate {
                gate.entered.add_permits(1);
                // An error means that the gate was opened.
                let _ = gate.open.acquire().await;
            }
            if matches!(next, Some(Next::Away)) {
                return Err(unavailable());
            }
            let mut state = self.state.lock();
            let charge = match (state.outcomes.get(&payment), &next) {
                (Some(known), _) => known.clone(),
                (None, Some(Next::Refuse(reason))) => Charge::Refused {
                    reason: reason.clone(),
                },
                (None, _) => {
                    state.collected.push((payment, amount));
                    Charge::Collected {
                        reference: format!("fake_{payment}"),
                    }
                }
            };
            state.outcomes.insert(payment, charge.clone());
            if matches!(next, Some(Next::LoseAnswer)) {
                Err(unavailable())
            } else {
                Ok(charge)
            }
        })
    }

    fn void(&self, payment: PaymentId, _amount: Money) -> BoxFuture<'_, Result<Voided>> {
        Box::pin(async move {
            let (next, _) = self.record_call();
            if matches!(next, Some(Next::Away)) {
                return Err(unavailable());
            }
            let mut state = self.state.lock();
            let refused = || Charge::Refused {
                reason: "the payment was called off".to_owned(),
            };
            let voided = match state.outcomes.entry(payment).or_insert_with(refused) {
                Charge::Collected { reference } => Voided::Collected {
                    reference: reference.clone(),
                },
                Charge::Refused { .. } => Voided::Nothing,
            };
            if voided == Voided::Nothing && !state.voided.contains(&payment) {
                state.voided.push(payment);
            }
            if matches!(next, Some(Next::LoseAnswer)) {
                Err(unavailable())
            } else {
                Ok(voided)
            }
        })
    }

    fn refund(&self, payment: PaymentId, reference: &str, amount: Money) -> BoxFuture<'_, Result<()>> {
        assert_eq!(
            reference,
            format!("fake_{payment}"),
            "a refund of another payment's charge"
        );
        Box::pin(async move {
            let (next, _) = self.record_call();
            if matches!(next, Some(Next::Away)) {
                return Err(unavailable());
            }
            let mut state = self.state.lock();
            assert!(
                state.collected.contains(&(payment, amount)),
                "a refund of what was never collected"
            );
            if !state.repaid.iter().any(|(repaid, _)| *repaid == payment) {
                state.repaid.push((payment, amount));
            }
            if matches!(next, Some(Next::LoseAnswer)) {
                Err(unavailable())
            } else {
                Ok(())
            }
        })
    }

    fn check_open(&self) -> Result<()> {
        if self.state.lock().closed {
            Err(unavailable())
        } else {
            Ok(())
        }
    }
}
