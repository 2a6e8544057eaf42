//! `mainstay users list`: lists accounts.

use crate::error::{Exit, Outcome};
use crate::open::{block_on, operator, with_read_only};
use crate::terminal::{print_json, print_line, table};
use clap::Args;
use mainstay_app::App;
use mainstay_domain::access::RoleName;
use mainstay_domain::page::{MAX_LIMIT, PageInfo, PageRequest};
use mainstay_domain::user::User;
use mainstay_domain::validation::Invalid;
use mainstay_engine::Engine;
use mainstay_platform::config::Settings;
use mainstay_services::list::{UserFilter, UserSort};
use mainstay_services::user::ListUsers;

/// Options of `users list`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only accounts with this role
    #[arg(long, value_parser = role)]
    role: Option<RoleName>,
    /// Maximum number of rows
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// As JSON: [{id, email, name, role, status, …}]
    #[arg(long)]
    json: bool,
}

fn role(text: &str) -> Result<RoleName, Invalid> {
    RoleName::parse(text)
}

/// Prints the accounts.
pub(crate) fn run(app: &App, settings: Settings, options: Options) -> Outcome {
    let filter = UserFilter {
        role: options.role,
        ..UserFilter::default()
    };
    let users = block_on(with_read_only(app, settings, async |engine| {
        list(engine, filter, options.limit).await
    }))?;
    if options.json {
        print_json(&users)?;
        return Ok(Exit::Done);
    }
    let rows = users.into_iter().map(|user| {
        let status = user.status.as_str().to_owned();
        let (role, made) = (user.role.to_string(), user.created_at.to_string());
        [
            user.id.to_string(),
            user.email.to_string(),
            user.name.as_str().to_owned(),
            role,
            status,
            made,
        ]
    });
    print_line(&table(["ID", "EMAIL", "NAME", "ROLE", "STATUS", "CREATED"], rows))?;
    Ok(Exit::Done)
}

/// Reads page by page, newest first, until there are enough accounts or no more.
async fn list(engine: &Engine, filter: UserFilter, limit: u32) -> Outcome<Vec<User>> {
    let mut users = Vec::new();
    let mut cursor = None;
    loop {
        let left = limit - u32::try_from(users.len()).unwrap_or(limit);
        let page = PageRequest::From {
            cursor,
            limit: left.min(MAX_LIMIT),
        };
        let query = ListUsers {
            filter: filter.clone(),
            sort: (UserSort::CreatedAt, true),
            page,
        };
        let listing = engine.pipeline().query(&operator(), query).await?;
        users.extend(listing.items.into_iter().map(|profile| profile.user));
        match listing.info {
            PageInfo::From { next: Some(next), .. } if users.len() < limit as usize => cursor = Some(next),
            _ => return Ok(users),
        }
    }
}
