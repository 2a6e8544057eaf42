//! `mainstay keys`: lists and rotates the keys that sign access tokens, and replaces the master key.

use crate::error::{CliError, Exit, Outcome};
use crate::open::{block_on, operator, with_existing};
use crate::terminal::{print_json, print_line};
use clap::Subcommand;
use mainstay_app::App;
use mainstay_domain::key::{KeyState, SigningKey};
use mainstay_domain::time::Timestamp;
use mainstay_engine::Engine;
use mainstay_engine::key::{
    FinishReseal, ListKeys, ResealColumn, ResealJobs, Resealed, RotateKeys, Rotated, SEALED_COLUMNS,
};
use mainstay_platform::config::Settings;
use serde::Serialize;

/// Operations on keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the signing keys: which signs, which is next, which only verify
    List {
        /// As JSON: [{key, algorithm, state, createdAt, signsFrom, retiresAt}]
        #[arg(long)]
        json: bool,
    },
    /// Create a new signing key; tokens of the old key stay valid until they expire, so no session ends
    Rotate {
        /// Refuse all tokens of the present keys at once; clients renew theirs, so no session ends
        #[arg(long)]
        compromised: bool,
        /// As JSON: {key, signsFrom, retiring, revoked}
        #[arg(long)]
        json: bool,
    },
    /// Encrypt all stored secrets again under MASTER_KEY, so that MASTER_KEY_PREVIOUS can be removed
    ///
    /// May be interrupted at any time and started again, while servers run that have both keys.
    Reseal,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyRow {
    key: String,
    algorithm: String,
    state: KeyState,
    created_at: Timestamp,
    signs_from: Timestamp,
    retires_at: Option<Timestamp>,
}

/// Runs the subcommand.
pub(crate) fn run(app: &App, settings: Settings, command: Command) -> Outcome {
    let signs = !matches!(command, Command::Reseal);
    if signs && settings.tokens.secret.is_some() {
        return Err(CliError::usage(
            "tokens are signed with JWT_SECRET, and there is no key: set another secret, which ends all sessions' access \
             tokens, or leave it out and have keys",
        ));
    }
    match command {
        Command::List { json } => list(app, settings, json),
        Command::Rotate { compromised, json } => rotate(app, settings, compromised, json),
        Command::Reseal => reseal(app, settings),
    }
}

fn list(app: &App, settings: Settings, json: bool) -> Outcome {
    let keys = block_on(with_existing(app, settings, async |engine| {
        Ok(engine.pipeline().query(&operator(), ListKeys).await?)
    }))?;
    let rows = keys.into_iter().map(|(key, state)| row(key, state));
    if json {
        print_json(&rows.collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    for row in rows {
        let until = row
            .retires_at
            .map(|at| format!(", retires {at}"))
            .unwrap_or_default();
        let KeyRow {
            key,
            algorithm,
            state,
            signs_from,
            ..
        } = row;
        print_line(&format!(
            "{key} {algorithm:<6} {:<9} signs from {signs_from}{until}",
            state.as_str()
        ))?;
    }
    Ok(Exit::Done)
}

fn row(key: SigningKey, state: KeyState) -> KeyRow {
    KeyRow {
        key: key.kid,
        algorithm: key.algorithm,
        state,
        created_at: key.created_at,
        signs_from: key.signs_from,
        retires_at: key.retires_at,
    }
}

fn rotate(app: &App, settings: Settings, compromised: bool, json: bool) -> Outcome {
    let rotated = block_on(with_existing(app, settings, async |engine| {
        let rotate = RotateKeys { compromised };
        Ok(engine.pipeline().command(&operator(), rotate).await?.output)
    }))?;
    if json {
        print_json(&rotated)?;
        return Ok(Exit::Done);
    }
    let Rotated {
        key,
        signs_from,
        retiring,
        revoked,
    } = rotated;
    print_line(&format!("new tokens are signed with {key} from {signs_from} on"))?;
    for old in retiring {
        print_line(&format!(
            "{old} is retired when the last token that it signed has expired"
        ))?;
    }
    for old in revoked {
        print_line(&format!("{old} is no longer trusted: its tokens are refused"))?;
    }
    Ok(Exit::Done)
}

fn reseal(app: &App, settings: Settings) -> Outcome {
    let unreadable = block_on(with_existing(app, settings, async |engine| {
        let mut unreadable = 0;
        for (place, column) in SEALED_COLUMNS.iter().enumerate() {
            unreadable += reseal_column(engine, place, column.name()).await?;
        }
        unreadable += reseal_jobs(engine).await?;
        if unreadable == 0 {
            engine.pipeline().command(&operator(), FinishReseal).await?;
        }
        Ok(unreadable)
    }))?;
    if unreadable > 0 {
        return Err(CliError::failed(format!(
            "{unreadable} values could not be opened: set MASTER_KEY_PREVIOUS to the key that they were sealed under, and \
             run this again"
        )));
    }
    print_line("all secrets are sealed under MASTER_KEY: MASTER_KEY_PREVIOUS can be removed")?;
    Ok(Exit::Done)
}

/// Seals a column again, batch by batch; returns how many of its values could not be opened.
async fn reseal_column(engine: &Engine, place: usize, name: &str) -> Outcome<usize> {
    let (mut progress, mut next) = (Progress::of(name), Some(ResealColumn::first(place)));
    while let Some(batch) = next {
        let done = engine.pipeline().command(&operator(), batch).await?.output;
        next = progress.add(done)?;
    }
    Ok(progress.unreadable)
}

/// Seals the values in the payloads of jobs again; returns how many could not be opened.
async fn reseal_jobs(engine: &Engine) -> Outcome<usize> {
    let (mut progress, mut next) = (Progress::of("jobs.payload"), Some(ResealJobs::first()));
    while let Some(batch) = next {
        let done = engine.pipeline().command(&operator(), batch).await?.output;
        next = progress.add(done)?;
    }
    Ok(progress.unreadable)
}

/// What was done of one column.
struct Progress<'n> {
    name: &'n str,
    resealed: u64,
    unreadable: usize,
}

impl<'n> Progress<'n> {
    fn of(name: &'n str) -> Self {
        Self {
            name,
            resealed: 0,
            unreadable: 0,
        }
    }

    /// Adds a batch and prints it; returns the next one.
    fn add<B>(&mut self, done: Resealed<B>) -> Outcome<Option<B>> {
        self.resealed += done.resealed;
        self.unreadable += done.unreadable.len();
        for id in done.unreadable {
            print_line(&format!("{}: the value of {id} cannot be opened", self.name))?;
        }
        print_line(&format!("{}: {} sealed again", self.name, self.resealed))?;
        Ok(done.next)
    }
}
