//! The sources of values, and their precedence.

use super::declared::Setting;
use super::error::ConfigError;
use super::file::{Entry, entries};
use super::mask::Show;
use super::origin::Origin;
use super::parse::Parsed;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// `config/default.toml` at build time.
pub(super) const DEFAULTS: &str = include_str!("../../../../config/default.toml");

/// All sources of a configuration besides the compiled-in defaults.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// `(key or variable, value)` as given on the command line; the later of two wins.
    pub flags: Vec<(String, String)>,
    /// Environment variables; those that name no setting are ignored.
    pub env: BTreeMap<String, String>,
    /// An explicit file, which must exist; `None`: `./mainstay.toml` if there is one.
    pub file: Option<PathBuf>,
}

impl Sources {
    /// The sources of this process: its environment and its command line.
    pub fn process(flags: Vec<(String, String)>, file: Option<PathBuf>) -> Self {
        // Lossy, so that a value that is not UTF-8 is refused by its parser rather than silently ignored.
        let text = |os: std::ffi::OsString| os.to_string_lossy().into_owned();
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place where the environment is read"
        )]
        let vars = std::env::vars_os();
        let env = vars.map(|(name, value)| (text(name), text(value))).collect();
        Self { flags, env, file }
    }
}

/// A value in force, in printable form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effective {
    /// Dotted key in `mainstay.toml`.
    pub key: Cow<'static, str>,
    /// The environment variable.
    pub env: Cow<'static, str>,
    /// Secrets are masked; empty when not set.
    pub value: String,
    /// The source of the value.
    pub origin: Origin,
    /// What the setting decides.
    pub meaning: &'static str,
}

/// What is declared about a setting besides its type.
pub(super) struct Declaration<'d> {
    /// Dotted key in `mainstay.toml`.
    pub(super) key: Cow<'static, str>,
    /// The environment variable.
    pub(super) env: Cow<'static, str>,
    /// The text that is parsed where no source has the setting.
    pub(super) default: &'d str,
    /// How much of the value may be printed.
    pub(super) show: Show,
    /// What the setting decides, in one line.
    pub(super) meaning: &'static str,
    /// The remedy in the error: what to write instead of a refused value.
    pub(super) fix: &'static str,
}

/// Takes settings out of the sources one by one and collects the errors.
pub(super) struct Reader<'a> {
    flags: &'a [(String, String)],
    env: &'a BTreeMap<String, String>,
    file: BTreeMap<String, Entry>,
    path: &'a Path,
    defaults: BTreeMap<String, Entry>,
    pub(super) taken: Vec<Effective>,
    pub(super) errors: Vec<ConfigError>,
}

