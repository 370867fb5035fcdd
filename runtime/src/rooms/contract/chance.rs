//! Chance that can be had again.

/// A generator of numbers that look like chance: SplitMix64.
pub(super) struct Chance(u64);

impl Chance {
    /// Every check has its own, so that one more number in one changes no other.
    pub(super) fn new(seed: u64, check: &str) -> Self {
        let check = check.bytes();
        let salt = check.fold(seed, |salt, byte| {
            salt.wrapping_mul(31).wrapping_add(byte.into())
        });
        Self(salt)
    }

    /// A number below `end`.
    pub(super) const fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits % end as u64) as usize
    }
}
