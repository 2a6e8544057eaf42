//! The repository of sessions: one sign-in on one device.

use crate::access_changes::NEXT;
use crate::list::{Key, List};
use crate::outcome::found;
use crate::read::Read;
use crate::row_filter::{RowFilter, all, owned};
use crate::sized_statements::SizedStatements;
use mainstay_domain::access::{BulkPermit, Permit, Scope};
use mainstay_domain::id::{SessionId, UserId};
use mainstay_domain::page::{CursorKey, Page, PageRequest, Position};
use mainstay_domain::session::Session;
use mainstay_domain::time::Timestamp;
use mainstay_domain::user::User;
use mainstay_domain::{Error, Result};
use mainstay_platform::database::{AsText, BulkChange, Change, DatabaseError, FromRow, Param, Row};
use uuid::Uuid;

/// The columns that are read, in their order.
macro_rules! columns {
    () => {
        "id, user_id, method, stepped_up_at, generation, ip, user_agent, created_at, last_seen_at, expires_at, \
         flagged_at, ended_at"
    };
}

macro_rules! select {
    ($also:literal, $rest:literal) => {
        concat!("SELECT ", columns!(), $also, " FROM sessions WHERE ", $rest)
    };
}

statements! {
    FIND = select!("", "id = $1");
    FIND_OWNED = select!("", "id = $1 AND user_id = $2");
    FIND_SEED = select!(", seed", "id = $1");
    FIND_SEED_OWNED = select!(", seed", "id = $1 AND user_id = $2");
    ENDED_SINCE = "SELECT id FROM sessions WHERE end_change > $1 ORDER BY end_change, id";
}

changes! {
    INSERT: Change<Session>, "sessions", [Session::LOGIN] =
        "INSERT INTO sessions (id, user_id, method, stepped_up_at, generation, seed, ip, user_agent, \
         created_at, last_seen_at, expires_at, flagged_at, ended_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    ADVANCE: Change<Session>, "sessions", [Session::REFRESH] =
        "UPDATE sessions SET generation = $2, ip = $3, user_agent = $4, last_seen_at = $5, expires_at = $6 \
         WHERE id = $1 AND generation = $7 AND ended_at IS NULL";
    FLAG: Change<Session>, "sessions", [Session::FLAG] =
        "UPDATE sessions SET flagged_at = $2 WHERE id = $1";
    END: Change<Session>, "sessions", [Session::LOGOUT] =
        "UPDATE sessions SET ended_at = $2, \
         end_change = (SELECT value FROM counters WHERE name = 'access_changes') WHERE id = $1 AND ended_at IS NULL";
    STEP_UP: Change<Session>, "sessions", [Session::STEP_UP] =
        "UPDATE sessions SET stepped_up_at = $2 WHERE id = $1 AND ended_at IS NULL";
    END_STEP_UPS: Change<User>, "sessions", [User::ENABLE_FACTOR] =
        "UPDATE sessions SET stepped_up_at = NULL WHERE user_id = $1 AND stepped_up_at IS NOT NULL";
    // The nil id names no session, so it excepts none.
    END_ALL: Change<User>, "sessions", [User::LOGOUT, User::UPDATE] =
        "UPDATE sessions SET ended_at = $2, \
         end_change = (SELECT value FROM counters WHERE name = 'access_changes') WHERE user_id = $1 AND ended_at IS NULL AND id <> $3 RETURNING id";
    PRUNE: BulkChange<Session>, "sessions", [Session::PRUNE] =
        "DELETE FROM sessions WHERE expires_at < $1 OR ended_at < $1";
}

const OWNED: usize = 0;
const LIVE: usize = 1;

pub(crate) static LIST: List = List::new(
    concat!(module_path!(), "::LIST"),
    (columns!(), "sessions"),
    &["user_id = {}", "ended_at IS NULL AND expires_at > {}"],
    &[Key::Id],
);

