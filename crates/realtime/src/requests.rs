//! What clients request over a WebSocket.

use crate::close::Close;
use crate::frame::{self, ClientFrame, Id, Request, ServerFrame};
use crate::socket::{Socket, survives};
use crate::subscriber::{MAX_CHANNELS, Since, Subscriber};
use mainstay_domain::channel::{Channel, RoomName};
use mainstay_domain::error::Denied;
use mainstay_domain::{Error, Result};
use mainstay_edge::SocketStream;
use mainstay_platform::stopwatch::Stopwatch;
use mainstay_services::channel::PublishInRoom;
use serde_json::value::RawValue;

/// Answers a frame.
pub(crate) async fn answer<S: SocketStream>(
    socket: &mut Socket<S>,
    subscriber: &mut Subscriber,
    text: &str,
) -> Result<(), Close> {
    let ClientFrame { id, request } = match frame::read(text) {
        Ok(frame) => frame,
        Err(unreadable) => {
            let frame = ServerFrame::unreadable(unreadable.id).text();
            return socket.send(frame, subscriber).await;
        }
    };
    match request {
        Request::Ping => {
            let frame = ServerFrame::new("pong", id).text();
            socket.send(frame, subscriber).await
        }
        Request::Authenticate { token } => authenticate(socket, subscriber, &token, id).await,
        Request::Subscribe { channel, since } => {
            subscribe(socket, subscriber, &channel, since.as_ref(), id).await
        }
        Request::Unsubscribe { channel } => {
            subscriber.unsubscribe(&channel);
            let frame = ServerFrame::new("unsubscribed", id).about(&channel).text();
            socket.send(frame, subscriber).await
        }
        Request::Publish { name, payload } => publish(socket, subscriber, &name, &payload, id).await,
        Request::Presence { name } => presence(socket, subscriber, name, id).await,
    }
}

async fn authenticate<S: SocketStream>(
    socket: &mut Socket<S>,
    subscriber: &mut Subscriber,
    token: &str,
    id: Option<Id>,
) -> Result<(), Close> {
    let watch = Stopwatch::start();
    let authenticated = subscriber.authenticate(token, "channel.connect").await;
    let error = authenticated.as_ref().err();
    let log = &socket.hub.request_log;
    log.record("authenticate", "", &subscriber.caller, &watch, error);
    // A token that is not accepted ends the connection, as it does in the first frame.
    let ended = authenticated.map_err(|error| Close::refused(&error))?;
    let frame = ServerFrame::new("authenticated", id).text();
    socket.send(frame, subscriber).await?;
    socket.ended(&ended, subscriber).await
}

async fn subscribe<S: SocketStream>(
    socket: &mut Socket<S>,
    subscriber: &mut Subscriber,
    channel: &Channel,
    since: Option<&Since>,
    id: Option<Id>,
) -> Result<(), Close> {
    if subscriber.channels() == MAX_CHANNELS && !subscriber.has(channel) {
        return Err(Close::TOO_MANY_CHANNELS);
    }
    let watch = Stopwatch::start();
    let subscribed = subscriber.subscribe(channel, since).await;
    let (name, error) = (channel.to_string(), subscribed.as_ref().err());
    let log = &socket.hub.request_log;
    log.record("subscribe", &name, &subscriber.caller, &watch, error);
    let mut subscribed = match subscribed {
        Ok(subscribed) => subscribed,
        Err(error) => return refuse(socket, subscriber, &error, channel, id).await,
    };
    socket.check(subscriber).await?;
    let frame = ServerFrame::new("subscribed", id)
        .about(channel)
        .at(subscribed.offset)
        .in_epoch(&subscribed.epoch, subscribed.recovered);
    socket.send(frame.text(), subscriber).await?;
    loop {
        socket.check(subscriber).await?;
        if !subscriber.has(channel) {
            return Ok(());
        }
        match subscribed.history.next(&subscriber.caller).await {
            Ok(Some(message)) => socket.send(message.frame.clone(), subscriber).await?,
            Ok(None) => return Ok(()),
            // What was missed cannot be read, so the promise of the answer cannot be kept: the client begins anew.
            Err(error) => return Err(Close::refused(&error)),
        }
    }
}

async fn publish<S: SocketStream>(
    socket: &mut Socket<S>,
    subscriber: &Subscriber,
    name: &RoomName,
    payload: &RawValue,
    id: Option<Id>,
) -> Result<(), Close> {
    let (watch, channel) = (Stopwatch::start(), Channel::Room(name.clone()));
    let allowed = subscriber.caller.query(PublishInRoom).await;
    let (text, error) = (channel.to_string(), allowed.as_ref().err());
    let log = &socket.hub.request_log;
    log.record("publish", &text, &subscriber.caller, &watch, error);
    if let Err(error) = allowed {
        return refuse(socket, subscriber, &error, &channel, id).await;
    }
    let offset = socket.hub.publish_in_room(name, payload);
    let frame = ServerFrame::new("published", id).about(&channel).at(offset);
    socket.send(frame.text(), subscriber).await
}

/// Only members learn who else is one.
async fn presence<S: SocketStream>(
    socket: &mut Socket<S>,
    subscriber: &Subscriber,
    name: RoomName,
    id: Option<Id>,
) -> Result<(), Close> {
    let members = socket.hub.members(&name);
    let channel = Channel::Room(name);
    if !subscriber.has(&channel) {
        let error = Error::Denied(Denied::Ownership);
        return refuse(socket, subscriber, &error, &channel, id).await;
    }
    let frame = ServerFrame::new("presence", id)
        .about(&channel)
        .with_members(members);
    socket.send(frame.text(), subscriber).await
}

async fn refuse<S: SocketStream>(
    socket: &mut Socket<S>,
    subscriber: &Subscriber,
    error: &Error,
    channel: &Channel,
    id: Option<Id>,
) -> Result<(), Close> {
    survives(error)?;
    let frame = ServerFrame::error(error, id).about(channel).text();
    socket.send(frame, subscriber).await
}
