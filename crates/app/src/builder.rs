//! Composes an application out of Mainstay and what an extending program adds.

use crate::app::{App, Definition, Identity, SectionExtension};
use crate::duplicates;
use crate::error::StartError;
use mainstay_background::{PeriodicCommand, PeriodicTask, PeriodicTasks};
use mainstay_domain::Result as DomainResult;
use mainstay_domain::access::{Permission, Resource, Resources};
use mainstay_domain::event::OutboxEvent;
use mainstay_edge::Routes;
use mainstay_engine::job::{JobRegistry, JobSpec};
use mainstay_engine::outbox::{EventSubscriber, Subscriptions};
use mainstay_engine::{
    BackgroundJob, CachedResources, Engine, Extensions, PreparedCommand, RowFinders, UseCase,
};
use mainstay_platform::config::{Sections, Settings, SettingsSection};
use mainstay_repositories::{Migrations, Table};
use std::any::type_name;
use std::sync::Arc;

/// Composes an application. Everything is registered under a name; [`build`](Self::build) refuses two of one name.
#[must_use = "an application is made by `build`"]
pub struct AppBuilder {
    identity: Identity,
    pub(crate) migrations: Vec<Migrations>,
    pub(crate) routes: Vec<fn() -> Routes>,
    jobs: JobRegistry,
    subscriptions: Subscriptions,
    periodic: PeriodicTasks,
    cached: CachedResources,
    pub(crate) sections: Sections,
    section_extensions: Vec<SectionExtension>,
    pub(crate) resources: Resources,
    finders: RowFinders,
    pub(crate) registered: Registered,
}

/// The names under which things were registered, each with the type or the list that registered it.
#[derive(Default)]
pub(crate) struct Registered {
    pub(crate) jobs: Vec<(&'static str, &'static str)>,
    pub(crate) periodic: Vec<(&'static str, &'static str)>,
    pub(crate) tasks: Vec<(&'static str, &'static str)>,
    /// The kind of the event, and name and type of the job.
    pub(crate) subscriptions: Vec<(&'static str, &'static str, &'static str)>,
}

impl AppBuilder {
    pub(crate) fn new() -> Self {
        Self {
            identity: Identity {
                name: "mainstay",
                title: "Mainstay",
                version: env!("CARGO_PKG_VERSION"),
                about: None,
                license: Some(env!("CARGO_PKG_LICENSE")),
            },
            migrations: Vec::new(),
            routes: Vec::new(),
            jobs: JobRegistry::new(),
            subscriptions: Subscriptions::new(),
            periodic: PeriodicTasks::new(),
            cached: CachedResources::new(),
            sections: Sections::default(),
            section_extensions: Vec::new(),
            resources: Resources::new(),
            finders: RowFinders::new(),
            registered: Registered::default(),
        }
    }

    /// The program's name, on the command line and as the title of the OpenAPI document.
    pub fn name(mut self, name: &'static str) -> Self {
        let identity = &mut self.identity;
        (identity.name, identity.title, identity.license) = (name, name, None);
        self
    }

    /// The program's version: `env!("CARGO_PKG_VERSION")`.
    pub fn version(mut self, version: &'static str) -> Self {
        self.identity.version = version;
        self
    }

    /// What the program is, in a sentence or two, for `--help`.
    pub fn about(mut self, about: &'static str) -> Self {
        self.identity.about = Some(about);
        self
    }

    /// Adds tables: the migrations are applied after Mainstay's, and have versions of their own.
    pub fn migrations(mut self, migrations: Migrations) -> Self {
        self.migrations.push(migrations);
        self
    }

    /// Adds a resource, and the permissions that it declares, which can then be granted. One whose rows are those of a
    /// table is added by [`table`](Self::table).
    pub fn resource<R: Resource>(mut self) -> Self {
        self.resources = self.resources.with::<R>();
        self
    }

    /// Adds a resource whose rows are those of a table, so that questions about access can name a row, too.
    pub fn table<T: Table>(mut self) -> Self {
        self.finders = self.finders.with_table::<T>();
        self.resource::<T>()
    }