/// Sets $1 where it was last seen before $2.
pub(crate) static SEEN: SizedStatements<BulkChange<Session>> = SizedStatements::new(
    concat!(module_path!(), "::SEEN"),
    &[1, 10, 100],
    |sessions| {
        let ids: Vec<String> = (3..3 + sessions).map(|number| format!("${number}")).collect();
        format!(
            "UPDATE sessions SET last_seen_at = $1 WHERE last_seen_at <= $2 AND ended_at IS NULL AND id IN ({})",
            ids.join(", ")
        )
    },
    |sql| BulkChange::new("sessions", &[Session::SEEN], sql),
);

impl FromRow for Read<Session> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        Ok(Self(Session {
            id: row.next()?,
            user_id: row.next()?,
            method: row.next::<AsText<_>>()?.0,
            stepped_up_at: row.next()?,
            generation: row.next()?,
            ip: row.next()?,
            user_agent: row.next()?,
            created_at: row.next()?,
            last_seen_at: row.next()?,
            expires_at: row.next()?,
            flagged_at: row.next()?,
            ended_at: row.next()?,
        }))
    }
}

impl FromRow for Read<(Session, Vec<u8>)> {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DatabaseError> {
        let Read(session) = Read::<Session>::from_row(row)?;
        Ok(Self((session, row.next()?)))
    }
}

repository! {
    /// The table of sessions.
    Sessions
}

