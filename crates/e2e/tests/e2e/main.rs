//! End-to-end tests of what Mainstay promises to clients: over HTTP, each on both engines.
//!
//! A test named `trap_NN_…` covers a known design trap, after its number in the list of traps.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod access;
mod api_key;
mod audit;
mod audit_chain;
mod audit_link;
mod audit_waiting;
mod body_bounds;
mod clocks;
mod contract;
mod csrf;
mod deletion;
mod device;
mod documents;
mod domain_event;
mod email;
mod exact;
mod explain;
mod framing;
mod grant;
mod headers;
mod health;
mod idempotency;
mod input;
mod input_table;
mod job;
mod jwt;
mod key;
mod last_admin;
mod late_body;
mod limit;
mod list;
mod login;
mod lost_charge;
mod lost_database;
mod mail_delivery;
mod mail_sign_in;
mod matrix;
mod metrics;
mod mfa;
mod mfa_required;
mod openid_provider;
mod order;
mod order_cancel_expire;
mod outbox;
mod own_sessions;
mod password;
mod passwords;
mod payment;
mod pipeline;
mod product;
mod profile;
mod provider;
mod provider_attacks;
mod purchase;
mod race;
mod rank;
mod refresh;
mod registration;
mod reseal;
mod role;
mod secret;
mod security_event;
mod session;
mod setup;
mod spelling;
mod step_up;
mod stolen_refresh;
mod token;
mod tries;
mod unfinished_jobs;
mod worker;

use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
