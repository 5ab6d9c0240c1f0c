//! API keys of one box.
//!
//! One live key per account: making another ends the first (API guide 9.1: all existing sessions of the user
//! end). The fixed key of the ready line belongs to an account of its own, which nobody makes keys for. Leaves to
//! others: who may log in ([`crate::api`]).

use crate::seeded::Seed;

/// The keys that a box accepts.
#[derive(Debug, Clone)]
pub struct Keys {
    seed: Seed,
    owner: String,
    made: u32,
    live: Option<String>,
}

impl Keys {
    /// No key made yet, for the box called `owner`.
    pub fn new(seed: Seed, owner: &str) -> Self {
        Self { seed, owner: owner.to_owned(), made: 0, live: None }
    }

    /// Makes a key; the one before stops working.
    pub fn generate(&mut self) -> String {
        self.made += 1;
        let name = ["key", &self.owner, &self.made.to_string()];
        // Real keys are base64 with a fixed beginning, and long.
        let key =
            format!("LUFRPT1{}{}==", self.seed.hex(&name), &self.seed.hex(&["key tail", &self.owner])[..32]);
        self.live = Some(key.clone());
        key
    }

    /// Ends the account's key.
    pub fn expire(&mut self) {
        self.live = None;
    }

    /// Whether the account's key is this one.
    pub fn accepts(&self, key: &str) -> bool {
        self.live.as_deref() == Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_key_ends_the_first() {
        let mut keys = Keys::new(Seed(7), "007900000000001");
        let first = keys.generate();
        assert!(keys.accepts(&first));
        let second = keys.generate();
        assert!(keys.accepts(&second) && !keys.accepts(&first));
    }
}