impl Sessions<'_> {
    /// Finds a session by its id, ended or not.
    ///
    /// # Errors
    /// `NOT_FOUND`, also for another user's session outside of the scope.
    pub async fn find(&mut self, scope: &Scope<Session>, id: SessionId) -> Result<Session> {
        match owned(scope) {
            RowFilter::All => found(self.0.optional(&FIND, &[&id]).await?),
            RowFilter::Of(owner) => found(self.0.optional(&FIND_OWNED, &[&id, &owner]).await?),
            RowFilter::None => Err(Error::NotFound),
        }
    }

    /// Finds a session with the sealed seed of its refresh tokens.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn with_seed(
        &mut self,
        scope: &Scope<Session>,
        id: SessionId,
    ) -> Result<Option<(Session, Vec<u8>)>> {
        let row: Option<Read<_>> = match owned(scope) {
            RowFilter::All => self.0.optional(&FIND_SEED, &[&id]).await?,
            RowFilter::Of(owner) => self.0.optional(&FIND_SEED_OWNED, &[&id, &owner]).await?,
            RowFilter::None => None,
        };
        Ok(row.map(|Read(pair)| pair))
    }

    /// Inserts a new session with the sealed seed of its refresh tokens.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn insert(
        &mut self,
        permit: &Permit<Session>,
        session: &Session,
        sealed_seed: &[u8],
    ) -> Result<()> {
        let insert = INSERT.authorize(permit, session)?;
        let done = self
            .0
            .execute(
                insert,
                &[
                    &session.id,
                    &session.user_id,
                    &AsText(session.method),
                    &session.stepped_up_at,
                    &session.generation,
                    &sealed_seed,
                    &session.ip,
                    &session.user_agent,
                    &session.created_at,
                    &session.last_seen_at,
                    &session.expires_at,
                    &session.flagged_at,
                    &session.ended_at,
                ],
            )
            .await;
        done?;
        Ok(())
    }

    /// Moves a session to its next generation; false when it was ended, or was moved already.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn advance(
        &mut self,
        permit: &Permit<Session>,
        session: &Session,
        from_generation: u32,
    ) -> Result<bool> {
        let advance = ADVANCE.authorize(permit, session)?;
        let done = self
            .0
            .execute(
                advance,
                &[
                    &session.id,
                    &session.generation,
                    &session.ip,
                    &session.user_agent,
                    &session.last_seen_at,
                    &session.expires_at,
                    &from_generation,
                ],
            )
            .await;
        Ok(done? == 1)
    }

    /// Notes that sessions are in use at an instant, except those that were last seen after `before`; returns how many
    /// rows changed.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn seen(
        &mut self,
        permit: &BulkPermit<Session>,
        sessions: &[SessionId],
        now: Timestamp,
        before: Timestamp,
    ) -> Result<u64> {
        let mut changed = 0;
        for some in sessions.chunks(SEEN.most()) {
            let (size, seen) = SEEN.fitting(some.len());
            let Some(last) = some.last() else { continue };
            // The last id fills what is left of the statement's size.
            let ids = some.iter().chain(std::iter::repeat(last)).take(size);
            let mut values: Vec<&dyn Param> = vec![&now, &before];
            values.extend(ids.map(|id| id as &dyn Param));
            changed += self.0.execute(seen.authorize(permit)?, &values).await?;
        }
        Ok(changed)
    }

    /// Marks a session at an instant.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn flag(&mut self, permit: &Permit<Session>, session: &Session, at: Timestamp) -> Result<()> {
        let flag = FLAG.authorize(permit, session)?;
        self.0.execute(flag, &[&session.id, &at]).await?;
        Ok(())
    }

    /// Ends a session. A session that has ended before retains its end time.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn end(&mut self, permit: &Permit<Session>, session: &Session, now: Timestamp) -> Result<()> {
        let end = END.authorize(permit, session)?;
        self.0
            .batch(&[(NEXT.exempt(), &[]), (end, &[&session.id, &now])])
            .await?;
        Ok(())
    }

    /// Notes that the user proved again who they are; false when the session was ended meanwhile.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn step_up(
        &mut self,
        permit: &Permit<Session>,
        session: &Session,
        now: Timestamp,
    ) -> Result<bool> {
        let step_up = STEP_UP.authorize(permit, session)?;
        Ok(self.0.execute(step_up, &[&session.id, &now]).await? == 1)
    }

    /// Ends every step-up of an account: none was by the factor that it has from now on.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn end_step_ups(&mut self, permit: &Permit<User>, user: &User) -> Result<()> {
        let end = END_STEP_UPS.authorize(permit, user)?;
        self.0.execute(end, &[&user.id]).await?;
        Ok(())
    }

    /// Ends every session of an account, except one if given; returns those that it ended.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn end_all(
        &mut self,
        permit: &Permit<User>,
        user: UserId,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>> {
        let end_all = END_ALL.authorize_id(permit, user)?;
        let except = except.map_or(Uuid::nil(), |session| session.uuid());
        let values: [&dyn Param; 3] = [&user, &now, &except];
        self.0.execute(NEXT.exempt(), &[]).await?;
        Ok(self.0.execute_returning_all(end_all, &values).await?)
    }

    /// A page of the live sessions of an account, neither ended nor expired, the newest first. Ids order it, so by
    /// cursor no session is missed or repeated while others end or are used.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` for a cursor of another list.
    pub async fn list(
        &mut self,
        scope: &Scope<Session>,
        user: UserId,
        now: Timestamp,
        page: &PageRequest,
    ) -> Result<Page<Session>> {
        let mut query = LIST.by(0, true).with(OWNED, Some(&user)).with(LIVE, Some(&now));
        if !includes(scope, user) {
            query = query.nothing();
        }
        query.page(self.0, page, position).await
    }

    /// The sessions whose end has a greater number than the one given, in the order of the numbers.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn ended_since(&mut self, scope: &Scope<Session>, since: i64) -> Result<Vec<SessionId>> {
        if !all(scope) {
            return Ok(Vec::new());
        }
        Ok(self.0.all(&ENDED_SINCE, &[&since]).await?)
    }

    /// Removes sessions that ended or expired before an instant; returns how many.
    ///
    /// # Errors
    /// Only the database's.
    pub async fn prune(&mut self, permit: &BulkPermit<Session>, before: Timestamp) -> Result<u64> {
        Ok(self.0.execute(PRUNE.authorize(permit)?, &[&before]).await?)
    }
}

fn includes(scope: &Scope<Session>, user: UserId) -> bool {
    match owned(scope) {
        RowFilter::All => true,
        RowFilter::Of(owner) => owner == user,
        RowFilter::None => false,
    }
}

fn position(session: &Session) -> Position {
    Position {
        key: CursorKey::Number(0),
        id: session.id.uuid(),
    }
}
