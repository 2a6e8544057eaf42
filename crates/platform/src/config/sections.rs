//! Sections that an application adds to the settings: `[reviews]` in `mainstay.toml`, `REVIEWS_…` in the environment.

use super::mask::Show;
use super::parse::{self, Parsed};
use super::secret::Secret;
use super::sources::{Declaration, Reader};
use std::any::{Any, TypeId, type_name};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// A section of settings that an application adds. Reading declares: a setting exists because [`read`](Self::read) asks
/// the reader for it, so every other key of the section is refused.
pub trait SettingsSection: Sized + Send + Sync + 'static {
    /// Reads each setting of the section, in the order in which `config` prints them.
    fn read(from: &mut SectionReader<'_, '_>) -> Self;
}

/// Reads the settings of one section from flags, environment and file, as the built-in ones are read. A value that is
/// refused is reported with all other errors of the configuration.
pub struct SectionReader<'r, 's> {
    section: &'static str,
    reader: &'r mut Reader<'s>,
}

impl SectionReader<'_, '_> {
    /// A switch: `on` or `off`.
    pub fn switch(&mut self, key: &str, default: bool, meaning: &'static str) -> bool {
        let default = if default { "on" } else { "off" };
        self.value(key, default, meaning, parse::switch)
    }

    /// A whole number within a range.
    pub fn number(
        &mut self,
        key: &str,
        default: i64,
        range: RangeInclusive<i64>,
        meaning: &'static str,
    ) -> i64 {
        let parse = |text: &str| parse::whole(text, *range.start(), *range.end());
        self.value(key, &default.to_string(), meaning, parse)
    }

    /// A duration such as `90s` or `7d`, from `least` to `most`, both spelled like that.
    pub fn duration(
        &mut self,
        key: &str,
        default: &str,
        (least, most): (&str, &str),
        meaning: &'static str,
    ) -> Duration {
        self.value(key, default, meaning, |text| parse::duration(text, least, most))
    }

    /// A text, which may be empty.
    pub fn text(&mut self, key: &str, default: &str, meaning: &'static str) -> String {
        self.value(key, default, meaning, |text| Ok(text.to_owned()))
    }

    /// A secret: never printed, refused on the command line; `None` when it is not set.
    pub fn secret(&mut self, key: &str, meaning: &'static str) -> Option<Secret<String>> {
        let parse = |text: &str| Ok((!text.is_empty()).then(|| Secret::new(text.to_owned())));
        self.take(key, "", meaning, Show::Nothing, &parse)
    }

    /// A value of any other type. `parse` returns the reason why it refuses a text, as in "is not a colour".
    ///
    /// # Panics
    /// When `parse` refuses the default: a bug, found at every start.
    pub fn value<T>(
        &mut self,
        key: &str,
        default: &str,
        meaning: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        self.take(key, default, meaning, Show::Plain, &parse)
    }

    fn take<T>(
        &mut self,
        key: &str,
        default: &str,
        meaning: &'static str,
        show: Show,
        parse: &dyn Fn(&str) -> Parsed<T>,
    ) -> T {
        let key = format!("{}.{key}", self.section);
        let declaration = Declaration {
            env: Cow::Owned(key.replace(['.', '-'], "_").to_uppercase()),
            key: Cow::Owned(key),
            default,
            show,
            meaning,
            fix: meaning,
        };
        self.reader.take_declared(&declaration, parse)
    }
}

type ReadSection = fn(&mut SectionReader<'_, '_>) -> Arc<dyn Any + Send + Sync>;

/// The sections that an application adds, in the order in which they were added.
#[derive(Clone, Default)]
pub struct Sections(Vec<Section>);

#[derive(Clone, Copy)]
struct Section {
    name: &'static str,
    id: TypeId,
    type_name: &'static str,
    read: ReadSection,
}

impl Sections {
    /// Adds a section under its name in `mainstay.toml`.
    pub fn add<S: SettingsSection>(&mut self, name: &'static str) {
        self.0.push(Section {
            name,
            id: TypeId::of::<S>(),
            type_name: type_name::<S>(),
            read: |from| Arc::new(S::read(from)),
        });
    }

    /// The name and the type of each section.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.0.iter().map(|section| (section.name, section.type_name))
    }

    /// Reads every section. Two settings of one key or variable are an error of the configuration.
    pub(super) fn take(&self, reader: &mut Reader<'_>) -> SectionValues {
        let values = self.0.iter().map(|section| {
            let value = (section.read)(&mut SectionReader {
                section: section.name,
                reader: &mut *reader,
            });
            (section.id, value)
        });
        SectionValues(values.collect())
    }
}

/// The values of an application's sections, by their types.
#[derive(Clone, Default)]
pub struct SectionValues(BTreeMap<TypeId, Arc<dyn Any + Send + Sync>>);

