//! Starts, stops and kills the binary with a database of its own.

mod client;
mod database;
mod gateway_ledger;
mod home;
mod server;
mod shop;
mod wait;

pub(crate) use client::{Answer, Client};
pub(crate) use gateway_ledger::{PaymentEntries, gateway_ledger};
pub(crate) use home::{ADMIN, Home};
pub(crate) use server::Server;
pub(crate) use shop::{Shop, order, text};
pub(crate) use wait::until;

/// Declares tests that run once on each engine.
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($home:ident: Home) $body:block)*) => { $(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn test($home: Home) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                test(Home::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(home) = Home::postgres().await {
                    test(home).await;
                }
            }
        }
    )* };
}
