//! Values that look random and come out the same for the same seed.
//!
//! Each value is drawn from the seed and the *name* of what it is for, not from a running generator: a change
//! in one place of the fleet leaves every other device as it was. Leaves to others: what the values mean.

use sha2::{Digest, Sha256};

/// The one number from which a generated fleet follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// 32 bytes that belong to `name`.
    pub fn bytes(self, name: &[&str]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(self.0.to_be_bytes());
        for part in name {
            hasher.update([0]);
            hasher.update(part.as_bytes());
        }
        hasher.finalize().into()
    }

    /// The same bytes as 64 hex digits.
    pub fn hex(self, name: &[&str]) -> String {
        hex::encode(self.bytes(name))
    }

    /// A number from 0 up to, but not including, `bound`; 0 when `bound` is 0.
    pub fn below(self, name: &[&str], bound: u64) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.bytes(name);
        u64::from_be_bytes([a, b, c, d, e, f, g, h]).checked_rem(bound).unwrap_or(0)
    }

    /// A number from 0 up to, but not including, 1, in steps of a millionth.
    pub fn unit(self, name: &[&str]) -> f64 {
        let millionths = u32::try_from(self.below(name, 1_000_000)).unwrap_or(0);
        f64::from(millionths) / 1e6
    }

    /// Whether a chance of `percent` in a hundred comes true.
    pub fn chance(self, name: &[&str], percent: u64) -> bool {
        self.below(name, 100) < percent
    }

    /// One of the choices, which must not be empty.
    pub fn pick<'a, T>(self, name: &[&str], choices: &'a [T]) -> &'a T {
        let index = self.below(name, choices.len() as u64);
        &choices[usize::try_from(index).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_depends_on_seed_and_name_alone() {
        assert_eq!(Seed(7).hex(&["a", "b"]), Seed(7).hex(&["a", "b"]));
        assert_ne!(Seed(7).hex(&["a", "b"]), Seed(8).hex(&["a", "b"]));
        assert_ne!(Seed(7).hex(&["a", "b"]), Seed(7).hex(&["ab"]));
        assert!((0..200).all(|n| Seed(7).unit(&[&n.to_string()]) < 1.0));
    }
}
