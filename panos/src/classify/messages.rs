//! Messages that an operator has seen and the table does not know: what each is to be taken for.
//!
//! Several texts were never published (a full disk, a missing licence), so a fleet must be able to teach
//! the classifier its own. Leaves to others: where the patterns are written down.

use super::{Refusal, normalised};

/// An operator's own patterns, asked before the table that comes with the program.
///
/// ```
/// use panos::{Messages, Refusal};
///
/// let kind = Refusal::from_word("disk_full").ok_or("not a kind of refusal")?;
/// let messages = Messages::new([("no room for image".to_owned(), kind)]);
/// assert!(!messages.is_empty());
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Messages {
    /// Fragments as messages are compared, the longest first.
    patterns: Vec<(String, Refusal)>,
}

impl Messages {
    /// Takes pairs of a fragment and what a message with it means.
    ///
    /// Upper and lower case and the amount of white space do not count. Where several fragments fit, the
    /// longest one decides. A blank fragment fits nothing.
    pub fn new(patterns: impl IntoIterator<Item = (String, Refusal)>) -> Self {
        let mut patterns: Vec<_> = patterns
            .into_iter()
            .map(|(fragment, refusal)| (normalised(&fragment), refusal))
            .filter(|(fragment, _)| !fragment.is_empty())
            .collect();
        patterns.sort_by_key(|(fragment, _)| std::cmp::Reverse(fragment.len()));
        Self { patterns }
    }

    /// Whether there is no pattern.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// What a normalised message means to the operator.
    pub(super) fn find(&self, said: &str) -> Option<Refusal> {
        let fits = |(fragment, _): &&(String, Refusal)| said.contains(fragment.as_str());
        self.patterns.iter().find(fits).map(|(_, refusal)| refusal.clone())
    }
}
