//! What targets have in common: bytes as text, and what a message may look like.

use std::borrow::Cow;

/// The input as the readers get it: files and answers are decoded before they are parsed.
pub fn text_of(input: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(input)
}

/// A message made of an input has to be short and to hold nothing that a terminal or a log would obey.
///
/// # Panics
/// When it is longer than `most_bytes` or holds a control character.
pub fn assert_printable(message: &str, most_bytes: usize) {
    assert!(
        message.len() <= most_bytes,
        "a message of {} bytes, at most {most_bytes} are allowed: {}",
        message.len(),
        message.chars().take(200).flat_map(char::escape_debug).collect::<String>()
    );
    let control = message.chars().find(|character| character.is_control());
    assert!(
        control.is_none(),
        "a message with the control character {control:?}: {}",
        message.escape_debug()
    );
}
