//! An error with its causes, as one line for a person.

use std::error::Error;
use std::fmt;

/// Prints an error and its causes, joined by `: `, each once: a cause whose text an earlier one already
/// contains is left out.
///
/// ```text
/// 10.1.2.3: no answer to `show system info`: connection refused
/// ```
pub struct Chain<'a>(pub &'a (dyn Error + 'a));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut printed = self.0.to_string();
        f.write_str(&printed)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            if !printed.contains(&text) {
                write!(f, ": {text}")?;
                printed.push_str(": ");
                printed.push_str(&text);
            }
            next = cause.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        #[source]
        source: Option<Box<Layer>>,
    }

    fn chain(texts: &[&'static str]) -> Layer {
        let mut layers = texts.iter().rev().fold(None, |source, text| Some(Box::new(Layer { text, source })));
        *layers.take().unwrap()
    }

    #[test]
    fn causes_are_joined_in_order() {
        let error = chain(&["fw-1: no answer", "connect", "connection refused"]);
        assert_eq!(Chain(&error).to_string(), "fw-1: no answer: connect: connection refused");
    }

    #[test]
    fn a_cause_that_was_told_already_is_left_out() {
        let error =
            chain(&["ledger: connection refused (os error 111)", "connection refused", "os error 111"]);
        assert_eq!(Chain(&error).to_string(), "ledger: connection refused (os error 111)");
        let error = chain(&["a", "b", "a", "c"]);
        assert_eq!(Chain(&error).to_string(), "a: b: c");
    }
}
