//! The limit of files and sockets that the process may have open (`RLIMIT_NOFILE`).

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are open besides connections and the database: standard streams, logs, listeners, event queues, mail.
const OTHERS: usize = 64;
/// Files of one connection to a database: the database, its write-ahead log and its shared memory, and a spare one.
const FILES_OF_A_DATABASE_CONNECTION: usize = 4;

/// The files that a process needs, and its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenFiles {
    /// The limit; `None`: unlimited.
    limit: Option<usize>,
    /// Files needed for everything but client connections.
    reserve: usize,
}

impl OpenFiles {
    /// Raises the soft limit to the hard one, as servers do: the soft limit is low for the sake of old programs only.
    /// Where the system refuses that, the limit stays as it is.
    pub fn raise(database_connections: usize) -> Self {
        let now = getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: now.maximum,
            ..now
        };
        let current = match setrlimit(Resource::Nofile, raised) {
            Ok(()) => raised.current,
            Err(_) => now.current,
        };
        Self::of_limit(current, database_connections)
    }

    /// The result that [`OpenFiles::raise`] would have, without changing the limit.
    pub fn read(database_connections: usize) -> Self {
        Self::of_limit(getrlimit(Resource::Nofile).maximum, database_connections)
    }

    /// The result for a given limit (`None`: unlimited) and the connections of the database's pool.
    pub fn of_limit(limit: Option<u64>, database_connections: usize) -> Self {
        Self {
            limit: limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
            // SQLite's writer needs one connection more than configured.
            reserve: OTHERS + FILES_OF_A_DATABASE_CONNECTION * (database_connections + 1),
        }
    }

    /// The limit; `None`: unlimited.
    pub fn limit(self) -> Option<usize> {
        self.limit
    }

    /// How many of `wanted` client connections fit under the limit, at least 1.
    pub fn capacity_for(self, wanted: usize) -> usize {
        self.limit.map_or(wanted, |limit| {
            wanted.min(limit.saturating_sub(self.reserve)).max(1)
        })
    }

    /// The limit that `wanted` client connections require.
    pub fn needed_for(self, wanted: usize) -> usize {
        wanted.saturating_add(self.reserve)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_get_what_the_database_and_other_files_do_not_need() {
        let files = |limit| OpenFiles::of_limit(limit, 12);
        assert_eq!(files(None).capacity_for(10_000), 10_000);
        assert_eq!(files(Some(20_000)).capacity_for(10_000), 10_000);
        assert_eq!(files(Some(256)).capacity_for(10_000), 256 - 64 - 52);
        assert_eq!(files(Some(256)).capacity_for(50), 50);
        assert_eq!(files(Some(20)).capacity_for(50), 1);
        assert_eq!(files(Some(256)).needed_for(1000), 1116);
        assert_eq!(OpenFiles::of_limit(Some(1116), 12).capacity_for(1000), 1000);
    }

    #[test]
    fn raising_reaches_the_hard_limit() {
        let raised = OpenFiles::raise(1);
        assert_eq!(raised, OpenFiles::read(1));
        assert_eq!(
            getrlimit(Resource::Nofile).current.map(|limit| limit as usize),
            raised.limit()
        );
    }
}
