//! The payouts of one partition while they are read: a pile of blocks that never move, and a roster
//! that finds one by its id. Apart from the reading because a million payouts that are copied whenever
//! a table grows cost as much as reading them.

use super::met::Met;
use crate::spread_map::KeyHasher;
use domain::id::PayoutId;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::iter::Flatten;
use std::vec;

/// Payouts in one block.
const BLOCK: usize = 256;

/// Payouts in no order.
#[derive(Default)]
pub(crate) struct Pile {
    blocks: Vec<Vec<Option<Met>>>,
}

impl Pile {
    /// Adds a payout.
    pub fn push(&mut self, met: Met) {
        self.place(Some(met));
    }

    /// Adds the payouts of another pile.
    pub fn append(&mut self, mut other: Pile) {
        self.blocks.append(&mut other.blocks);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Met> {
        self.blocks.iter().flatten().flatten()
    }

    /// The places of all of them; who is taken out of it has left.
    pub fn places(&mut self) -> impl Iterator<Item = &mut Option<Met>> {
        self.blocks.iter_mut().flatten()
    }

    fn place(&mut self, met: Option<Met>) -> Place {
        if self.blocks.last().is_none_or(|block| block.len() >= BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let number = self.blocks.len() - 1;
        let block = &mut self.blocks[number];
        block.push(met);
        // Within u32: a block has few payouts, and memory ends long before the blocks do.
        (number as u32, block.len() as u32 - 1)
    }

    fn at(&mut self, (block, place): Place) -> &mut Option<Met> {
        &mut self.blocks[block as usize][place as usize]
    }
}

impl IntoIterator for Pile {
    type Item = Met;
    type IntoIter = Flatten<Flatten<vec::IntoIter<Vec<Option<Met>>>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.blocks.into_iter().flatten().flatten()
    }
}

/// Where a payout stands: which block, and where in it.
type Place = (u32, u32);

/// A pile in which payouts are found by their ids.
#[derive(Default)]
pub(super) struct Roster {
    pile: Pile,
    places: HashMap<PayoutId, Place, BuildHasherDefault<KeyHasher>>,
    /// Places that were left.
    free: Vec<Place>,
}

impl Roster {
    /// Looks through a pile once.
    pub fn of(pile: Pile) -> Roster {
        let mut places = HashMap::with_capacity_and_hasher(pile.len(), Default::default());
        for (number, block) in pile.blocks.iter().enumerate() {
            let here = block.iter().enumerate();
            let here = here.filter_map(|(place, met)| Some((place, met.as_ref()?.id)));
            places.extend(here.map(|(place, id)| (id, (number as u32, place as u32))));
        }
        Roster { pile, places, free: Vec::new() }
    }

    /// The payout of this id.
    pub fn find(&mut self, id: PayoutId) -> Option<&mut Met> {
        let place = *self.places.get(&id)?;
        self.pile.at(place).as_mut()
    }

    /// Adds a payout that is not there yet.
    pub fn insert(&mut self, met: Met) -> &mut Met {
        let place = self.free.pop().unwrap_or_else(|| self.pile.place(None));
        self.places.insert(met.id, place);
        self.pile.at(place).insert(met)
    }

    /// Removes the payout of this id.
    pub fn remove(&mut self, id: PayoutId) -> Option<Met> {
        let place = self.places.remove(&id)?;
        self.free.push(place);
        self.pile.at(place).take()
    }

    /// All that is left.
    pub fn into_pile(self) -> Pile {
        self.pile
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    //! A roster loses nobody, whether they came in a pile or one by one.

    use super::*;
    use domain::status::Status;

    fn met(number: u32) -> Met {
        let id = PayoutId(u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
        let bytes = number.to_le_bytes().to_vec();
        Met { id, version: number, status: Status::Ready, bytes, known: None, last: None }
    }

    #[test]
    fn those_of_several_piles_are_found_and_counted() {
        let mut pile = Pile::default();
        for share in [0..700, 700..701, 701..1_500] {
            let mut some = Pile::default();
            share.for_each(|number| some.push(met(number)));
            pile.append(some);
        }
        (1_500..1_600).for_each(|number| pile.push(met(number)));
        assert_eq!(pile.len(), 1_600);
        let mut roster = Roster::of(pile);
        for number in 0..1_600 {
            let found = roster.find(met(number).id).unwrap();
            assert_eq!((found.version, &found.bytes), (number, &met(number).bytes));
        }
        assert!(roster.find(met(1_600).id).is_none());
    }

    #[test]
    fn those_who_leave_make_room_and_are_not_found_again() {
        let mut roster = Roster::default();
        for number in 0..1_000 {
            assert_eq!(roster.insert(met(number)).version, number);
        }
        for number in (0..1_000).step_by(2) {
            assert_eq!(roster.remove(met(number).id).unwrap().version, number);
            assert!(roster.remove(met(number).id).is_none());
        }
        for number in 2_000..2_600 {
            roster.insert(met(number));
        }
        assert!(roster.find(met(4).id).is_none());
        assert_eq!(roster.find(met(2_001).id).unwrap().version, 2_001);
        let pile = roster.into_pile();
        assert_eq!((pile.len(), pile.blocks.len()), (1_100, 5), "left places were taken again");
        let mut left: Vec<u32> = pile.into_iter().map(|one| one.version).collect();
        left.sort_unstable();
        let odd = (1..1_000).step_by(2).chain(2_000..2_600);
        assert_eq!(left, odd.collect::<Vec<u32>>());
    }
}
