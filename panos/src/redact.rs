//! Keeps keys and passwords out of everything that leaves this crate.
//!
//! A firewall repeats an expired key in its HTTP reason phrase (recorded: Splunk-Apps issue 151), so
//! whatever was sent as a secret is looked for in whatever comes back. Leaves to others: not to quote the
//! answer of `keygen`, whose key nobody knows yet.

use crate::limits::{MAX_FIELD_CHARS, MAX_LINE_CHARS};
use secrecy::{ExposeSecret, SecretString};

/// What stands where a secret stood.
pub(crate) const REDACTED: &str = "[redacted]";
/// Shorter secrets are ordinary words; replacing them would make every message unreadable.
const SHORTEST_SECRET: usize = 4;
/// A cut-off secret is recognised by this many leading characters.
const SHORTEST_PREFIX: usize = 8;
/// What an excerpt shows at most, in characters.
const EXCERPT_CHARS: usize = 120;

/// Replaces the secrets of one call in texts.
#[derive(Clone)]
pub(crate) struct Redactor(Vec<SecretString>);

impl Redactor {
    pub(crate) fn new(secrets: &[&SecretString]) -> Self {
        Self(secrets.iter().map(|&secret| secret.clone()).collect())
    }

    /// `text` without the secrets: as they are, as XML and as a form field write them, cut off at the
    /// end of the text, and any key that a `Key Expired` phrase names.
    pub(crate) fn clean(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for secret in &self.0 {
            // A key from a file may end with a line break that is not sent.
            let secret = secret.expose_secret().trim();
            if secret.len() < SHORTEST_SECRET {
                continue;
            }
            for form in spellings(secret) {
                if clean.contains(&form) {
                    clean = clean.replace(&form, REDACTED);
                }
            }
            if let Some(cut) = cut_off_at_end(&clean, secret) {
                clean.truncate(cut);
                clean.push_str(REDACTED);
            }
        }
        without_expired_key(&clean)
    }

    /// One line of a device's words as errors have it: cleaned, printable, at most [`MAX_LINE_CHARS`].
    pub(crate) fn message(&self, text: &str) -> String {
        self.tidy(text).chars().take(MAX_LINE_CHARS).collect()
    }

    /// A short quotation: the same between quotes, at most 120 characters.
    pub(crate) fn excerpt(&self, text: &str) -> String {
        let words = self.tidy(text);
        let shown: String = words.chars().take(EXCERPT_CHARS).collect();
        let more = if words.chars().nth(EXCERPT_CHARS).is_some() { "…" } else { "" };
        format!("`{shown}`{more}")
    }

    /// Cleaned twice: a secret with a blank in it may only appear when white space is brought together.
    fn tidy(&self, text: &str) -> String {
        self.clean(&one_line(&self.clean(text)))
    }
}

/// One line without control characters or marks that turn a terminal's text around.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().map(printable).collect()
}

/// A word of a device as it is kept: see [`limits`](crate::limits).
pub(crate) fn field(text: &str) -> String {
    text.chars().map(kept).take(MAX_FIELD_CHARS).collect()
}

/// A line or remark of a device as it is kept: see [`limits`](crate::limits).
pub(crate) fn line(text: &str) -> String {
    text.chars().map(kept).take(MAX_LINE_CHARS).collect()
}

/// White space becomes a blank, so that one text stays one line.
fn kept(c: char) -> char {
    if matches!(c, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}') {
        ' '
    } else {
        printable(c)
    }
}

/// A control character or a direction mark becomes a visible placeholder.
fn printable(c: char) -> char {
    let turns_text =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if c.is_control() || turns_text { char::REPLACEMENT_CHARACTER } else { c }
}

/// The ways a secret may be written in an answer.
fn spellings(secret: &str) -> Vec<String> {
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut forms = vec![secret.to_owned(), quick_xml::escape::escape(secret).into_owned(), form];
    forms.dedup();
    forms
}

/// Where a beginning of `secret` stands at the very end of `text`, as in an answer that was cut.
fn cut_off_at_end(text: &str, secret: &str) -> Option<usize> {
    (SHORTEST_PREFIX..secret.len())
        .rev()
        .filter(|&n| secret.is_char_boundary(n))
        .find(|&n| text.ends_with(&secret[..n]))
        .map(|n| text.len() - n)
}

/// Removes what stands between `Key Expired:` and the next blank, whether or not it is our key.
fn without_expired_key(text: &str) -> String {
    const MARK: &str = "key expired:";
    // ASCII lower case keeps every byte position.
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    while let Some(at) = lower.get(done..).and_then(|rest| rest.find(MARK)) {
        let mark_end = done + at + MARK.len();
        let after = &text[mark_end..];
        let key = after.trim_start();
        let key_start = text.len() - key.len();
        let end = key.find(|c: char| c.is_whitespace() || c == '<').unwrap_or(key.len());
        out.push_str(&text[done..key_start]);
        if end > 0 {
            out.push_str(REDACTED);
        }
        done = key_start + end;
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "LUFRPT1RVhBTVBMRS1PTkxZ+aW52ZW50ZWQ/a2V5==";

    fn cleaned(text: &str) -> String {
        let key = SecretString::from(KEY);
        let password = SecretString::from("p&ss <word>");
        Redactor::new(&[&key, &password]).clean(text)
    }

    #[test]
    fn the_expired_key_in_a_reason_phrase_is_removed_even_when_it_is_not_ours() {
        assert_eq!(
            cleaned("Key Expired: OTHERKEY00000 has expired. "),
            "Key Expired: [redacted] has expired. "
        );
        assert_eq!(cleaned("<msg>key expired:ABC</msg>"), "<msg>key expired:[redacted]</msg>");
        assert_eq!(
            cleaned("Key Expired: A Key Expired: B"),
            "Key Expired: [redacted] Key Expired: [redacted]"
        );
    }

    #[test]
    fn a_secret_is_removed_in_every_spelling() {
        assert_eq!(cleaned(&format!("a {KEY} b {KEY}")), "a [redacted] b [redacted]");
        assert_eq!(cleaned("x p&amp;ss &lt;word&gt; y"), "x [redacted] y");
        assert_eq!(cleaned("password=p%26ss+%3Cword%3E"), "password=[redacted]");
    }

    #[test]
    fn a_secret_cut_off_by_the_end_of_an_answer_is_removed() {
        assert_eq!(cleaned(&format!("<key>{}", &KEY[..20])), "<key>[redacted]");
    }

    #[test]
    fn a_secret_that_was_configured_with_a_line_break_is_found_without_it() {
        let key = SecretString::from(format!("{KEY}\n"));
        assert_eq!(Redactor::new(&[&key]).clean(&format!("a {KEY} b")), "a [redacted] b");
    }

    #[test]
    fn an_excerpt_is_short_and_has_no_control_characters() {
        let redactor = Redactor::new(&[]);
        let excerpt = redactor.excerpt(&format!("a\u{1b}[31m\nb\u{202e} {}", "é".repeat(300)));
        assert!(excerpt.chars().count() <= EXCERPT_CHARS + 3, "{excerpt}");
        assert!(!excerpt.contains(|c: char| c.is_control() || c == '\u{202e}'), "{excerpt:?}");
        assert!(excerpt.starts_with("`a\u{fffd}[31m b\u{fffd} é"), "{excerpt}");
    }
}
