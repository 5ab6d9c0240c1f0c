//! `firewall.messages`: what an operator knows about the words of firewalls, for the classifier.
//!
//! Promises: a kind that the protocol crate does not know is a mistake in the configuration, told with the kinds
//! that there are, before anything is called. Leaves to others: the form of the table ([`common::config`]), finding
//! a text in an answer ([`panos::Messages`]).

use common::config::Config;
use panos::{Messages, Refusal};

/// A text is to be taken for a kind that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("firewall.messages takes `{fragment}` for `{word}`, which is no kind of message (known: {known})")]
pub struct MessagesError {
    fragment: String,
    word: String,
    known: String,
}

/// Checks the table, as for `config check`.
///
/// # Errors
/// [`MessagesError`] names the first entry whose kind is not known.
pub fn check(config: &Config) -> Result<(), MessagesError> {
    of(config).map(drop)
}

/// The table as the classifier takes it.
pub(crate) fn of(config: &Config) -> Result<Messages, MessagesError> {
    let patterns: Result<Vec<_>, _> = config
        .firewall
        .messages
        .iter()
        .map(|(fragment, word)| match Refusal::from_word(word) {
            Some(refusal) => Ok((fragment.clone(), refusal)),
            None => Err(MessagesError {
                fragment: fragment.clone(),
                word: word.clone(),
                known: Refusal::words().collect::<Vec<_>>().join(", "),
            }),
        })
        .collect();
    Ok(Messages::new(patterns?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(word: &str) -> Config {
        let mut config = Config::default();
        config.firewall.messages.insert("no room for image".to_owned(), word.to_owned());
        config
    }

    #[test]
    fn a_kind_that_is_known_is_taken() {
        assert!(!of(&with("disk_full")).unwrap().is_empty());
    }

    #[test]
    fn a_kind_that_is_not_known_is_refused_with_those_that_are() {
        let refused = check(&with("disk_ful")).unwrap_err().to_string();
        assert!(refused.contains("`no room for image` for `disk_ful`"), "{refused}");
        assert!(refused.contains("disk_full, entitlement"), "{refused}");
    }
}
