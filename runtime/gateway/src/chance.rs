//! Where random numbers come from.

#[cfg(any(test, feature = "testing"))]
use std::sync::{Mutex, PoisonError};

#[cfg(any(test, feature = "testing"))]
use crate::testing::Random;

/// The system's random numbers, or in a test those of a seed, so that the same seed is the same run.
#[derive(Debug)]
pub(crate) enum Chance {
    System,
    #[cfg(any(test, feature = "testing"))]
    Seeded(Mutex<Random>),
}

impl Chance {
    /// Numbers that follow from this seed. Ids made of them can be guessed.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self::Seeded(Mutex::new(Random::new(seed)))
    }

    /// Fills all of it.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub(crate) fn fill(&self, bytes: &mut [u8]) -> Result<(), getrandom::Error> {
        match self {
            Self::System => getrandom::fill(bytes),
            #[cfg(any(test, feature = "testing"))]
            Self::Seeded(random) => {
                let mut random = random.lock().unwrap_or_else(PoisonError::into_inner);
                for byte in bytes {
                    *byte = random.next().to_le_bytes()[0];
                }
                Ok(())
            }
        }
    }

    /// A number.
    ///
    /// # Errors
    /// As [`Chance::fill`].
    pub(crate) fn number(&self) -> Result<u64, getrandom::Error> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// A number from 0 to 1, for what is spread by chance.
    pub(crate) fn fraction(&self) -> f64 {
        // Without random numbers nothing is spread, and nothing else is wrong.
        self.number()
            .map_or(0.5, |number| number as f64 / u64::MAX as f64)
    }

    /// Whether what a hash decides elsewhere (which connection comes first) is to follow from the seed as well.
    pub(crate) const fn is_seeded(&self) -> bool {
        match self {
            Self::System => false,
            #[cfg(any(test, feature = "testing"))]
            Self::Seeded(_) => true,
        }
    }
}
