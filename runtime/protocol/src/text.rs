//! Reading strings: borrowed where the JSON text has no escapes, and without complaint where nobody asked.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

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
    /// The string, if the field is there.
    pub(crate) fn text(self, path: &'static str) -> Result<Option<Cow<'a, str>>, FieldError> {
        match self {
            Self::Missing => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            Self::Number(_) => Err(FieldError::wrong(path, "a string", "a number")),
            Self::Other(found) => Err(FieldError::wrong(path, "a string", found)),
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

/// Implements `Deserialize` for a struct whose fields all have a default, from a JSON object only: what serde derives
/// would take an array too.
macro_rules! from_object {
    ($name:ident<$lifetime:lifetime>, $expecting:literal, { $($key:literal => $field:ident),+ $(,)? }) => {
        impl<'de: $lifetime, $lifetime> ::serde::Deserialize<'de> for $name<$lifetime> {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                // Which field a key is for: a key is looked at where it stands, and not kept.
                #[allow(non_camel_case_types)]
                enum Field { $($field,)+ __Unknown }
                impl<'de> ::serde::Deserialize<'de> for Field {
                    fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                        struct Key;
                        impl ::serde::de::Visitor<'_> for Key {
                            type Value = Field;
                            fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                                f.write_str("a key")
                            }
                            fn visit_str<E>(self, key: &str) -> Result<Field, E> {
                                Ok(match key {
                                    $($key => Field::$field,)+
                                    _ => Field::__Unknown,
                                })
                            }
                        }
                        deserializer.deserialize_identifier(Key)
                    }
                }
                struct Object;
                impl<'de> ::serde::de::Visitor<'de> for Object {
                    type Value = $name<'de>;
                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_map<A: ::serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut object = $name::default();
                        while let Some(field) = map.next_key::<Field>()? {
                            match field {
                                $(Field::$field => object.$field = map.next_value()?,)+
                                Field::__Unknown => { map.next_value::<::serde::de::IgnoredAny>()?; }
                            }
                        }
                        Ok(object)
                    }
                }
                deserializer.deserialize_map(Object)
            }
        }
    };
}
pub(crate) use from_object;
