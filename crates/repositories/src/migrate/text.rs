//! The migrations of an application. They are declared here, and not applied yet.

/// One migration.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    name: &'static str,
    text: &'static str,
}

impl Migration {
    /// A migration by its name, such as `V1__reviews`, and its text.
    pub const fn new(name: &'static str, text: &'static str) -> Self {
        Self { name, text }
    }
}

/// The migrations of an application, beside Mainstay's own.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    application: &'static str,
    all: &'static [Migration],
}

impl Migrations {
    /// Migrations in the ascending order of their versions.
    pub const fn new(application: &'static str, all: &'static [Migration]) -> Self {
        Self { application, all }
    }

    /// The name of the application.
    pub const fn application(&self) -> &'static str {
        self.application
    }

    /// Their names and texts.
    pub fn texts(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.all.iter().map(|migration| (migration.name, migration.text))
    }
}
