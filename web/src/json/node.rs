//! A JSON text as a tree that borrows from it. Apart from `serde_json::Value`, which forgets that a
//! field came twice and copies every word.

use super::DEPTH_MAX;
use super::fields::shown_name;
use crate::problem::{Kind, Problem};
use domain::id::Fingerprint;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_json::error::Category;
use std::borrow::Cow;
use std::fmt;

/// One value. The fields of an object are sorted by name, and no name comes twice.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs, reason = "each is a kind of JSON value")]
pub enum Node<'b> {
    Null,
    Flag(bool),
    Number(Number),
    Text(Cow<'b, str>),
    List(Vec<Node<'b>>),
    Object(Vec<(Cow<'b, str>, Node<'b>)>),
}

impl<'b> Node<'b> {
    /// Reads one JSON text.
    ///
    /// # Errors
    /// It is not JSON, nested too deeply, or names a field twice. The problem says where, and
    /// repeats nothing but the name of that field.
    pub fn read(bytes: &'b [u8]) -> Result<Node<'b>, Problem> {
        let text = str::from_utf8(bytes).map_err(|error| {
            Problem::new(
                Kind::INVALID_JSON,
                format!("byte {} of the body is no UTF-8", error.valid_up_to() + 1),
            )
        })?;
        let mut reader = serde_json::Deserializer::from_str(text);
        let read = Seed { depth_left: DEPTH_MAX }.deserialize(&mut reader);
        let mut node = read.and_then(|node| reader.end().map(|()| node)).map_err(refused)?;
        node.sort("")?;
        Ok(node)
    }

    /// What kind of value it is, for a sentence.
    pub const fn kind(&self) -> &'static str {
        match self {
            Node::Null => "null",
            Node::Flag(_) => "true or false",
            Node::Number(_) => "a number",
            Node::Text(_) => "a string",
            Node::List(_) => "a list",
            Node::Object(_) => "an object",
        }
    }

    /// The fingerprint of what it says, whatever the order of fields, the spaces and the escapes.
    /// Journals hold these for the life of a payout: the canonical form must never change.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut canonical = Vec::with_capacity(512);
        self.write_canonical(&mut canonical);
        Fingerprint::of(&canonical)
    }

    /// JSON without spaces, fields sorted by the bytes of their names.
    pub fn write_canonical(&self, out: &mut Vec<u8>) {
        match self {
            Node::Null => out.extend_from_slice(b"null"),
            Node::Flag(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
            Node::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Node::Text(text) => write_text(text, out),
            Node::List(items) => between(b"[]", items, out, |item, out| item.write_canonical(out)),
            Node::Object(fields) => between(b"{}", fields, out, |(name, value), out| {
                write_text(name, out);
                out.push(b':');
                value.write_canonical(out);
            }),
        }
    }

    /// Sorts all objects; a name that comes twice is then its own neighbour.
    fn sort(&mut self, path: &str) -> Result<(), Problem> {
        match self {
            Node::Object(fields) => {
                fields.sort_by(|one, other| one.0.cmp(&other.0));
                if let Some(twice) = fields.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                    let field = join(path, &twice[0].0);
                    return Err(Problem::plain(Kind::DUPLICATE_FIELD).at(field));
                }
                fields.iter_mut().filter(|(_, value)| value.has_parts()).try_for_each(
                    |(name, value)| {
                        let path = join(path, name);
                        value.sort(&path)
                    },
                )
            }
            Node::List(items) => items.iter_mut().try_for_each(|item| item.sort(path)),
            Node::Null | Node::Flag(_) | Node::Number(_) | Node::Text(_) => Ok(()),
        }
    }

    const fn has_parts(&self) -> bool {
        matches!(self, Node::Object(_) | Node::List(_))
    }
}

fn join(path: &str, name: &str) -> String {
    let name = shown_name(name);
    if path.is_empty() { name.into_owned() } else { format!("{path}.{name}") }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    // JSON escapes these and no others; nearly every text has none of them.
    let escaped = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    if !text.bytes().any(escaped) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    // Writing text into memory cannot fail.
    let _ = serde_json::to_writer(out, text);
}

fn between<T>(
    brackets: &[u8; 2],
    items: &[T],
    out: &mut Vec<u8>,
    write: impl Fn(&T, &mut Vec<u8>),
) {
    out.push(brackets[0]);
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(brackets[1]);
}

/// The reader's fault with its place and without its words, which could repeat the body.
fn refused(error: serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        // Every kind of value is taken, so the only fault of this category is our own limit.
        Category::Data => Problem::new(
            Kind::TOO_DEEP,
            format!(
                "at most {DEPTH_MAX} levels are allowed; there are more at line {line}, column {column}"
            ),
        ),
        Category::Eof if (line, column) == (1, 0) => {
            Problem::new(Kind::INVALID_JSON, "the body is empty")
        }
        Category::Eof => Problem::new(
            Kind::INVALID_JSON,
            format!("the body ends too early, at line {line}, column {column}"),
        ),
        Category::Syntax | Category::Io => Problem::new(
            Kind::INVALID_JSON,
            format!("this is no JSON at line {line}, column {column}"),
        ),
    }
}

/// Reads one value with so many levels to go.
#[derive(Clone, Copy)]
struct Seed {
    depth_left: usize,
}

impl Seed {
    fn deeper<E: de::Error>(self) -> Result<Seed, E> {
        let depth_left = self.depth_left.checked_sub(1).ok_or_else(|| E::custom("too deep"))?;
        Ok(Seed { depth_left })
    }
}

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Node<'de>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Node<'de>, E> {
        Ok(Node::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(number.into()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Node<'de>, E> {
        Number::from_f64(number).map(Node::Number).ok_or_else(|| E::custom("not finite"))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node<'de>, A::Error> {
        let below = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(below)? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Node<'de>, A::Error> {
        let below = self.deeper()?;
        let mut object = Vec::with_capacity(8);
        while let Some(name) = fields.next_key_seed(Name)? {
            object.push((name, fields.next_value_seed(below)?));
        }
        Ok(Node::Object(object))
    }
}

/// Reads the name of a field without copying it where that is possible.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Cow<'de, str>, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}
