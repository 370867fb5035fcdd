//! Reading strings: borrowed where the JSON text has no escapes, and without complaint where nobody asked.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// A field whose type is looked at when somebody asks for it, so that a surprise in a field that nobody reads stops
/// no event.
#[derive(Debug, Default)]
pub(crate) enum Loose<'a> {
    /// The key is not there, or is `null`.
    #[default]
    Missing,
    Text(Cow<'a, str>),
    Number(i64),
    /// Something else, by the name that a message gives it.
    Other(&'static str),
}

impl<'a> Loose<'a> {
    pub(crate) fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// The string, if the field is there.
    pub(crate) fn text(self, path: &'static str) -> Result<Option<Cow<'a, str>>, FieldError> {
        match self {
            Self::Missing => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            Self::Number(_) => Err(FieldError::wrong(path, "a string", "a number")),
            Self::Other(found) => Err(FieldError::wrong(path, "a string", found)),
        }
    }

    /// The string, if the field is there, or what is found in its place.
    pub(crate) fn text_or_found(self) -> (Option<Cow<'a, str>>, Option<&'static str>) {
        match self {
            Self::Missing => (None, None),
            Self::Text(text) => (Some(text), None),
            Self::Number(_) => (None, Some("a number")),
            Self::Other(found) => (None, Some(found)),
        }
    }

    /// The string, which has to be there.
    pub(crate) fn required(self, path: &'static str) -> Result<Cow<'a, str>, FieldError> {
        self.text(path)?.ok_or(FieldError {
            path,
            problem: Problem::Missing,
        })
    }

    /// A small number, also one that is written as a string.
    pub(crate) fn number<N: TryFrom<i64>>(
        self,
        path: &'static str,
        expected: &'static str,
    ) -> Result<Option<N>, FieldError> {
        let (number, found) = match self {
            Self::Missing => return Ok(None),
            Self::Number(number) => (Some(number), "another number"),
            Self::Text(text) => (text.parse().ok(), "another string"),
            Self::Other(found) => (None, found),
        };
        match number.and_then(|number| N::try_from(number).ok()) {
            Some(number) => Ok(Some(number)),
            None => Err(FieldError::wrong(path, expected, found)),
        }
    }

    pub(crate) const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }
}

/// What is wrong with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FieldError {
    pub(crate) path: &'static str,
    pub(crate) problem: Problem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    Missing,
    Wrong {
        expected: &'static str,
        found: &'static str,
    },
}

impl FieldError {
    pub(crate) const fn wrong(
        path: &'static str,
        expected: &'static str,
        found: &'static str,
    ) -> Self {
        Self {
            path,
            problem: Problem::Wrong { expected, found },
        }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            Problem::Missing => write!(f, "{}: missing field", self.path),
            Problem::Wrong { expected, found } => {
                write!(f, "{}: expected {expected}, found {found}", self.path)
            }
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Loose<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Loose::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Loose::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(Loose::Text(Cow::Owned(text)))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Loose::Number(number))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(i64::try_from(number).map_or(Loose::Other("a number"), Loose::Number))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Loose::Other("a number"))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Loose::Other("a boolean"))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Loose::Missing)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                IgnoredAny.visit_seq(seq)?;
                Ok(Loose::Other("an array"))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                IgnoredAny.visit_map(map)?;
                Ok(Loose::Other("an object"))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// A string that borrows from the text where it can, inside an `Option` or a `Vec` too (where serde's own `Cow`
/// always copies).
#[derive(Debug)]
pub(crate) struct Str<'a>(pub(crate) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Borrowed<'b>(#[serde(borrow)] Cow<'b, str>);
        Borrowed::deserialize(deserializer).map(|Borrowed(text)| Self(text))
    }
}

/// A struct that is read from a JSON object only (what serde derives would take an array too), and whose fields all
/// have a default. It is filled where it lies: what has as many fields as an event is not to be moved about.
pub(crate) trait Object<'de>: Default {
    /// Which field a key is for.
    type Field;
    /// What is expected, for an error.
    const EXPECTED: &'static str;
    /// The field of this key.
    fn field(key: &str) -> Option<Self::Field>;
    /// Reads the next value into this field.
    fn fill<A: MapAccess<'de>>(&mut self, field: Self::Field, map: &mut A) -> Result<(), A::Error>;
}

/// Reads an object into its place.
pub(crate) struct Place<'p, T>(pub(crate) &'p mut T);

impl<'de, T: Object<'de>> DeserializeSeed<'de> for Place<'_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Object<'de>> Visitor<'de> for Place<'_, T> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(field) = map.next_key_seed(Key::<T>(PhantomData))? {
            match field {
                Some(field) => self.0.fill(field, &mut map)?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// The same for an object that need not be there, or is `null`.
pub(crate) struct Maybe<'p, T>(pub(crate) &'p mut Option<T>);

impl<'de, T: Object<'de>> DeserializeSeed<'de> for Maybe<'_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, T: Object<'de>> Visitor<'de> for Maybe<'_, T> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }
    fn visit_none<E>(self) -> Result<(), E> {
        *self.0 = None;
        Ok(())
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        Place(self.0.insert(T::default())).deserialize(deserializer)
    }
}

/// A key, which is looked at where it stands and not kept.
struct Key<T>(PhantomData<T>);

impl<'de, T: Object<'de>> DeserializeSeed<'de> for Key<T> {
    type Value = Option<T::Field>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de, T: Object<'de>> Visitor<'de> for Key<T> {
    type Value = Option<T::Field>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(T::field(key))
    }
}

/// Implements [`Object`] and `Deserialize`. A field that is an object again is filled where it lies too if it stands
/// there `as object`.
macro_rules! from_object {
    ($name:ident<$lifetime:lifetime>, $expected:literal, { $($key:literal => $field:ident $(as $object:ident)?),+ $(,)? }) => {
        const _: () = {
            #[allow(non_camel_case_types)]
            enum Field { $($field),+ }

            impl<'de: $lifetime, $lifetime> $crate::text::Object<'de> for $name<$lifetime> {
                type Field = Field;
                const EXPECTED: &'static str = $expected;
                fn field(key: &str) -> Option<Field> {
                    match key {
                        $($key => Some(Field::$field),)+
                        _ => None,
                    }
                }
                fn fill<A: ::serde::de::MapAccess<'de>>(&mut self, field: Field, map: &mut A) -> Result<(), A::Error> {
                    match field {
                        $(Field::$field => $crate::text::from_object!(@fill self.$field, map $(, $object)?),)+
                    }
                    Ok(())
                }
            }

            impl<'de: $lifetime, $lifetime> ::serde::Deserialize<'de> for $name<$lifetime> {
                fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let mut object = Self::default();
                    ::serde::de::DeserializeSeed::deserialize($crate::text::Place(&mut object), deserializer)?;
                    Ok(object)
                }
            }
        };
    };
    (@fill $place:expr, $map:ident) => {
        $place = $map.next_value()?
    };
    (@fill $place:expr, $map:ident, object) => {
        $map.next_value_seed($crate::text::Maybe(&mut $place))?
    };
}
pub(crate) use from_object;
