//! Enumerations that are stored, sent and received by name, such as the status of an order.

use serde::de::{Deserializer, Error, Visitor};
use std::fmt;
use std::marker::PhantomData;

#[doc(hidden)]
pub use serde;

/// A type that one text column stores.
pub trait StoredAsText: Sized {
    /// What the column contains, for the error about a text that is something else: `a currency`.
    const EXPECTED: &'static str;
    /// Converts a stored text; `None` when it is not one of this type, because the row was changed by other means.
    fn from_stored(text: &str) -> Option<Self>;
    /// The text to store.
    fn as_stored(&self) -> &str;
}

/// An enumeration declared by [`string_enum!`](macro@crate::string_enum).
pub trait StringEnum: Copy + Eq + 'static {
    /// Every variant, in the order of the declaration.
    const ALL: &'static [Self];
    /// Their names, in the same order.
    const NAMES: &'static [&'static str];
    /// The name of the variant.
    fn name(self) -> &'static str;
    /// Finds the variant of a name.
    fn from_name(name: &str) -> Option<Self>;
}

/// Deserializes a variant by its name.
///
/// # Errors
/// The input is not a text, or not a name.
pub fn deserialize<'de, T: StringEnum, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Names<T>(PhantomData<T>);

    impl<T: StringEnum> Visitor<'_> for Names<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "one of {}", T::NAMES.join(", "))
        }

        fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
            T::from_name(name).ok_or_else(|| E::unknown_variant(name, T::NAMES))
        }
    }

    deserializer.deserialize_str(Names(PhantomData))
}

/// Declares an enumeration and, from the one list of its names, everything that depends on them: `ALL`, `NAMES`,
/// `CHOICES`, `as_str`, `find`, `Display`, serde by name, and the traits [`StringEnum`] and [`StoredAsText`].
///
/// The names are written out, because they are stored and sent: renaming a variant must not change them.
///
/// ```
/// mainstay_domain::string_enum! {
///     /// Whether a review is shown.
///     pub enum ReviewStatus {
///         /// Shown to every client.
///         Shown = "shown",
///         /// Removed by staff.
///         Hidden = "hidden",
///     }
/// }
/// assert_eq!(ReviewStatus::find("hidden"), Some(ReviewStatus::Hidden));
/// assert_eq!(ReviewStatus::CHOICES, "shown, hidden");
/// ```
#[macro_export]
macro_rules! string_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $type:ident {
            $(#[$first_meta:meta])* $first:ident = $first_name:literal
            $(, $(#[$variant_meta:meta])* $variant:ident = $name:literal)* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $type {
            $(#[$first_meta])* $first,
            $($(#[$variant_meta])* $variant,)*
        }

        impl $type {
            /// Every variant, in the order of the declaration.
            $vis const ALL: [Self; Self::NAMES.len()] = [Self::$first $(, Self::$variant)*];
            /// The names of all variants, in the same order.
            $vis const NAMES: &'static [&'static str] = &[$first_name $(, $name)*];
            /// The names of all variants in one text: `pending, paid`.
            $vis const CHOICES: &'static str = concat!($first_name $(, ", ", $name)*);

            /// The name, as stored and as clients receive it.
            $vis const fn as_str(self) -> &'static str {
                match self {
                    Self::$first => $first_name,
                    $(Self::$variant => $name,)*
                }
            }

            /// Finds the variant of a name.
            $vis fn find(name: &str) -> Option<Self> {
                match name {
                    $first_name => Some(Self::$first),
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl $crate::string_enum::StringEnum for $type {
            const ALL: &'static [Self] = &Self::ALL;
            const NAMES: &'static [&'static str] = Self::NAMES;

            fn name(self) -> &'static str {
                self.as_str()
            }

            fn from_name(name: &str) -> Option<Self> {
                Self::find(name)
            }
        }

        impl $crate::string_enum::StoredAsText for $type {
            const EXPECTED: &'static str = concat!("one of ", $first_name $(, ", ", $name)*);

            fn from_stored(text: &str) -> Option<Self> {
                Self::find(text)
            }

            fn as_stored(&self) -> &str {
                self.as_str()
            }
        }

        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::string_enum::serde::Serialize for $type {
            fn serialize<S: $crate::string_enum::serde::Serializer>(
                &self,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::string_enum::serde::Deserialize<'de> for $type {
            fn deserialize<D: $crate::string_enum::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                $crate::string_enum::deserialize(deserializer)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    string_enum! {
        /// Two variants whose names differ from their identifiers.
        enum Light {
            /// Drive.
            Go = "green-light",
            /// Wait.
            Stop = "red-light",
        }
    }

    #[test]
    fn everything_follows_from_the_one_list_of_names() {
        assert_eq!(Light::ALL, [Light::Go, Light::Stop]);
        assert_eq!(Light::CHOICES, "green-light, red-light");
        assert_eq!(<Light as StoredAsText>::EXPECTED, "one of green-light, red-light");
        for (light, name) in Light::ALL.into_iter().zip(Light::NAMES) {
            assert_eq!((light.as_str(), light.to_string().as_str()), (*name, *name));
            assert_eq!(
                (Light::find(name), Light::from_stored(name)),
                (Some(light), Some(light))
            );
            let json = serde_json::to_string(&light).unwrap();
            assert_eq!(json, format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<Light>(&json).unwrap(), light);
        }
    }

    #[test]
    fn other_names_are_refused_and_the_error_lists_the_names() {
        assert_eq!((Light::find("Go"), Light::from_stored("")), (None, None));
        let error = serde_json::from_str::<Light>("\"blue\"").unwrap_err().to_string();
        assert!(error.contains("`green-light` or `red-light`"), "{error}");
        assert!(serde_json::from_str::<Light>("1").is_err());
    }
}
