//! Lists and objects in the writing. Apart from single values, because between parts there is a comma.

use super::{Unwritten, Writer, Written};
use crate::json::scan::plain_length;
use serde::ser::{self, Serialize};

/// The parts of a list or of an object, one after the other.
pub(crate) struct Parts<'w> {
    pub writer: &'w mut Writer,
}

impl Parts<'_> {
    #[inline]
    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        value.serialize(&mut *self.writer)?;
        self.writer.put_word(b",");
        Ok(())
    }
}

impl ser::SerializeSeq for Parts<'_> {
    type Ok = ();
    type Error = Unwritten;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.part(value)
    }

    fn end(self) -> Written {
        self.writer.close(b']');
        Ok(())
    }
}

impl ser::SerializeTuple for Parts<'_> {
    type Ok = ();
    type Error = Unwritten;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.part(value)
    }

    fn end(self) -> Written {
        self.writer.close(b']');
        Ok(())
    }
}

impl ser::SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = Unwritten;

    /// Numbers as names are written as texts by serde_json.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Written {
        let begin = self.writer.length;
        key.serialize(&mut *self.writer)?;
        if self.writer.out.get(begin) != Some(&b'"') {
            return Err(Unwritten);
        }
        self.writer.put_word(b":");
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.part(value)
    }

    fn end(self) -> Written {
        self.writer.close(b'}');
        Ok(())
    }
}

impl ser::SerializeStruct for Parts<'_> {
    type Ok = ();
    type Error = Unwritten;

    /// A field's name stands in the source, so that most of this is known to the compiler.
    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Written {
        debug_assert_eq!(plain_length(name.as_bytes()), name.len(), "{name} needs escapes");
        let (place, end) = (self.writer.next(name.len() + 3), name.len() + 1);
        place[0] = b'"';
        place[1..end].copy_from_slice(name.as_bytes());
        place[end] = b'"';
        place[end + 1] = b':';
        self.part(value)
    }

    fn end(self) -> Written {
        self.writer.close(b'}');
        Ok(())
    }
}
