//! A mailbox of files for development: every mail is an `.eml` file that mail programs open.

use super::error::MailAway;
use super::letter::{Sender, letter};
use futures_util::future::BoxFuture;
use mainstay_domain::time::{Clock, Timestamp};
use mainstay_domain::{Error, Result};
use mainstay_engine::mail::{Mailer, Message};
use mainstay_platform::files;
use parking_lot::Mutex;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes each message to a file, named by time and message id so that names sort by time:
/// `20261122T100000.000Z-order-paid-<order>.eml`. Only the server's user account can read the files.
///
/// A message is written completely or not at all, and `Ok` means that it is on disk. `.sent/` maps message ids to
/// files, so sending a message again changes nothing, in this process or after a restart.
pub struct FileMailbox {
    sender: Sender,
    clock: Arc<dyn Clock>,
    folder: Arc<Folder>,
}

struct Folder {
    path: PathBuf,
    claims: Mutex<()>,
    temporaries: AtomicU64,
}

impl FileMailbox {
    /// A mailbox in a folder, which the first message creates.
    pub fn new(folder: PathBuf, sender: Sender, clock: Arc<dyn Clock>) -> Self {
        let folder = Folder {
            path: folder,
            claims: Mutex::default(),
            temporaries: AtomicU64::default(),
        };
        Self {
            sender,
            clock,
            folder: Arc::new(folder),
        }
    }

    async fn on_disk(&self, work: impl FnOnce(&Folder) -> io::Result<()> + Send + 'static) -> Result<()> {
        let folder = Arc::clone(&self.folder);
        let done = tokio::task::spawn_blocking(move || work(&folder))
            .await
            .map_err(Error::internal)?;
        Ok(done.map_err(|error| MailAway(format!("the mail folder cannot be written: {error}")))?)
    }
}

impl Mailer for FileMailbox {
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let now = self.clock.now();
            let bytes = letter(message, &self.sender, now)?.formatted();
            let id = message.id.clone();
            self.on_disk(move |folder| folder.keep(&id, &file_name(now, &id), &bytes))
                .await
        })
    }

    fn check(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.on_disk(Folder::make))
    }
}

fn file_name(now: Timestamp, id: &str) -> String {
    format!("{}-{id}.eml", now.to_string().replace(['-', ':'], ""))
}

impl Folder {
    fn make(&self) -> io::Result<()> {
        files::make_dir(&self.path.join(".sent"))
    }

    fn keep(&self, id: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.make()?;
        let path = self.path.join(self.claim(id, name)?);
        if path.try_exists()? {
            return Ok(());
        }
        files::replace(&path, &self.draft(), bytes)
    }

    /// A temporary path that no other message of this process uses at the same time.
    fn draft(&self) -> PathBuf {
        let number = self.temporaries.fetch_add(1, Ordering::Relaxed);
        self.path.join(format!(".{}-{number}.tmp", std::process::id()))
    }

    /// Returns the file name of a message: the one chosen when it was first sent. After a crash between the choice and
    /// the file, the choice remains, and the next attempt writes the file.
    fn claim(&self, id: &str, name: &str) -> io::Result<String> {
        let claim = self.path.join(".sent").join(id);
        let _one_at_a_time = self.claims.lock();
        match fs::read_to_string(&claim) {
            Ok(chosen) if !chosen.is_empty() => Ok(chosen),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            Ok(_) | Err(_) => {
                files::replace(&claim, &self.draft(), name.as_bytes())?;
                Ok(name.to_owned())
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test leaves what a crash would")]
mod tests {
    use super::super::letter::example;
    use super::*;
    use mainstay_domain::error::Code;
    use mainstay_platform::clock::ManualClock;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;
    use std::time::Duration;

    fn mailbox(folder: &Path, clock: &Arc<ManualClock>) -> FileMailbox {
        let sender = Sender::parse("Shop <no-reply@shop.example>").unwrap();
        FileMailbox::new(folder.join("mail"), sender, Arc::clone(clock) as Arc<dyn Clock>)
    }

    fn clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::new(
            Timestamp::parse("2026-11-22T10:00:00.5Z").unwrap(),
        ))
    }

    fn files(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder.join("mail")).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.retain(|name| name != ".sent");
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_message_becomes_a_file_that_only_its_owner_reads() {
        let folder = tempfile::tempdir().unwrap();
        mailbox(folder.path(), &clock()).send(&example()).await.unwrap();
        assert_eq!(files(folder.path()), ["20261122T100000.500Z-order-paid-1.eml"]);
        let path = folder.path().join("mail/20261122T100000.500Z-order-paid-1.eml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("From: Shop <no-reply@shop.example>\r\n"),
            "{text}"
        );
        assert!(text.contains("text/plain") && text.contains("text/html") && text.contains("Thank you."));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn sent_again_it_is_still_one_file() {
        let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
        mailbox(folder.path(), &clock).send(&example()).await.unwrap();
        clock.advance(Duration::from_mins(1));
        let after_a_restart = mailbox(folder.path(), &clock);
        after_a_restart.send(&example()).await.unwrap();
        // An id that is a suffix of another one is a different id.
        after_a_restart
            .send(&Message {
                id: "1".to_owned(),
                ..example()
            })
            .await
            .unwrap();
        let expected = [
            "20261122T100000.500Z-order-paid-1.eml",
            "20261122T100100.500Z-1.eml",
        ];
        assert_eq!(files(folder.path()), expected);
    }

    #[tokio::test]
    async fn sent_at_once_by_many_it_is_one_file() {
        let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
        let mailbox = Arc::new(mailbox(folder.path(), &clock));
        let senders = (0..8).map(|_| {
            let (mailbox, clock) = (Arc::clone(&mailbox), Arc::clone(&clock));
            tokio::spawn(async move {
                clock.advance(Duration::from_secs(1));
                mailbox.send(&example()).await
            })
        });
        for sender in senders.collect::<Vec<_>>() {
            sender.await.unwrap().unwrap();
        }
        assert_eq!(files(folder.path()).len(), 1);
    }

    #[tokio::test]
    async fn a_crash_before_the_file_was_there_loses_nothing() {
        let (folder, clock) = (tempfile::tempdir().unwrap(), clock());
        let mailbox = mailbox(folder.path(), &clock);
        mailbox.check().await.unwrap();
        for half_done in ["", "20260101T000000.000Z-order-paid-1.eml"] {
            fs::write(folder.path().join("mail/.sent/order-paid-1"), half_done).unwrap();
            mailbox.send(&example()).await.unwrap();
        }
        let expected = [
            "20260101T000000.000Z-order-paid-1.eml",
            "20261122T100000.500Z-order-paid-1.eml",
        ];
        assert_eq!(files(folder.path()), expected);
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_created_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("mail"), "a file is in the way").unwrap();
        let mailbox = mailbox(folder.path(), &clock());
        assert_eq!(mailbox.check().await.unwrap_err().code(), Code::Unavailable);
        assert_eq!(
            mailbox.send(&example()).await.unwrap_err().code(),
            Code::Unavailable
        );
    }
}