impl SectionValues {
    /// The settings of a section; `None` when the application did not add it.
    pub fn get<S: SettingsSection>(&self) -> Option<Arc<S>> {
        Arc::clone(self.0.get(&TypeId::of::<S>())?).downcast().ok()
    }
}

impl fmt::Debug for SectionValues {
    /// Only their number: an application's settings may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sections", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ConfigErrors, Loaded, Settings};
    use super::*;
    use std::path::Path;

    struct Reviews {
        invite: bool,
        stars: i64,
        after: Duration,
        key: Option<Secret<String>>,
    }

    impl SettingsSection for Reviews {
        fn read(from: &mut SectionReader<'_, '_>) -> Self {
            Self {
                invite: from.switch("invite", true, "whether buyers are invited."),
                stars: from.number("stars", 5, 1..=10, "the most stars."),
                after: from.duration("after", "7d", ("1s", "90d"), "when buyers are invited."),
                key: from.secret("key", "signs the links."),
            }
        }
    }

    fn read(flag: Option<(&str, &str)>, env: &[(&str, &str)], file: &str) -> Result<Loaded, ConfigErrors> {
        let mut sections = Sections::default();
        sections.add::<Reviews>("reviews");
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let flags: Vec<_> = flag.into_iter().map(owned).collect();
        let env = env.iter().copied().map(owned).collect();
        Settings::read_with(&sections, &flags, &env, Some((Path::new("mainstay.toml"), file)))
    }

    fn refusal(loaded: Result<Loaded, ConfigErrors>) -> String {
        loaded.expect_err("it is refused").to_string()
    }

    #[test]
    fn a_section_is_read_from_all_sources_and_printed_like_the_built_in_ones() {
        let file = "[reviews]\nstars = 7\nafter = '2d'\n";
        let env = [("REVIEWS_STARS", "8"), ("REVIEWS_KEY", "hunter2")];
        let loaded = read(Some(("reviews.invite", "off")), &env, file).expect("it is good");
        let reviews: Arc<Reviews> = loaded.settings.sections.get().expect("it was added");
        assert_eq!((reviews.invite, reviews.stars), (false, 8));
        assert_eq!(reviews.after, Duration::from_hours(48));
        assert_eq!(
            reviews.key.as_ref().map(|key| key.expose().as_str()),
            Some("hunter2")
        );
        let printed: Vec<String> = loaded
            .origins
            .iter()
            .filter(|setting| setting.key.starts_with("reviews."))
            .map(|setting| {
                format!(
                    "{} {} {} {}",
                    setting.key, setting.env, setting.value, setting.origin
                )
            })
            .collect();
        assert_eq!(
            printed,
            [
                "reviews.invite REVIEWS_INVITE off flag",
                "reviews.stars REVIEWS_STARS 8 environment",
                "reviews.after REVIEWS_AFTER 2d mainstay.toml:3",
                "reviews.key REVIEWS_KEY *** environment",
            ]
        );
        assert!(!format!("{:?}", loaded.settings).contains("hunter2"));
    }

    #[test]
    fn unknown_keys_and_invalid_values_of_a_section_are_refused_together() {
        let text = refusal(read(None, &[("REVIEWS_AFTER", "soon")], "[reviews]\nstar = 7\n"));
        assert!(
            text.contains("2 errors") && text.contains("reviews.after (REVIEWS_AFTER)"),
            "{text}"
        );
        assert!(
            text.contains("reviews.star") && text.contains("did you mean reviews.stars?"),
            "{text}"
        );
        let text = refusal(read(Some(("reviews.key", "hunter2")), &[], ""));
        assert!(
            text.contains("a secret on the command line") && !text.contains("hunter2"),
            "{text}"
        );
    }

    #[test]
    fn a_section_of_another_application_is_unknown() {
        let file = Some((Path::new("mainstay.toml"), "[reviews]\nstars = 7\n"));
        let text = refusal(Settings::read(&[], &BTreeMap::new(), file));
        assert!(text.contains("there is no such setting"), "{text}");
    }

    #[test]
    fn a_setting_of_an_existing_name_is_an_error() {
        struct Limits;
        impl SettingsSection for Limits {
            fn read(from: &mut SectionReader<'_, '_>) -> Self {
                from.switch("limits", true, "collides with RATE_LIMITS.");
                Self
            }
        }
        let mut sections = Sections::default();
        sections.add::<Limits>("rate");
        let text = refusal(Settings::read_with(&sections, &[], &BTreeMap::new(), None));
        assert!(text.contains("rate.limits (RATE_LIMITS)"), "{text}");
        assert!(text.contains("has the variable of"), "{text}");
    }
}
