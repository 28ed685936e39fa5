//! splitmix64: enough chance for this, and the same everywhere. Apart so that whatever is drawn for an
//! image is drawn from one place, and image k of a seed is always the same.

pub struct Dice(u64);

impl Dice {
    /// For the nth of a series.
    pub fn new(seed: u64, nth: u64) -> Dice {
        let mut dice = Dice(seed ^ nth.wrapping_mul(0xA076_1D64_78BD_642F));
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// 0 and more, and less than `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// So many times in a hundred.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}
