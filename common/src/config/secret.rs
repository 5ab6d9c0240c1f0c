//! Text that cannot be printed: passwords and API keys.
//!
//! Promises: no `Display`, no `Serialize`, a `Debug` that says nothing, and memory that is wiped on drop.
//! Leaves to others: not writing what [`Secret::expose`] hands out anywhere but to the peer it is for.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A password, an API key, or a URL that holds one.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes `text` out of sight.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text itself, for the call that sends it to its peer and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The same text in the type that crates which know nothing of ours take.
    #[must_use]
    pub fn to_secret_string(&self) -> SecretString {
        self.0.clone()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_text() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "Secret Some(Secret)");
        assert_eq!(secret.expose(), "hunter2");
    }
}
