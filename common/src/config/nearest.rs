//! The known key that looks most like an unknown one.

/// Edits that a suggestion may be away, as a share of the key's length: one in three letters.
const ONE_EDIT_PER: usize = 3;

/// The most similar of `known`, unless none is similar.
pub(super) fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let unknown = unknown.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (distance(&unknown, candidate), candidate))
        .min_by_key(|(edits, _)| *edits)
        .filter(|(edits, candidate)| *edits <= candidate.len() / ONE_EDIT_PER)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions and replacements between two words (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, sign) in left.chars().enumerate() {
        let mut diagonal = row;
        above[0] = row + 1;
        for (column, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(sign != *other);
            diagonal = above[column + 1];
            above[column + 1] = replaced.min(diagonal + 1).min(above[column] + 1);
        }
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }

    #[test]
    fn a_typing_error_is_recognised_and_nonsense_is_not() {
        let known = ["lease.ttl", "lease.renew_every", "firewall.api_key"];
        assert_eq!(nearest("lease.tll", known), Some("lease.ttl"));
        assert_eq!(nearest("firewall.apikey", known), Some("firewall.api_key"));
        assert_eq!(nearest("LEASE.TTL", known), Some("lease.ttl"));
        assert_eq!(nearest("banana", known), None);
    }
}