impl<'a> Reader<'a> {
    /// `file` is the path and the text of `mainstay.toml`.
    pub(super) fn new(
        flags: &'a [(String, String)],
        env: &'a BTreeMap<String, String>,
        file: Option<(&'a Path, &str)>,
    ) -> Self {
        let (path, text) = file.unwrap_or((Path::new(""), ""));
        let (file, errors) = entries(path, text);
        let (defaults, _) = entries(Path::new("default.toml"), DEFAULTS);
        Self {
            flags,
            env,
            file,
            path,
            defaults,
            taken: Vec::new(),
            errors,
        }
    }

    /// The value of a built-in setting. When it is refused, this records the error and returns the default,
    /// so that the rest can be validated too.
    pub(super) fn take<T>(&mut self, setting: &Setting<T>) -> T {
        let default = self.default(setting.key).to_owned();
        let declaration = Declaration {
            key: Cow::Borrowed(setting.key),
            env: Cow::Borrowed(setting.env),
            default: &default,
            show: setting.show,
            meaning: setting.meaning,
            fix: setting.fix,
        };
        self.take_declared(&declaration, &setting.parse)
    }

    /// The value of any setting, in the same way.
    ///
    /// # Panics
    /// When the default is refused. A test parses the defaults of all built-in settings.
    pub(super) fn take_declared<T>(
        &mut self,
        setting: &Declaration<'_>,
        parse: &dyn Fn(&str) -> Parsed<T>,
    ) -> T {
        let (text, origin) = self.find(setting);
        let text = text.trim();
        let value = setting.show.apply(text);
        let collision = self.collision(setting);
        let mut refuse = |reason: String, fix: String| {
            self.errors.push(ConfigError {
                key: setting.key.clone().into_owned(),
                env: Some(setting.env.clone()),
                value: Some(value.clone()),
                origin: Some(origin.clone()),
                reason,
                fix,
            });
        };
        if let Some(reason) = collision {
            refuse(reason, "give the section or the setting another name".to_owned());
        }
        if origin == Origin::Flag && value != text {
            refuse(
                "a secret on the command line can be read by every user of the machine".to_owned(),
                format!(
                    "set {} in the environment or {} in mainstay.toml",
                    setting.env, setting.key
                ),
            );
        }
        let parsed = parse(text);
        if let Err(reason) = &parsed {
            refuse(reason.clone(), setting.fix.to_owned());
        }
        self.taken.push(Effective {
            key: setting.key.clone(),
            env: setting.env.clone(),
            value,
            origin,
            meaning: setting.meaning,
        });
        parsed
            .or_else(|_| parse(setting.default))
            .expect("the default of a setting is valid")
    }

    /// Why a setting cannot have its names: another one that was read before has them.
    fn collision(&self, setting: &Declaration<'_>) -> Option<String> {
        let other = self
            .taken
            .iter()
            .find(|taken| taken.key == setting.key || taken.env == setting.env)?;
        Some(match other.key == setting.key {
            true => "is declared twice".to_owned(),
            false => format!("has the variable of {}", other.key),
        })
    }

    /// Records the effective value of a setting whose default is computed.
    pub(super) fn resolved<T>(&mut self, setting: &Setting<T>, value: String) {
        if let Some(taken) = self.taken.iter_mut().find(|taken| taken.key == setting.key) {
            taken.value = value;
        }
    }

    /// Records an error that depends on several settings together.
    pub(super) fn clash<T>(&mut self, setting: &Setting<T>, reason: String) {
        let taken = self.taken.iter().find(|taken| taken.key == setting.key);
        let (value, origin) = taken
            .map(|taken| (taken.value.clone(), taken.origin.clone()))
            .unzip();
        let key = setting.key.to_owned();
        self.errors.push(ConfigError {
            key,
            env: Some(Cow::Borrowed(setting.env)),
            value,
            origin,
            reason,
            fix: setting.fix.to_owned(),
        });
    }

    /// The keys and variables that any source has.
    pub(super) fn given(&self) -> impl Iterator<Item = &str> {
        let flags = self.flags.iter().map(|(name, _)| name.as_str());
        let env = self.env.iter().filter(|(_, value)| !value.trim().is_empty());
        flags
            .chain(env.map(|(name, _)| name.as_str()))
            .chain(self.file.keys().map(String::as_str))
    }

    /// Whether a setting has an error already.
    pub(super) fn is_refused(&self, key: &str) -> bool {
        self.errors.iter().any(|error| error.key == key)
    }

    /// Records an error of a table as a whole.
    pub(super) fn refuse_table(&mut self, table: String, reason: String) {
        self.errors.push(ConfigError {
            key: table,
            env: None,
            value: None,
            origin: None,
            reason,
            fix: "see [oidc] in config/default.toml".to_owned(),
        });
    }

    /// Call after the last [`Reader::take`]: reports every given key that is no setting.
    pub(super) fn refuse_unknown(&mut self) {
        let known = |name: &str| self.taken.iter().any(|taken| taken.key == name);
        let in_file = self.file.iter().filter(|(key, _)| !known(key));
        let in_file = in_file.map(|(key, entry)| {
            (
                key,
                Origin::File {
                    path: self.path.to_owned(),
                    line: entry.line,
                },
            )
        });
        let in_flags = self
            .flags
            .iter()
            .filter(|(name, _)| !known(name) && !self.taken.iter().any(|taken| taken.env == *name));
        let in_flags = in_flags.map(|(name, _)| (name, Origin::Flag));
        let errors: Vec<ConfigError> = in_file
            .chain(in_flags)
            .map(|(key, origin)| self.unknown(key, origin))
            .collect();
        self.errors.extend(errors);
    }

    /// The error omits the value: it may be a secret under a misspelt name.
    fn unknown(&self, key: &str, origin: Origin) -> ConfigError {
        let fix = match self.nearest(key) {
            Some(near) => format!("did you mean {near}?"),
            None => "remove it; `mainstay config` lists every setting".to_owned(),
        };
        ConfigError {
            key: key.to_owned(),
            env: None,
            value: None,
            origin: Some(origin),
            reason: "there is no such setting".to_owned(),
            fix,
        }
    }

    fn nearest(&self, key: &str) -> Option<&str> {
        let last = key.rsplit('.').next();
        let likeness = |known: &Effective| {
            if known.env.eq_ignore_ascii_case(key) || known.key.rsplit('.').next() == last {
                1.0
            } else {
                strsim::jaro_winkler(&known.key, key)
            }
        };
        let scored = self.taken.iter().map(|known| (likeness(known), &*known.key));
        scored
            .filter(|(score, _)| *score > 0.85)
            .max_by(|one, other| one.0.total_cmp(&other.0))
            .map(|(_, key)| key)
    }

    fn find(&self, setting: &Declaration<'_>) -> (String, Origin) {
        let (key, env) = (&*setting.key, &*setting.env);
        if let Some((_, value)) = self
            .flags
            .iter()
            .rev()
            .find(|(name, _)| name == key || name == env)
        {
            return (value.clone(), Origin::Flag);
        }
        // Compose files and unit files pass unset variables on as empty ones.
        if let Some(value) = self.env.get(env).filter(|value| !value.trim().is_empty()) {
            return (value.clone(), Origin::Env);
        }
        if let Some(entry) = self.file.get(key) {
            return (
                entry.text.clone(),
                Origin::File {
                    path: self.path.to_owned(),
                    line: entry.line,
                },
            );
        }
        (setting.default.to_owned(), Origin::Default)
    }

    fn default(&self, key: &str) -> &str {
        self.defaults.get(key).map_or("", |entry| &entry.text)
    }
}
