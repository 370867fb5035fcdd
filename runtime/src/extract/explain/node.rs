//! A tree as something that types are read from, whose errors say where.

use std::borrow::Cow;
use std::slice::Iter;

use serde::de::value::{BorrowedStrDeserializer, MapDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};

use super::problem::{Found, Place, Problem, What};
use super::tree::{Step, Tree};
use super::word::Word;

/// How serde_json asks its own formats for a value as text. Any value will do; it is never looked at.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// A value.
#[derive(Clone, Copy)]
pub(super) struct Node<'n, 't>(pub(super) &'n Tree<'t>);

fn here<T>(result: Result<T, Problem>) -> Result<T, Problem> {
    result.map_err(|problem| problem.at(Place::Here))
}

/// Calls of [`Node`] that mean another thing where the value is a word of a query string.
macro_rules! scalars {
    ($($call:ident)*) => {
        $(fn $call<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Problem> {
            match self.0 {
                Tree::Word(word) => here(Word(word.clone()).$call(visitor)),
                _ => self.deserialize_any(visitor),
            }
        })*
    };
}

impl<'t> Deserializer<'t> for Node<'_, 't> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Problem> {
        here(match self.0 {
            Tree::Null => visitor.visit_unit(),
            Tree::Bool(value) => visitor.visit_bool(*value),
            Tree::Unsigned(value) => visitor.visit_u64(*value),
            Tree::Signed(value) => visitor.visit_i64(*value),
            Tree::Float(value) => visitor.visit_f64(*value),
            Tree::Text(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Tree::Text(Cow::Owned(text)) => visitor.visit_str(text),
            Tree::Word(word) => Word(word.clone()).deserialize_any(visitor),
            Tree::List(list) => {
                let expected = (&visitor as &dyn Expected).to_string();
                let mut items = Items(list.iter().enumerate(), false);
                let value = visitor.visit_seq(&mut items);
                let value = value.map_err(|problem| problem.at(within(items.1)))?;
                if items.0.len() > 0 {
                    let found = list.len();
                    return Err(Problem::new(What::Length { found, expected }).at(Place::Here));
                }
                return Ok(value);
            }
            Tree::Object(object) => {
                let mut entries = Entries(object.iter(), None, false);
                let value = visitor.visit_map(&mut entries);
                return value.map_err(|problem| problem.at(within(entries.2)));
            }
        })
    }

    scalars! {
        deserialize_bool deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_f32 deserialize_f64 deserialize_unit deserialize_seq
    }

    fn deserialize_bytes<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Tree::Text(text) => here(visitor.visit_bytes(text.as_bytes())),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Tree::Null => here(visitor.visit_none()),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'t>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        if name == RAW_VALUE {
            let any = (RAW_VALUE, BorrowedStrDeserializer::new("null"));
            return visitor.visit_map(MapDeserializer::new(std::iter::once(any)));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'t>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        here(match self.0 {
            Tree::Text(name) | Tree::Word(name) => visitor.visit_enum(Choice(name, None)),
            Tree::Object(object) if let [(name, value)] = &object[..] => {
                visitor.visit_enum(Choice(name, Some(Node(value))))
            }
            other => Err(Problem::new(What::Unexpected {
                found: Found::of(other),
                expected: super::words::one_of(variants),
            })),
        })
    }

    fn deserialize_ignored_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'t>>
        char str string unit_struct tuple tuple_struct map struct identifier
    }
}

/// Whose fault it is that a type did not like what it was given: of the value where it never looked inside.
const fn within(looked_inside: bool) -> Place {
    if looked_inside {
        Place::Within
    } else {
        Place::Here
    }
}

/// The items of a list, and whether any was asked for.
struct Items<'n, 't>(std::iter::Enumerate<Iter<'n, Tree<'t>>>, bool);

impl<'t> SeqAccess<'t> for Items<'_, 't> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'t>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Problem> {
        self.1 = true;
        let Some((index, item)) = self.0.next() else {
            return Ok(None);
        };
        let item = seed.deserialize(Node(item)).map(Some);
        item.map_err(|problem| problem.at(Place::Within).inside(Step::Index(index)))
    }
}

/// The entries of an object, the one whose key was read, and whether any was asked for.
struct Entries<'n, 't>(
    Iter<'n, (Cow<'t, str>, Tree<'t>)>,
    Option<&'n (Cow<'t, str>, Tree<'t>)>,
    bool,
);

impl<'t> MapAccess<'t> for Entries<'_, 't> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'t>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Problem> {
        self.2 = true;
        self.1 = self.0.next();
        let Some((key, _)) = self.1 else {
            return Ok(None);
        };
        here(seed.deserialize(Word(key.clone())).map(Some))
    }

    fn next_value_seed<V: DeserializeSeed<'t>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        // serde asks for a value only after its key.
        let (key, value) = self
            .1
            .ok_or_else(|| Problem::new(What::Custom("no value".to_owned())))?;
        let value = seed.deserialize(Node(value));
        value.map_err(|problem| {
            problem
                .at(Place::Within)
                .inside(Step::Key(Cow::Borrowed(key)))
        })
    }
}

/// The name of an enum's variant, and its value where it has one.
struct Choice<'n, 't>(&'n str, Option<Node<'n, 't>>);

impl<'t> EnumAccess<'t> for Choice<'_, 't> {
    type Error = Problem;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'t>>(self, seed: V) -> Result<(V::Value, Self), Problem> {
        let name = Word(Cow::Owned(self.0.to_owned()));
        Ok((here(seed.deserialize(name))?, self))
    }
}

impl<'n, 't> Choice<'n, 't> {
    /// The value, or that a name alone is not enough.
    fn value(&self) -> Result<Node<'n, 't>, Problem> {
        self.1.ok_or_else(|| {
            Problem::new(What::Unexpected {
                found: Found::Text(self.0.to_owned()),
                expected: "an object with one key".to_owned(),
            })
        })
    }

    fn inside<T>(&self, result: Result<T, Problem>) -> Result<T, Problem> {
        let step = || Step::Key(Cow::Borrowed(self.0));
        result.map_err(|problem| problem.at(Place::Within).inside(step()))
    }
}

impl<'t> VariantAccess<'t> for Choice<'_, 't> {
    type Error = Problem;

    fn unit_variant(self) -> Result<(), Problem> {
        match self.1 {
            None => Ok(()),
            Some(value) => self.inside(serde::Deserialize::deserialize(value)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'t>>(self, seed: T) -> Result<T::Value, Problem> {
        let value = self.value()?;
        self.inside(seed.deserialize(value))
    }

    fn tuple_variant<V: Visitor<'t>>(self, _: usize, visitor: V) -> Result<V::Value, Problem> {
        let value = self.value()?;
        self.inside(value.deserialize_any(visitor))
    }

    fn struct_variant<V: Visitor<'t>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let value = self.value()?;
        self.inside(value.deserialize_any(visitor))
    }
}
