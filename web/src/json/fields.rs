//! One object, read field by field. Whoever reads names each field once, with the type it takes;
//! what nobody named is refused by its full name, and every fault found is kept.

use super::Node;
use crate::problem::Faults;
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// Names longer than this are cut in answers.
const NAME_SHOWN_MAX: usize = 64;

/// One object in the reading.
pub struct Fields<'n, 'b> {
    path: &'static str,
    members: &'n [(Cow<'b, str>, Node<'b>)],
    /// The names that somebody asked for.
    known: Vec<&'static str>,
}

/// Pairs of a free name and a text.
pub type Texts<'n> = Vec<(&'n str, &'n str)>;

impl<'n, 'b> Fields<'n, 'b> {
    /// The fields of a whole body. `None` means that a fault was recorded.
    pub fn of_body(node: &'n Node<'b>, faults: &mut Faults) -> Option<Fields<'n, 'b>> {
        match node {
            Node::Object(members) => {
                Some(Fields { path: "", members, known: Vec::with_capacity(16) })
            }
            other => {
                faults.add("", "invalid_type", takes("the body", "an object", other));
                None
            }
        }
    }

    /// A text that may be absent. `takes` names what belongs there, for a person.
    pub fn text(
        &mut self,
        name: &'static str,
        expected: &str,
        faults: &mut Faults,
    ) -> Option<&'n str> {
        match self.take(name)? {
            Node::Text(text) => Some(text),
            other => self.wrong_type(name, expected, other, faults),
        }
    }

    /// A text that must be there.
    pub fn required_text(
        &mut self,
        name: &'static str,
        expected: &str,
        faults: &mut Faults,
    ) -> Option<&'n str> {
        self.require(name, faults);
        self.text(name, expected, faults)
    }

    /// True or false, if it is there.
    pub fn flag(&mut self, name: &'static str, faults: &mut Faults) -> Option<bool> {
        match self.take(name)? {
            Node::Flag(flag) => Some(*flag),
            other => self.wrong_type(name, "true or false", other, faults),
        }
    }

    /// A whole number, if it is there; one outside the range has the code `code`.
    pub fn whole_number(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
        code: &'static str,
        faults: &mut Faults,
    ) -> Option<u64> {
        let expected = || format!("a whole number from {} to {}", range.start(), range.end());
        match self.take(name)? {
            Node::Number(number) if !number.is_f64() => {
                let found = number.as_u64().filter(|number| range.contains(number));
                if found.is_none() {
                    faults.add(self.full(name), code, format!("this field takes {}", expected()));
                }
                found
            }
            other => self.wrong_type(name, &expected(), other, faults),
        }
    }

    /// An object that may be absent.
    pub fn object(&mut self, name: &'static str, faults: &mut Faults) -> Option<Fields<'n, 'b>> {
        match self.take(name)? {
            Node::Object(members) => {
                Some(Fields { path: name, members, known: Vec::with_capacity(16) })
            }
            other => self.wrong_type(name, "an object", other, faults),
        }
    }

    /// An object that must be there.
    pub fn required_object(
        &mut self,
        name: &'static str,
        faults: &mut Faults,
    ) -> Option<Fields<'n, 'b>> {
        self.require(name, faults);
        self.object(name, faults)
    }

    /// An object with free names and texts, if it is there.
    pub fn texts(&mut self, name: &'static str, faults: &mut Faults) -> Option<Texts<'n>> {
        let within = self.object(name, faults)?;
        let mut texts = Vec::with_capacity(within.members.len());
        for (key, value) in within.members {
            match value {
                Node::Text(text) => texts.push((key.as_ref(), text.as_ref())),
                other => {
                    let field = format!("{name}.{}", shown_name(key));
                    faults.add(field, "invalid_type", takes("this field", "a string", other));
                }
            }
        }
        Some(texts)
    }

    /// A list of texts, if it is there.
    pub fn text_list(
        &mut self,
        name: &'static str,
        expected: &str,
        faults: &mut Faults,
    ) -> Option<Vec<&'n str>> {
        let items = match self.take(name)? {
            Node::List(items) => items,
            other => return self.wrong_type(name, expected, other, faults),
        };
        let mut texts = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            match item {
                Node::Text(text) => texts.push(text.as_ref()),
                other => {
                    let field = format!("{}[{place}]", self.full(name));
                    faults.add(field, "invalid_type", takes("this field", "a string", other));
                }
            }
        }
        Some(texts)
    }

    /// Refuses every field that nobody asked for.
    pub fn finish(self, faults: &mut Faults) {
        for (name, _) in self.members {
            if !self.known.contains(&name.as_ref()) {
                faults.add(
                    self.full(&shown_name(name)),
                    "unknown_field",
                    "there is no field of this name",
                );
            }
        }
    }

    /// The value under a name; null is as good as absent.
    fn take(&mut self, name: &'static str) -> Option<&'n Node<'b>> {
        self.known.push(name);
        let place = self.members.binary_search_by(|(key, _)| key.as_ref().cmp(name)).ok()?;
        let value = &self.members[place].1;
        (*value != Node::Null).then_some(value)
    }

    fn require(&mut self, name: &'static str, faults: &mut Faults) {
        if self.take(name).is_none() {
            faults.add(self.full(name), "required", "this field is required");
        }
    }

    fn wrong_type<T>(
        &self,
        name: &str,
        expected: &str,
        found: &Node<'_>,
        faults: &mut Faults,
    ) -> Option<T> {
        faults.add(self.full(name), "invalid_type", takes("this field", expected, found));
        None
    }

    fn full(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

fn takes(what: &str, expected: &str, found: &Node<'_>) -> String {
    format!("{what} takes {expected}, not {}", found.kind())
}

/// A name that a stranger chose, as it may be repeated: not too long, nothing invisible.
pub fn shown_name(name: &str) -> Cow<'_, str> {
    let plain = |c: char| !c.is_control() && !c.is_whitespace();
    if name.len() <= NAME_SHOWN_MAX && name.chars().all(plain) {
        return Cow::Borrowed(name);
    }
    let shown = name.chars().map(|c| if plain(c) { c } else { '?' });
    Cow::Owned(shown.take(NAME_SHOWN_MAX).chain(['…']).collect())
}
