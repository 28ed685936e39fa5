//! What happens next: every thing to come in one ordered set. Apart from the world so that the only
//! order of things there is stands in one place; two things of the same time come as they were put in.

use std::collections::BTreeMap;

/// Microseconds since the world began. Its own clock, which nobody can turn.
pub type Time = i64;

/// One second.
pub const SECOND: Time = 1_000_000;
/// One minute.
pub const MINUTE: Time = 60 * SECOND;
/// One hour.
pub const HOUR: Time = 60 * MINUTE;
/// One day.
pub const DAY: Time = 24 * HOUR;

/// Things to come.
#[derive(Debug)]
pub struct Agenda<T> {
    coming: BTreeMap<(Time, u64), T>,
    counter: u64,
}

impl<T> Default for Agenda<T> {
    fn default() -> Agenda<T> {
        Agenda { coming: BTreeMap::new(), counter: 0 }
    }
}

impl<T> Agenda<T> {
    /// Puts a thing at its time.
    pub fn put(&mut self, at: Time, thing: T) {
        self.counter += 1;
        self.coming.insert((at, self.counter), thing);
    }

    /// The next thing, if it comes no later than that.
    pub fn next(&mut self, until: Time) -> Option<(Time, T)> {
        let first = self.coming.first_entry()?;
        if first.key().0 > until {
            return None;
        }
        let ((at, _), thing) = first.remove_entry();
        Some((at, thing))
    }

    /// Everything that is still to come.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.coming.values()
    }
}
