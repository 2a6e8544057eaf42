//! Commands of an application that workers run at an interval.

use crate::backoff::Backoff;
use futures_util::future::BoxFuture;
use mainstay_domain::Result;
use mainstay_domain::access::SystemCaller;
use mainstay_domain::random::Random;
use mainstay_services::{Command, RequestContext, Services, UseCase};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

type Run = fn(Services) -> BoxFuture<'static, Result<()>>;

/// A command that every worker runs at an interval, as the sweeper.
#[derive(Debug, Clone, Copy)]
pub struct PeriodicCommand {
    name: &'static str,
    interval: Duration,
    run: Run,
}

impl PeriodicCommand {
    /// Runs the default value of a command.
    pub fn new<C: Command + Default>(interval: Duration) -> Self {
        Self {
            name: <C as UseCase>::NAME,
            interval,
            run: run::<C>,
        }
    }

    /// The name of its use case.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Runs the command once.
    ///
    /// # Errors
    /// The command's.
    pub async fn run_once(&self, services: &Services) -> Result<()> {
        (self.run)(services.clone()).await
    }

    /// Runs the command at its interval until the stop.
    pub(crate) async fn repeat(self, services: Services, stop: CancellationToken, random: &dyn Random) {
        let mut backoff = Backoff::new(self.name);
        while !stop.is_cancelled() {
            let wait = match self.run_once(&services).await {
                Ok(()) => {
                    backoff.over();
                    self.interval
                }
                Err(error) => backoff.failed(&error, random),
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}

fn run<C: Command + Default>(services: Services) -> BoxFuture<'static, Result<()>> {
    Box::pin(async move {
        let cx = RequestContext::system(SystemCaller::SWEEPER);
        services.command(&cx, C::default()).await.map(drop)
    })
}
