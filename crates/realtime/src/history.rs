//! What a client missed, read from the log in pages.

use crate::message::{Message, messages_of};
use mainstay_domain::Result;
use mainstay_domain::channel::Channel;
use mainstay_edge::LiveCaller;
use mainstay_services::channel::ReadHistory;
use std::collections::VecDeque;
use std::sync::Arc;

/// Events read at once.
const PAGE: u32 = 200;

/// The messages of a channel between two offsets.
#[derive(Debug)]
pub(crate) struct History {
    channel: Channel,
    /// Messages up to this offset are read.
    after: i64,
    until: i64,
    read: VecDeque<Arc<Message>>,
    is_whole: bool,
}

impl History {
    /// The messages after an offset up to another.
    pub(crate) fn between(channel: Channel, after: i64, until: i64) -> Self {
        Self {
            channel,
            after,
            until,
            read: VecDeque::new(),
            is_whole: after >= until,
        }
    }

    /// Messages that are in memory.
    pub(crate) fn of(channel: Channel, messages: Vec<Arc<Message>>) -> Self {
        Self {
            read: messages.into(),
            ..Self::between(channel, 0, 0)
        }
    }

    /// The next message that the caller may see; `None` after the last.
    ///
    /// # Errors
    /// The caller may no longer read the channel, or the database is unavailable.
    pub(crate) async fn next(&mut self, caller: &LiveCaller) -> Result<Option<Arc<Message>>> {
        loop {
            while let Some(message) = self.read.pop_front() {
                if message.is_published || self.channel.shows_unpublished(caller.caller()) {
                    return Ok(Some(message));
                }
            }
            if self.is_whole {
                return Ok(None);
            }
            self.read_page(caller).await?;
        }
    }

    async fn read_page(&mut self, caller: &LiveCaller) -> Result<()> {
        let page = ReadHistory {
            channel: self.channel.clone(),
            after: self.after,
            until: self.until,
            limit: PAGE,
        };
        let events = caller.query(page).await?;
        self.is_whole = events.len() < PAGE as usize;
        self.after = events.last().map_or(self.until, |event| event.position);
        let messages = events.iter().flat_map(messages_of);
        let of_channel = messages.filter(|message| message.channel == self.channel);
        self.read.extend(of_channel.map(Arc::new));
        Ok(())
    }
}
