//! The definition of an application: what every process of it has in common before it reads settings.

use crate::builder::AppBuilder;
use crate::catalogue;
use crate::dependencies::Dependencies;
use crate::error::StartError;
use mainstay_background::PeriodicTasks;
use mainstay_domain::access::Resources;
use mainstay_edge::{RouteRow, Routes};
use mainstay_engine::job::JobRegistry;
use mainstay_engine::outbox::Subscriptions;
use mainstay_engine::{CachedResources, ExportedTables, Extensions, RowFinders};
use mainstay_platform::config::{ConfigErrors, Loaded, Roles, Sections, Settings, Sources};
use mainstay_realtime::Hub;
use mainstay_repositories::Migrations;
use serde_json::Value;
use std::sync::Arc;

/// An application: Mainstay, with everything that an extending program added. Cheap to clone.
///
/// ```
/// # fn main() -> Result<(), mainstay_app::StartError> {
/// let app = mainstay_app::App::builder().name("shop").version("1.0.0").build()?;
/// assert!(app.route_table().iter().any(|row| row.use_case == "order.place"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct App(Arc<Definition>);

/// How an application names itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identity {
    /// The program's name on its command line.
    pub(crate) name: &'static str,
    /// The title of the OpenAPI document.
    pub(crate) title: &'static str,
    /// In `--version`, the OpenAPI document and the metrics.
    pub(crate) version: &'static str,
    /// The first lines of `--help`; `None` for Mainstay's own.
    pub(crate) about: Option<&'static str>,
    /// The SPDX expression in the OpenAPI document.
    pub(crate) license: Option<&'static str>,
}

/// Adds the settings of one section to the values that use cases find by their types.
pub(crate) type SectionExtension = fn(&Settings, Extensions) -> Extensions;

/// The parts of an application, without duplicates.
pub(crate) struct Definition {
    pub(crate) identity: Identity,
    pub(crate) migrations: Vec<Migrations>,
    pub(crate) resources: Resources,
    pub(crate) finders: RowFinders,
    pub(crate) exported: ExportedTables,
    pub(crate) routes: Vec<fn() -> Routes>,
    pub(crate) jobs: JobRegistry,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) periodic: PeriodicTasks,
    pub(crate) cached: CachedResources,
    pub(crate) section_extensions: Vec<SectionExtension>,
    pub(crate) sections: Sections,
}

impl App {
    /// A builder that has all of Mainstay already.
    pub fn builder() -> AppBuilder {
        catalogue::product(AppBuilder::new())
    }

    pub(crate) fn new(definition: Definition) -> Self {
        Self(Arc::new(definition))
    }

    pub(crate) fn definition(&self) -> &Definition {
        &self.0
    }

    /// The program's name on its command line.
    pub fn name(&self) -> &'static str {
        self.0.identity.name
    }

    /// The application's version.
    pub fn version(&self) -> &'static str {
        self.0.identity.version
    }

    /// The first lines of the application's help; `None` where it is Mainstay's own.
    pub fn about(&self) -> Option<&'static str> {
        self.0.identity.about
    }

    /// Reads and validates the settings, the application's sections among them.
    ///
    /// # Errors
    /// All errors at once.
    pub fn load_settings(&self, sources: &Sources) -> Result<Loaded, ConfigErrors> {
        Settings::load(sources, &self.0.sections)
    }

    /// The application's sections of the settings.
    pub fn sections(&self) -> &Sections {
        &self.0.sections
    }

    /// The application's own migrations, which follow Mainstay's.
    pub fn migrations(&self) -> &[Migrations] {
        &self.0.migrations
    }

    /// Which events become which jobs.
    pub fn subscriptions(&self) -> &Subscriptions {
        &self.0.subscriptions
    }

    /// The tasks that a worker runs periodically, besides those of the engine.
    pub fn periodic_tasks(&self) -> PeriodicTasks {
        self.0.periodic.clone()
    }

    /// Every route of every interface, with its use case, access and rate.
    pub fn route_table(&self) -> Vec<RouteRow> {
        let mut table = self.routes(true).table();
        table.extend(mainstay_realtime::frames());
        table
    }

    /// The OpenAPI 3.1 document, as JSON text.
    pub fn openapi(&self) -> String {
        format!("{:#}", self.document(&self.routes(true)))
    }

    /// The ports and settings that use cases find by their types: the product's, and the application's sections.
    ///
    /// # Errors
    /// An adapter cannot be created.
    pub(crate) fn extensions(
        &self,
        settings: &Settings,
        dependencies: &Dependencies,
    ) -> Result<Extensions, StartError> {
        let (gateway, clock) = (&dependencies.gateway, &dependencies.clock);
        let product = catalogue::extensions(settings, Arc::clone(gateway), Arc::clone(clock))?;
        let (random, log) = (Arc::clone(&dependencies.random), dependencies.access_log.clone());
        let hub = Hub::new(Arc::clone(&dependencies.clock), random, log);
        let named = product
            .with(Arc::new(self.0.finders.clone()))
            .with(Arc::new(self.0.exported.clone()))
            .with(Arc::new(hub));
        let sections = self.0.section_extensions.iter();
        Ok(sections.fold(named, |extensions, add| add(settings, extensions)))
    }

    /// The routes of all interfaces, not mounted yet; `docs` states whether to serve the API documentation, too.
    pub(crate) fn routes(&self, docs: bool) -> Routes {
        all_routes(&self.0.routes, docs)
    }

    /// The routes of a process with these roles.
    pub(crate) fn routes_of(&self, roles: Roles, docs: bool) -> Routes {
        let api = match roles.api {
            true => api_routes(&self.0.routes, docs),
            false => mainstay_rest::routes_without_api(),
        };
        match roles.realtime {
            true => api.merge(mainstay_realtime::routes()),
            false => api,
        }
    }

    /// The OpenAPI document of the routes.
    pub(crate) fn document(&self, routes: &Routes) -> Value {
        let Identity {
            title,
            version,
            license,
            ..
        } = self.0.identity;
        mainstay_rest::contract::document(routes, title, version, license)
    }
}

/// Mainstay's routes, and those that were added.
pub(crate) fn all_routes(added: &[fn() -> Routes], docs: bool) -> Routes {
    api_routes(added, docs).merge(mainstay_realtime::routes())
}

/// The routes of the API, and those that were added.
fn api_routes(added: &[fn() -> Routes], docs: bool) -> Routes {
    added
        .iter()
        .fold(mainstay_rest::routes(docs), |routes, more| routes.merge(more()))
}

#[cfg(test)]
#[path = "builder_tests.rs"]
mod tests;
