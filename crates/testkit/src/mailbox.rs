//! A mailer that keeps what it is given.

use futures_util::future::{self, BoxFuture};
use mainstay_domain::{Error, Result};
use mainstay_services::ports::{Mailer, Message};
use parking_lot::Mutex;

/// Keeps every message.
#[derive(Default)]
pub struct Mailbox {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    messages: Vec<Message>,
    away: usize,
}

impl Mailbox {
    /// Every message so far, in the order they came.
    pub fn messages(&self) -> Vec<Message> {
        self.state.lock().messages.clone()
    }

    /// Cannot be reached for the next messages.
    pub fn be_away(&self, times: usize) {
        self.state.lock().away = times;
    }
}

impl Mailer for Mailbox {
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<()>> {
        let mut state = self.state.lock();
        if state.away > 0 {
            state.away -= 1;
            let away = Error::Unavailable {
                what: "the mail server",
                source: None,
            };
            return Box::pin(future::ready(Err(away)));
        }
        state.messages.push(message.clone());
        Box::pin(future::ready(Ok(())))
    }

    fn check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(future::ready(Ok(())))
    }
}
