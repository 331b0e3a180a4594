//! A request's JSON, in which no name may occur twice and no numeral is beyond what a double holds.

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::fmt;

/// A line that is JSON.
pub(super) struct Parsed {
    /// Without what the id is.
    pub(super) value: Value,
    /// The id to the letter: no number in it has lost a digit.
    pub(super) id: Option<Box<RawValue>>,
    /// The path to the first name that an object holds twice: JSON leaves open which of the two
    /// counts, and programs differ.
    pub(super) twice: Option<String>,
    /// The path to the first numeral that no double holds.
    pub(super) beyond: Option<String>,
}

/// Parses a line.
///
/// A numeral of a thousand digits is JSON, and no reason to lose the id of the request: such ones
/// become words on the way, and the path to the first is told.
pub(super) fn parse(line: &[u8]) -> serde_json::Result<Parsed> {
    parse_plain(line).or_else(|error| {
        let id = serde_json::from_slice(line).map(|Id(id)| id);
        match (id, within_doubles(line)) {
            (Ok(id), Some(line)) => {
                let parsed = parse_plain(&line).map_err(|_| error)?;
                Ok(Parsed { id, ..parsed })
            }
            _ => Err(error),
        }
    })
}

/// Stands for a numeral that no double holds: of letters that no language has.
const BEYOND: &str = "\u{f8ff}\u{f8fe}\u{f8ff}";

/// The line with a word in place of the numerals that no double holds; None where there is none.
fn within_doubles(line: &[u8]) -> Option<Vec<u8>> {
    let mut found = false;
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(&first) = rest.first() {
        let length = match first {
            b'"' => text_length(rest),
            b'-' | b'0'..=b'9' => {
                let part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
                let length = rest.iter().take_while(|byte| part(byte)).count();
                let numeral = std::str::from_utf8(&rest[..length]).unwrap_or_default();
                if numeral.parse::<f64>().is_ok_and(f64::is_infinite) {
                    found = true;
                    out.extend_from_slice(format!("\"{BEYOND}\"").as_bytes());
                    rest = &rest[length..];
                    continue;
                }
                length
            }
            _ => 1,
        };
        out.extend_from_slice(&rest[..length]);
        rest = &rest[length..];
    }
    found.then_some(out)
}

/// The id of a request, whatever numerals are in it and beside it.
struct Id(Option<Box<RawValue>>);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(IdVisitor)
    }
}

struct IdVisitor;

impl<'de> Visitor<'de> for IdVisitor {
    type Value = Id;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a request")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Id, A::Error> {
        let mut id = None;
        while let Some(name) = entries.next_key::<String>()? {
            if name == "id" {
                id = Some(entries.next_value()?);
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Id(id))
    }
}

/// How long a string is, with its quotes.
fn text_length(text: &[u8]) -> usize {
    let mut escaped = false;
    let end = text[1..].iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

fn parse_plain(line: &[u8]) -> serde_json::Result<Parsed> {
    let found = Found::default();
    let mut deserializer = serde_json::Deserializer::from_slice(line);
    let value = Part {
        place: Place::Whole,
        found: &found,
    }
    .deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(Parsed {
        value,
        id: found.id.into_inner(),
        twice: found.twice.into_inner(),
        beyond: found.beyond.into_inner(),
    })
}

/// What is found on the way.
#[derive(Default)]
struct Found {
    id: RefCell<Option<Box<RawValue>>>,
    twice: RefCell<Option<String>>,
    beyond: RefCell<Option<String>>,
}

fn first(path: &RefCell<Option<String>>, place: Place<'_>) {
    path.borrow_mut().get_or_insert_with(|| place.to_string());
}

/// Where in the request a value stands.
#[derive(Clone, Copy)]
enum Place<'a> {
    Whole,
    Name(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Name(Self::Whole, name) => f.write_str(name),
            Self::Name(parent, name) => write!(f, "{parent}.{name}"),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

struct Part<'a> {
    place: Place<'a>,
    found: &'a Found,
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        if value == BEYOND {
            first(&self.found.beyond, self.place);
        }
        Ok(value.into())
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Part {
            place: Place::Index(&self.place, values.len()),
            found: self.found,
        })? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let place = Place::Name(&self.place, &name);
            let part = |found| Part { place, found };
            let value = if matches!(self.place, Place::Whole) && name == "id" {
                let raw: Box<RawValue> = entries.next_value()?;
                // For names given twice in it. What is no value of ours is an id all the same.
                let within = Found::default();
                let _ =
                    part(&within).deserialize(&mut serde_json::Deserializer::from_str(raw.get()));
                if let Some(path) = within.twice.into_inner() {
                    self.found.twice.borrow_mut().get_or_insert(path);
                }
                *self.found.id.borrow_mut() = Some(raw);
                Value::Null
            } else {
                entries.next_value_seed(part(self.found))?
            };
            if values.contains_key(&name) {
                first(&self.found.twice, place);
            }
            values.insert(name, value);
        }
        Ok(Value::Object(values))
    }
}
