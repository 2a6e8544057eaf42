//! A payment gateway that does what the test says, and keeps what it was asked.

use futures_util::future::BoxFuture;
use mainstay_domain::id::PaymentId;
use mainstay_domain::money::Money;
use mainstay_domain::{Error, Result};
use mainstay_services::ports::{Charge, PaymentGateway, Voided};
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Collects unless it was told otherwise. Like a real one it folds repetitions by the payment's id.
#[derive(Default)]
pub struct FakeGateway {
    books: Mutex<Books>,
}

#[derive(Default)]
struct Books {
    next: VecDeque<Next>,
    outcomes: HashMap<PaymentId, Charge>,
    collected: Vec<(PaymentId, Money)>,
    repaid: Vec<(PaymentId, Money)>,
    voided: Vec<PaymentId>,
    asked: usize,
    held: Option<Arc<Gate>>,
    closed: bool,
}

/// What the next call meets.
enum Next {
    Refuse(String),
    Away,
    /// The money moves, and the answer is lost on its way.
    LoseAnswer,
}

struct Gate {
    entered: Semaphore,
    open: Semaphore,
}

/// Charges that wait in the gateway until they are let go, or this is dropped.
pub struct Held(Arc<Gate>);

impl FakeGateway {
    /// Refuses the next charge, for a reason.
    pub fn refuse_next(&self, reason: &str) {
        self.books.lock().next.push_back(Next::Refuse(reason.to_owned()));
    }

    /// Cannot be reached for the next calls.
    pub fn be_away(&self, times: usize) {
        self.books.lock().next.extend((0..times).map(|_| Next::Away));
    }

    /// Does what the next call asks, and loses the answer.
    pub fn lose_next_answer(&self) {
        self.books.lock().next.push_back(Next::LoseAnswer);
    }

    /// Says from now on that no payment can be begun, or that it can.
    pub fn set_closed(&self, closed: bool) {
        self.books.lock().closed = closed;
    }

    /// Lets charges wait inside, until they are let go.
    pub fn hold(&self) -> Held {
        let gate = Arc::new(Gate {
            entered: Semaphore::new(0),
            open: Semaphore::new(0),
        });
        self.books.lock().held = Some(Arc::clone(&gate));
        Held(gate)
    }

    /// Every time money was collected. A payment that stands here twice was charged twice.
    pub fn collected(&self) -> Vec<(PaymentId, Money)> {
        self.books.lock().collected.clone()
    }

    /// Every time money was given back.
    pub fn repaid(&self) -> Vec<(PaymentId, Money)> {
        self.books.lock().repaid.clone()
    }

    /// Every payment that can never be collected, because it was called off in time.
    pub fn voided(&self) -> Vec<PaymentId> {
        self.books.lock().voided.clone()
    }

    /// How many calls there were, whatever came of them.
    pub fn asked(&self) -> usize {
        self.books.lock().asked
    }

    /// Counts a call and says how it ends early, if it does.
    fn arrive(&self) -> (Option<Next>, Option<Arc<Gate>>) {
        let mut books = self.books.lock();
        books.asked += 1;
        (books.next.pop_front(), books.held.clone())
    }
}

impl Held {
    /// Returns as soon as a charge has come in.
    pub async fn entered(&self) {
        self.0
            .entered
            .acquire()
            .await
            .expect("it is never closed")
            .forget();
    }

    /// Lets all of them go, also those that are still to come.
    pub fn let_go(self) {}
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.open.close();
    }
}

fn away() -> Error {
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
            let (next, gate) = self.arrive();
            if let Some(gate) = gate {
                gate.entered.add_permits(1);
                // An error means that the gate was opened.
                let _ = gate.open.acquire().await;
            }
            if matches!(next, Some(Next::Away)) {
                return Err(away());
            }
            let mut books = self.books.lock();
            let charge = match (books.outcomes.get(&payment), &next) {
                (Some(known), _) => known.clone(),
                (None, Some(Next::Refuse(reason))) => Charge::Refused {
                    reason: reason.clone(),
                },
                (None, _) => {
                    books.collected.push((payment, amount));
                    Charge::Collected {
                        reference: format!("fake_{payment}"),
                    }
                }
            };
            books.outcomes.insert(payment, charge.clone());
            if matches!(next, Some(Next::LoseAnswer)) {
                Err(away())
            } else {
                Ok(charge)
            }
        })
    }

    fn void(&self, payment: PaymentId, _amount: Money) -> BoxFuture<'_, Result<Voided>> {
        Box::pin(async move {
            let (next, _) = self.arrive();
            if matches!(next, Some(Next::Away)) {
                return Err(away());
            }
            let mut books = self.books.lock();
            let refused = || Charge::Refused {
                reason: "the payment was called off".to_owned(),
            };
            let voided = match books.outcomes.entry(payment).or_insert_with(refused) {
                Charge::Collected { reference } => Voided::Collected {
                    reference: reference.clone(),
                },
                Charge::Refused { .. } => Voided::Nothing,
            };
            if voided == Voided::Nothing && !books.voided.contains(&payment) {
                books.voided.push(payment);
            }
            if matches!(next, Some(Next::LoseAnswer)) {
                Err(away())
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
            let (next, _) = self.arrive();
            if matches!(next, Some(Next::Away)) {
                return Err(away());
            }
            let mut books = self.books.lock();
            assert!(
                books.collected.contains(&(payment, amount)),
                "a refund of what was never collected"
            );
            if !books.repaid.iter().any(|(repaid, _)| *repaid == payment) {
                books.repaid.push((payment, amount));
            }
            if matches!(next, Some(Next::LoseAnswer)) {
                Err(away())
            } else {
                Ok(())
            }
        })
    }

    fn check_open(&self) -> Result<()> {
        if self.books.lock().closed {
            Err(away())
        } else {
            Ok(())
        }
    }
}