    /// The resources to which an application adds its own.
    pub(crate) fn resources(mut self, resources: Resources, finders: RowFinders) -> Self {
        (self.resources, self.finders) = (resources, finders);
        self
    }

    /// Adds a permission that belongs to no resource, which can then be granted.
    pub fn permission(mut self, permission: Permission) -> Self {
        self.resources = self.resources.with_permission(permission);
        self
    }

    /// Adds the routes that a function returns. It is called for each table, document and router.
    pub fn routes(mut self, routes: fn() -> Routes) -> Self {
        self.routes.push(routes);
        self
    }

    /// Adds a command that can run as a background job.
    pub fn job<J: BackgroundJob + PreparedCommand>(mut self) -> Self {
        self.registered
            .jobs
            .push((<J as UseCase>::NAME, type_name::<J>()));
        self.jobs = self.jobs.with::<J>();
        self
    }

    /// Enqueues a job for each event of a kind, in the transaction that marks the event as relayed. The job must be
    /// registered, too.
    pub fn on<J: BackgroundJob>(
        mut self,
        kind: &'static str,
        job: fn(&OutboxEvent) -> DomainResult<J>,
    ) -> Self {
        self.registered
            .subscriptions
            .push((kind, <J as UseCase>::NAME, type_name::<J>()));
        let subscriber = Arc::new(move |event: &OutboxEvent| JobSpec::of(&job(event)?));
        self.subscriptions = self.subscriptions.on(kind, subscriber);
        self
    }

    /// Subscribes to events of every kind. What it enqueues must be registered, too.
    pub(crate) fn on_all(mut self, subscriber: Arc<dyn EventSubscriber>) -> Self {
        self.subscriptions = self.subscriptions.on_all(subscriber);
        self
    }

    /// Runs a command at its interval on every process with the role `worker`.
    pub fn periodic<C: PeriodicCommand>(mut self) -> Self {
        self.registered
            .periodic
            .push((<C as UseCase>::NAME, type_name::<C>()));
        self.periodic = self.periodic.with_command::<C>();
        self
    }

    /// Runs a task that is no single command on every process with the role `worker`.
    pub fn periodic_task<T: PeriodicTask>(mut self, make: fn(Engine) -> T) -> Self {
        self.registered.tasks.push((T::NAME, type_name::<T>()));
        self.periodic = self.periodic.with(make);
        self
    }

    /// Caches about so many rows of a resource on each node.
    pub fn cached<R: Resource>(mut self, rows: usize) -> Self {
        self.cached = self.cached.with::<R>(rows);
        self
    }

    /// Adds a section to the settings: `[name]` in `mainstay.toml`, `NAME_…` in the environment. Use cases find it as an
    /// extension: `cx.extension::<S>()`.
    pub fn settings<S: SettingsSection>(mut self, name: &'static str) -> Self {
        self.sections.add::<S>(name);
        self.section_extensions.push(add_section::<S>);
        self
    }

    /// The application.
    ///
    /// # Errors
    /// Two things of one name, or a subscription to a job that is not registered; all of them at once.
    pub fn build(self) -> Result<App, StartError> {
        let errors = duplicates::errors(&self);
        if !errors.is_empty() {
            return Err(StartError::Composition(errors));
        }
        Ok(App::new(Definition {
            identity: self.identity,
            migrations: self.migrations,
            resources: self.resources,
            finders: self.finders,
            routes: self.routes,
            jobs: self.jobs,
            subscriptions: self.subscriptions,
            periodic: self.periodic,
            cached: self.cached,
            sections: self.sections,
            section_extensions: self.section_extensions,
        }))
    }
}

fn add_section<S: SettingsSection>(settings: &Settings, extensions: Extensions) -> Extensions {
    match settings.sections.get::<S>() {
        Some(section) => extensions.with(section),
        // Settings that were read without the application's sections: a use case that needs them fails by name.
        None => extensions,
    }
}
