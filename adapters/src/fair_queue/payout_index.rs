//! Finds a payout among those waiting: a table of places, open addressing, four bytes a cell. Apart,
//! and our own, because a map that keeps the 16-byte ids once more would double the queue's memory;
//! the caller, who has them, is asked for the id at a place.

use domain::id::PayoutId;

/// An empty cell.
const EMPTY: u32 = u32::MAX;

/// The smallest table, in cells; sizes are powers of two.
const CELLS_MIN: usize = 16;

#[derive(Debug)]
pub(super) struct PayoutIndex {
    cells: Vec<u32>,
    len: usize,
}

impl PayoutIndex {
    pub(super) fn new() -> PayoutIndex {
        PayoutIndex { cells: vec![EMPTY; CELLS_MIN], len: 0 }
    }

    /// The place of a payout.
    pub(super) fn find(
        &self,
        payout: PayoutId,
        at: impl Fn(u32) -> Option<PayoutId>,
    ) -> Option<u32> {
        self.cell_of(payout, at).map(|cell| self.cells[cell])
    }

    /// Adds a payout that is not in it.
    pub(super) fn insert(
        &mut self,
        payout: PayoutId,
        place: u32,
        at: impl Fn(u32) -> Option<PayoutId>,
    ) {
        // Probing slows down sharply beyond three quarters.
        if (self.len + 1) * 4 > self.cells.len() * 3 {
            self.grow(at);
        }
        self.put(payout, place);
        self.len += 1;
    }

    /// Removes a payout, while the caller can still name it and its neighbours.
    pub(super) fn remove(&mut self, payout: PayoutId, at: impl Fn(u32) -> Option<PayoutId>) {
        let Some(mut hole) = self.cell_of(payout, &at) else { return };
        let mask = self.cells.len() - 1;
        let mut cell = hole;
        loop {
            cell = (cell + 1) & mask;
            let place = self.cells[cell];
            // At no place stands nobody: an empty cell ends the run.
            let Some(other) = at(place) else { break };
            // Whatever was pushed past the hole by a full cell moves back into it, so that a search
            // may stop at the first empty cell.
            let pushed = cell.wrapping_sub(self.home(other)) & mask;
            if pushed >= cell.wrapping_sub(hole) & mask {
                self.cells[hole] = place;
                hole = cell;
            }
        }
        self.cells[hole] = EMPTY;
        self.len -= 1;
    }

    fn cell_of(&self, payout: PayoutId, at: impl Fn(u32) -> Option<PayoutId>) -> Option<usize> {
        let mask = self.cells.len() - 1;
        let mut cell = self.home(payout);
        while self.cells[cell] != EMPTY {
            if at(self.cells[cell]) == Some(payout) {
                return Some(cell);
            }
            cell = (cell + 1) & mask;
        }
        None
    }

    fn put(&mut self, payout: PayoutId, place: u32) {
        let mask = self.cells.len() - 1;
        let mut cell = self.home(payout);
        while self.cells[cell] != EMPTY {
            cell = (cell + 1) & mask;
        }
        self.cells[cell] = place;
    }

    fn grow(&mut self, at: impl Fn(u32) -> Option<PayoutId>) {
        let doubled = vec![EMPTY; self.cells.len() * 2];
        for place in std::mem::replace(&mut self.cells, doubled) {
            if let Some(payout) = at(place) {
                self.put(payout, place);
            }
        }
    }

    /// Where a payout is looked for first. Ids are keyed hashes, which nobody outside can choose;
    /// the multiplication is for ids that tests count up.
    fn home(&self, payout: PayoutId) -> usize {
        let bits = u128::from_be_bytes(payout.0);
        let folded = (bits as u64) ^ ((bits >> 64) as u64);
        let mixed = folded.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> (64 - self.cells.len().trailing_zeros())) as usize
    }
}
