//! Refuses an application in which two things have one name: the later one would replace the earlier one, or the
//! process would panic in the middle of its start.

use crate::app::all_routes;
use crate::builder::{AppBuilder, Registered};
use mainstay_domain::access::PolicyError;
use mainstay_edge::RouteRow;
use mainstay_repositories::{Migrations, personal_files};
use std::collections::BTreeMap;

/// Each error in a sentence that names both sides.
pub(crate) fn errors(builder: &AppBuilder) -> Vec<String> {
    let AppBuilder {
        registered,
        resources,
        sections,
        migrations,
        ..
    } = builder;
    let table = all_routes(&builder.routes, true).table();
    let mut errors = Vec::new();
    errors.extend(twice("the resource", resources.names()));
    errors.extend(twice("the permission", resources.permission_names()));
    errors.extend(twice("the job", registered.jobs.iter().copied()));
    errors.extend(twice(
        "the periodic task",
        registered.periodic.iter().chain(&registered.tasks).copied(),
    ));
    errors.extend(twice("the section of the settings", sections.names()));
    errors.extend(lists(migrations));
    errors.extend(exported(builder));
    // Names that occur twice are reported above, with both sides.
    if let Err(error @ PolicyError::Undeclared { .. }) = resources.check() {
        errors.push(error.to_string());
    }
    errors.extend(twice_owned("the route", table.iter().map(route)));
    errors.extend(use_cases(registered, &table));
    errors.extend(unregistered(registered));
    errors
}

/// Names that occur twice, whether or not the same type registered them.
fn twice<'n>(what: &str, named: impl IntoIterator<Item = (&'n str, &'n str)>) -> Vec<String> {
    twice_owned(
        what,
        named
            .into_iter()
            .map(|(name, by)| (name.to_owned(), by.to_owned())),
    )
}

fn twice_owned(what: &str, named: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    let mut errors = Vec::new();
    for (name, by) in named {
        match first.get(&name) {
            Some(other) => errors.push(format!(
                "{what} `{name}` is registered twice: by {other} and by {by}"
            )),
            None => drop(first.insert(name, by)),
        }
    }
    errors
}

/// A route with its parameters' names left out, as the router distinguishes them, and its use case.
fn route(row: &RouteRow) -> (String, String) {
    let parts = row
        .path
        .split('/')
        .map(|part| if part.starts_with('{') { "{}" } else { part });
    let path = parts.collect::<Vec<_>>().join("/");
    (format!("{} {path}", row.method), row.use_case.to_owned())
}

/// One use case may have several routes and be a job as well; two of one name would share metrics, limits and
/// idempotency records.
fn use_cases(registered: &Registered, table: &[RouteRow]) -> Vec<String> {
    let routes = table.iter().map(|row| (row.use_case, row.use_case_type));
    let others = registered.jobs.iter().chain(&registered.periodic).copied();
    let mut all: Vec<_> = routes.chain(others).collect();
    all.sort_unstable();
    all.dedup();
    twice("the use case", all)
}

/// The names of applications whose migrations were added twice: both lists would count their versions in one table.
fn lists(migrations: &[Migrations]) -> impl Iterator<Item = String> + '_ {
    let names = migrations.iter().map(Migrations::application).enumerate();
    let is_second = |(at, name): &(usize, &'static str)| {
        migrations[..*at].iter().any(|other| other.application() == *name)
    };
    names
        .filter(move |named| is_second(named))
        .map(|(_, name)| format!("the list of migrations `{name}` is registered twice"))
}

/// The files of an export: Mainstay's own, and those of the tables that the application adds.
fn exported(builder: &AppBuilder) -> Vec<String> {
    let own = personal_files().into_iter().map(|file| (file.name, "Mainstay"));
    let own = own.chain([("manifest", "Mainstay")]);
    let added = builder.exported.files().map(|file| (file.name, file.table));
    twice("the file of the export", own.chain(added))
}

fn unregistered(registered: &Registered) -> impl Iterator<Item = String> + '_ {
    let is_registered = |job: &str| registered.jobs.iter().any(|(name, _)| *name == job);
    registered
        .subscriptions
        .iter()
        .filter(move |(_, job, _)| !is_registered(job))
        .map(|(kind, job, by)| {
            format!("the event `{kind}` becomes the job `{job}` ({by}), which is not registered: add `.job::<…>()`")
        })
}
