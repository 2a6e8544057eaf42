//! Test support: the application, composed by the same composition root as the binary, on port 0, over a real database,
//! with fakes for the outside world only (time, mail, payments), or with real servers of others in their place
//! ([`OpenIdProvider`], [`MailServer`], [`Browser`]).
//!
//! A test is an `async fn(app: &TestApp)`; [`on_both_engines!`] runs it once on SQLite and once on PostgreSQL. Nothing
//! happens in the background: the test advances the time ([`TestApp::clock`]), runs the jobs ([`TestApp::run_jobs`])
//! and links the audit chain ([`TestApp::seal_audit`]). An app that is dropped with jobs left undone fails its test,
//! unless the test allows it ([`TestApp::leave_jobs`]).

mod answer;
mod app;
mod authenticator;
mod browser;
mod client;
mod counterpart;
mod data_export;
mod database;
mod engine;
mod engines;
mod event_stream;
mod gateway;
mod heads;
mod http_server;
mod identity_provider;
mod is_ci;
mod jobs;
mod log;
mod mail_server;
mod mailbox;
mod node;
mod openid_provider;
mod passkey_device;
mod process;
mod product;
mod socket;
mod tcp_proxy;
mod users;
mod webhook_receiver;

pub use answer::Answer;
pub use app::TestApp;
pub use authenticator::Authenticator;
pub use browser::Browser;
pub use client::Client;
pub use data_export::unzipped;
pub use database::DatabaseHold;
pub use engine::Engine;
pub use engines::{mainstay, run_behind_a_proxy, run_on};
pub use event_stream::{EventStream, StreamEvent};
pub use gateway::{FakeGateway, PausedCharge};
pub use heads::RecordedHeads;
pub use identity_provider::{CLIENT_SECRET, FakeIdentityProvider, Signing};
pub use log::captured;
pub use mail_server::{MailCertificate, MailEncryption, MailServer, ReceivedMail};
pub use mailbox::Mailbox;
pub use node::Node;
pub use openid_provider::{OpenIdProvider, ProviderBrowser};
pub use passkey_device::PasskeyDevice;
pub use product::TestProduct;
pub use socket::Socket;
pub use users::TestUser;
pub use webhook_receiver::{ReceivedWebhook, WebhookReceiver};
