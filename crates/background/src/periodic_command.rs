//! Commands that workers run at an interval.

use crate::periodic_task::{PeriodicTask, PeriodicTasks, Progress};
use mainstay_domain::Result;
use mainstay_domain::access::SystemCaller;
use mainstay_engine::key::RotateDueKeys;
use mainstay_engine::{Engine, PreparedCommand, RequestContext, UseCase};
use std::marker::PhantomData;
use std::time::Duration;

/// A command whose default value every worker runs at an interval, as the sweeper. Two workers may run it at the same
/// time.
pub trait PeriodicCommand: PreparedCommand + Default {
    /// The pause between two runs.
    const INTERVAL: Duration;
}

impl PeriodicCommand for RotateDueKeys {
    const INTERVAL: Duration = Duration::from_mins(5);
}

/// The periodic task that runs a command.
struct CommandTask<C>(Engine, PhantomData<fn() -> C>);

impl<C> CommandTask<C> {
    fn new(engine: Engine) -> Self {
        Self(engine, PhantomData)
    }
}

impl<C: PeriodicCommand> PeriodicTask for CommandTask<C> {
    const NAME: &'static str = <C as UseCase>::NAME;
    const INTERVAL: Duration = <C as PeriodicCommand>::INTERVAL;

    async fn run_once(&mut self) -> Result<Progress> {
        let cx = RequestContext::system(SystemCaller::SWEEPER);
        self.0.pipeline().command(&cx, C::default()).await?;
        Ok(Progress::Rest)
    }
}

impl PeriodicTasks {
    /// Adds a command that runs at an interval.
    #[must_use]
    pub fn with_command<C: PeriodicCommand>(self) -> Self {
        self.with(CommandTask::<C>::new)
    }
}
