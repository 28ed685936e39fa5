//! Which payouts and which streams one pass takes. Apart because the memory of a verification rests on
//! it: a log of any length is read as often as it takes.

/// One of several passes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice {
    pass: u64,
    passes: u64,
}

impl Slice {
    /// All passes over this many records.
    pub fn all(records: u64, records_per_pass: u64) -> impl Iterator<Item = Slice> {
        let passes = records.div_ceil(records_per_pass.max(1)).clamp(1, 256);
        (0..passes).map(move |pass| Slice { pass, passes })
    }

    /// Whether what carries this byte belongs to the pass. Ids are keyed hashes: their bytes are spread
    /// evenly.
    pub fn has(self, byte: u8) -> bool {
        u64::from(byte) * self.passes / 256 == self.pass
    }

    /// What is looked at once, whatever the number of passes.
    pub fn is_first(self) -> bool {
        self.pass == 0
    }

    /// How many there are.
    pub fn passes(self) -> u64 {
        self.passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_belongs_to_exactly_one_pass() {
        for records in [0, 1, 10, 11, 25, 2_559, 1_000_000] {
            let slices: Vec<Slice> = Slice::all(records, 10).collect();
            assert_eq!(slices.len() as u64, records.div_ceil(10).clamp(1, 256));
            for byte in 0..=u8::MAX {
                assert_eq!(slices.iter().filter(|slice| slice.has(byte)).count(), 1);
            }
        }
    }
}
