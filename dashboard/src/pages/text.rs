//! Text that others wrote, as it may stand on a page.
//!
//! Promises: a hostname, an error or a detail is shown as text and as nothing else, in one line of bounded length
//! where a table needs that, and with nothing lost where a person has to read all of it. `maud` escapes the markup;
//! here goes what `maud` lets through: control characters, and the marks that turn the direction of writing and so
//! make a line read as another one (Unicode Standard Annex 9, 2.1 to 2.6).

use std::borrow::Cow;

use maud::{Markup, html};

/// Characters of a text in a table cell.
const CELL_CHARS: usize = 140;

/// Characters of a text of which more is shown on demand.
const LINE_CHARS: usize = 220;

/// Characters that are shown on demand: a device's longest answers are a few thousand.
const WHOLE_CHARS: usize = 20_000;

/// The text with what could move, hide or reorder it written as `\u{..}`.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_unsafe(character) {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// For a cell: cut, never more than a line or two.
pub(super) fn cell(text: &str) -> String {
    cut(text, CELL_CHARS).map_or_else(|| shown(text).into_owned(), |head| format!("{}…", shown(head)))
}

/// For a place with room: the beginning, and all of it on demand.
pub(super) fn long(text: &str) -> Markup {
    let Some(head) = cut(text, LINE_CHARS) else {
        return html! { (shown(text)) };
    };
    let (whole, is_cut) = cut(text, WHOLE_CHARS).map_or((text, false), |head| (head, true));
    html! {
        details.long {
            summary { (shown(head)) "…" }
            div.whole { (shown(whole)) @if is_cut { " … (" (text.len()) " bytes in all)" } }
        }
    }
}

/// A remedy: what stands between backticks is a command or a setting.
pub(super) fn remedy(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 0 { (shown(part)) } @else { code { (shown(part)) } }
        }
    }
}

/// A command line to take along; the button needs the script and is hidden without it.
pub(super) fn command(line: &str) -> Markup {
    html! {
        span.command {
            code { (shown(line)) }
            button.copy type="button" data-copy=(shown(line)) aria-label={ "Copy: " (cell(line)) } { "Copy" }
        }
    }
}

/// `1 device`, `2 devices`.
pub(super) fn counted(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{} {noun}s", number(n)) }
}

/// A number in groups of three, as people read it.
pub(super) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// A word of the domain as people read it: `pre_flight_disk_check` without the joints.
pub(super) fn words(word: &str) -> String {
    word.replace('_', " ")
}

/// The first `limit` characters, when there are more.
fn cut(text: &str, limit: usize) -> Option<&str> {
    text.char_indices().nth(limit).map(|(end, _)| &text[..end])
}

/// What moves, hides or reorders text.
pub(super) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_or_hides_text_is_written_out() {
        let hostile = "fw\u{0}\u{1b}[2J\u{9b}1m\n\u{202e}gpj.exe\u{2066}\u{61c}\u{200f}";
        let text = shown(hostile);
        assert!(!text.contains(is_unsafe), "{text:?}");
        assert!(text.starts_with("fw\\u{0}\\u{1b}[2J\\u{9b}1m\\u{a}\\u{202e}gpj.exe"), "{text}");
        assert!(matches!(shown("Zürich 東京 👍"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_long_text_is_cut_and_nothing_of_it_is_lost() {
        let text = format!("<b>{}</b>", "é".repeat(10_000));
        let page = long(&text).into_string();
        assert!(page.starts_with("<details"), "{page:.80}");
        assert_eq!(page.matches('é').count(), 10_000 + LINE_CHARS - 3);
        assert!(!page.contains("<b>"));
        assert_eq!(cell(&text).chars().count(), CELL_CHARS + 1);
        assert_eq!(long("short").into_string(), "short");
    }

    #[test]
    fn a_remedy_shows_its_commands_as_such() {
        let page = remedy("look, then `job retry <ID>`").into_string();
        assert_eq!(page, "look, then <code>job retry &lt;ID&gt;</code>");
    }

    #[test]
    fn numbers_are_read_in_groups() {
        assert_eq!(
            ["7", "700", "7\u{202f}000", "1\u{202f}234\u{202f}567"],
            [7, 700, 7_000, 1_234_567].map(number)[..]
        );
        assert_eq!((counted(1, "job"), counted(0, "job")), ("1 job".to_owned(), "0 jobs".to_owned()));
    }
}
