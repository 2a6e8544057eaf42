//! Exports of an account's data.

use crate::app::TestApp;
use crate::users::TestUser;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// The files of an archive by their names, parsed.
///
/// # Panics
/// When it is no ZIP archive of JSON files.
pub fn unzipped(archive: &[u8]) -> BTreeMap<String, Value> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).expect("a ZIP archive");
    let mut files = BTreeMap::new();
    for number in 0..archive.len() {
        let mut file = archive.by_index(number).expect("a file of the archive");
        let name = file.name().expect("a name in UTF-8").into_owned();
        let mut text = String::new();
        file.read_to_string(&mut text).expect("text");
        let value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        files.insert(name, value);
    }
    files
}

impl TestApp {
    /// Requests the export of everything about an account without a second factor, after a step-up, makes it and downloads
    /// it; returns its files.
    ///
    /// # Panics
    /// When the app refuses any of that.
    pub async fn data_export(&self, user: &TestUser) -> BTreeMap<String, Value> {
        user.step_up().await;
        user.post_nothing("/api/users/me/export").await.expect(202);
        self.run_jobs().await;
        let archive = user.get("/api/users/me/export/download").await;
        unzipped(&archive.expect(200).body)
    }
}
