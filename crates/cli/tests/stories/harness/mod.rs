//! Starts, stops and kills the real binary on a database of its own.

mod books;
mod client;
mod database;
mod home;
mod server;
mod shop;
mod wait;

pub(crate) use books::{Account, books};
pub(crate) use client::{Answer, Client};
pub(crate) use home::{ADMIN, Home};
pub(crate) use server::Server;
pub(crate) use shop::{Shop, order, text};
pub(crate) use wait::until;

/// Declares stories that run once on each engine.
#[macro_export]
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($home:ident: Home) $body:block)*) => { $(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn story($home: Home) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                story(Home::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(home) = Home::postgres().await {
                    story(home).await;
                }
            }
        }
    )* };
}
