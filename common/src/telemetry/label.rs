//! Labels of metrics, whose number must not grow with the fleet or with what a device says.
//!
//! Promises: a label's value is one of a list that is in this program; anything else is `other`. A serial, a hostname,
//! an address or a message can so never become a time series, however hostile.

/// What everything is that is not on the list.
pub const OTHER: &str = "other";

/// `value` as the list has it, or [`OTHER`].
#[must_use]
pub fn one_of(value: &str, known: &[&'static str]) -> &'static str {
    known.iter().copied().find(|word| *word == value).unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_on_the_list_is_other_however_hostile() {
        let known = ["identify", "download"];
        assert_eq!(one_of("download", &known), "download");
        for hostile in ["", "Download", "download\"} 1\nevil 2", "fw-1<script>", &"x".repeat(10_000)] {
            assert_eq!(one_of(hostile, &known), OTHER);
        }
    }
}
