//! `mainstay routes`: lists the routes of every interface.

use crate::error::{Exit, Outcome};
use crate::terminal::{print_json, print_line, table};
use clap::Args;
use mainstay_app::App;

/// Options of `routes`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// As JSON: [{interface, method, path, useCase, access, rate, maxBody, public, documented}]
    #[arg(long)]
    json: bool,
}

/// Prints the table of routes, from which the router and the OpenAPI document are built, too.
pub(crate) fn run(app: &App, options: Options) -> Outcome {
    let routes = app.route_table();
    if options.json {
        print_json(&routes)?;
        return Ok(Exit::Done);
    }
    let rows = routes.into_iter().map(|route| {
        let body = route.body();
        [
            route.interface.to_owned(),
            route.method.to_owned(),
            route.path,
            route.use_case.to_owned(),
            route.access,
            body,
            route.rate,
        ]
    });
    print_line(&table(
        ["INTERFACE", "METHOD", "PATH", "USE CASE", "WHO", "BODY", "RATE"],
        rows,
    ))?;
    Ok(Exit::Done)
}
