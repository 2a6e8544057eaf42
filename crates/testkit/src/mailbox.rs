//! A fake mailer that stores messages.

use futures_util::future::{self, BoxFuture};
use mainstay_domain::{Error, Result};
use mainstay_engine::mail::{Mailer, Message};
use parking_lot::Mutex;

/// Stores every message.
#[derive(Default)]
pub struct Mailbox {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    messages: Vec<Message>,
    unavailable: usize,
}

impl Mailbox {
    /// Every message so far, in the order of arrival.
    pub fn messages(&self) -> Vec<Message> {
        self.state.lock().messages.clone()
    }

    /// Is unavailable for the next `times` messages.
    pub fn fail_next(&self, times: usize) {
        self.state.lock().unavailable = times;
    }
}

impl Mailer for Mailbox {
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<()>> {
        let mut state = self.state.lock();
        if state.unavailable > 0 {
            state.unavailable -= 1;
            let error = Error::Unavailable {
                what: "the mail server",
                source: None,
            };
            return Box::pin(future::ready(Err(error)));
        }
        state.messages.push(message.clone());
        Box::pin(future::ready(Ok(())))
    }

    fn check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(future::ready(Ok(())))
    }
}
