//! JSON taken apart without understanding it: objects name by name, and values that are one word. Apart
//! because it knows no field. It takes less than JSON has (no escapes, no lists, only whole numbers of few
//! digits) and nothing that is none.

use crate::json::plain_length;

/// Numbers with more digits are left to others: these surely fit.
const DIGITS_MAX: usize = 18;

/// What is left of a text.
pub(super) struct Reader<'b> {
    text: &'b str,
    at: usize,
}

impl<'b> Reader<'b> {
    pub fn of(text: &'b str) -> Reader<'b> {
        Reader { text, at: 0 }
    }

    /// Whether an object is next.
    pub fn begins_object(&mut self) -> bool {
        self.next() == Some(b'{')
    }

    /// Takes an object: `member` gets every name with its quotes, and takes the value itself. The answer is the
    /// object as it stands there.
    pub fn object(
        &mut self,
        mut member: impl FnMut(&'b str, &mut Reader<'b>) -> Option<()>,
    ) -> Option<&'b str> {
        self.take(b'{')?;
        let begin = self.at - 1;
        if self.next()? == b'}' {
            self.at += 1;
            return self.text.get(begin..self.at);
        }
        loop {
            self.next()?;
            let name = self.quoted()?;
            self.take(b':')?;
            member(name, self)?;
            match self.next()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return None,
            }
        }
        self.at += 1;
        self.text.get(begin..self.at)
    }

    /// Takes a text with its quotes, a whole number, a flag or null.
    pub fn simple(&mut self) -> Option<&'b str> {
        match self.next()? {
            b'"' => self.quoted(),
            b'0'..=b'9' => self.number(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => None,
        }
    }

    /// Nothing may follow.
    pub fn end(mut self) -> Option<()> {
        self.next().is_none().then_some(())
    }

    /// A text with its quotes, without escapes.
    fn quoted(&mut self) -> Option<&'b str> {
        let begin = self.at;
        let [b'"', rest @ ..] = self.text.as_bytes().get(begin..)? else { return None };
        let length = plain_length(rest);
        (*rest.get(length)? == b'"').then_some(())?;
        self.at = begin + length + 2;
        self.text.get(begin..self.at)
    }

    /// A whole number that is spelled as it would be written.
    fn number(&mut self) -> Option<&'b str> {
        let begin = self.at;
        let rest = self.text.as_bytes().get(begin..)?;
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if length > DIGITS_MAX || (length > 1 && rest.first() == Some(&b'0')) {
            return None;
        }
        self.at = begin + length;
        self.text.get(begin..self.at)
    }

    fn word(&mut self, word: &str) -> Option<&'b str> {
        let rest = self.text.get(self.at..)?;
        rest.starts_with(word).then(|| self.at += word.len())?;
        rest.get(..word.len())
    }

    /// The next byte that is no space.
    #[inline]
    fn next(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    #[inline]
    fn take(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then(|| self.at += 1)
    }
}
