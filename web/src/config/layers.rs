//! The texts of a configuration read and laid over one another: defaults, file, environment, flags.
//! Apart from the sections, which know what the values mean; here every value only knows its place.

use super::sources::{Piece, Sources};
use std::borrow::Cow;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table whose keys and values know where they stand.
pub type Tree<'s> = DeTable<'s>;

/// Reads every text and lays it over those before it. A document that is no TOML is left out and
/// reported.
pub fn merge(sources: &Sources) -> (Tree<'_>, Vec<String>) {
    let (mut tree, mut errors) = (Tree::new(), Vec::new());
    for piece in sources.pieces() {
        let layer = match piece.key.as_slice() {
            [] => document(piece).unwrap_or_else(|found| {
                errors.extend(found);
                Tree::new()
            }),
            key => single(piece, value_at(&tree, key)),
        };
        overlay(&mut tree, layer);
    }
    (tree, errors)
}

/// The dotted name of the key whose name or value stands at `span`.
pub fn key_at(tree: &Tree<'_>, span: &Range<usize>) -> Option<Vec<String>> {
    for (key, value) in tree {
        let name = key.get_ref().to_string();
        if let DeValue::Table(inner) = value.get_ref()
            && let Some(mut rest) = key_at(inner, span)
        {
            rest.insert(0, name);
            return Some(rest);
        }
        let within = value.span().start <= span.start && span.end <= value.span().end;
        if key.span() == *span || value.span() == *span || (within && !value.get_ref().is_table()) {
            return Some(vec![name]);
        }
    }
    None
}

/// The value of a key, if there is one.
pub fn value_at<'t, 's>(tree: &'t Tree<'s>, key: &[String]) -> Option<&'t Spanned<DeValue<'s>>> {
    let (first, rest) = key.split_first()?;
    let value = tree.get(first.as_str())?;
    if rest.is_empty() { Some(value) } else { value_at(value.get_ref().as_table()?, rest) }
}

/// Puts a key back to what another tree has, or takes it out where that has none.
pub fn restore<'s>(tree: &mut Tree<'s>, from: &Tree<'s>, key: &[String]) {
    let Some((first, rest)) = key.split_first() else { return };
    let original = from.get_key_value(first.as_str());
    let inner = tree.get_mut(first.as_str()).map(Spanned::get_mut);
    if let (Some(DeValue::Table(inner)), false) = (inner, rest.is_empty()) {
        let none = Tree::new();
        let below = original.and_then(|(_, value)| value.get_ref().as_table());
        return restore(inner, below.unwrap_or(&none), rest);
    }
    tree.remove(first.as_str());
    if let Some((key, value)) = original {
        tree.insert(key.clone(), value.clone());
    }
}

fn document(piece: &Piece) -> Result<Tree<'_>, Vec<String>> {
    let (table, errors) = DeTable::parse_recoverable(&piece.text);
    if errors.is_empty() {
        return Ok(lifted_table(piece, table.into_inner()));
    }
    let line = |error: &toml::de::Error| {
        let place = piece.place(error.span().map_or(0, |span| span.start));
        format!("{place}: {}", error.message())
    };
    Err(errors.iter().map(line).collect())
}

/// A tree that holds one value. An environment variable has no quotes to tell `true` from `"true"`: it
/// is text where text stands below, and read as TOML elsewhere.
fn single<'s>(piece: &'s Piece, below: Option<&Spanned<DeValue<'_>>>) -> Tree<'s> {
    let text = || DeValue::String(Cow::Borrowed(&piece.text));
    let read = || DeValue::parse(&piece.text).map_or_else(|_| text(), Spanned::into_inner);
    let wants_text = below.is_some_and(|value| value.get_ref().is_str());
    let span = piece.lifted(0..piece.text.len());
    let mut value = if wants_text { text() } else { read() };
    let mut tree = Tree::new();
    for name in piece.key.iter().rev() {
        tree = Tree::new();
        let key = Spanned::new(span.clone(), Cow::Borrowed(name.as_str()));
        tree.insert(key, Spanned::new(span.clone(), value));
        value = DeValue::Table(tree.clone());
    }
    tree
}

fn overlay<'s>(below: &mut Tree<'s>, above: Tree<'s>) {
    for (key, value) in above {
        // Removed first: a map keeps the key it has, and with it the place of the weaker layer.
        let old = below.remove(key.get_ref().as_ref()).map(Spanned::into_inner);
        let span = value.span();
        let value = match (old, value.into_inner()) {
            (Some(DeValue::Table(mut old)), DeValue::Table(new)) => {
                overlay(&mut old, new);
                DeValue::Table(old)
            }
            (_, new) => new,
        };
        below.insert(key, Spanned::new(span, value));
    }
}

/// The same table with its spans among all texts.
fn lifted_table<'s>(piece: &Piece, table: Tree<'s>) -> Tree<'s> {
    let lift = |(key, value): (Spanned<Cow<'s, str>>, Spanned<DeValue<'s>>)| {
        let span = piece.lifted(key.span());
        (Spanned::new(span, key.into_inner()), lifted(piece, value))
    };
    table.into_iter().map(lift).collect()
}

fn lifted<'s>(piece: &Piece, value: Spanned<DeValue<'s>>) -> Spanned<DeValue<'s>> {
    let span = piece.lifted(value.span());
    let value = match value.into_inner() {
        DeValue::Table(table) => DeValue::Table(lifted_table(piece, table)),
        DeValue::Array(mut array) => {
            for item in array.iter_mut() {
                *item = lifted(
                    piece,
                    std::mem::replace(item, Spanned::new(0..0, DeValue::Boolean(false))),
                );
            }
            DeValue::Array(array)
        }
        other => other,
    };
    Spanned::new(span, value)
}
