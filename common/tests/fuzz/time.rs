//! Large inputs of the worst kinds: what they take is bounded.

use std::time::Duration;

use fuzzkit::quickest_of_three;

/// Most bytes of the inputs here.
const SIZE: usize = 64 * 1024;

/// What one of them may take without optimisation.
const BOUND: Duration = Duration::from_millis(100);

/// The pieces that an input is made of, over and over.
const PIECES: [&str; 22] = [
    "a",
    "9",
    "\n",
    "\r\n",
    "\"",
    "\\",
    ",",
    "[",
    "{",
    "{\"a\":",
    "[\"10.1.0\",",
    "\"10.1.0\":[\"10.2.0\"],",
    ",,\n",
    "11.1.4,,ab\n",
    "\"11.1.4\",\"",
    "é",
    "\u{feff}",
    "*",
    "?*",
    "~",
    "-h1",
    "null,",
];

/// What an input begins with.
const HEADS: [&str; 8] =
    ["", "version,filename,sha256\n", "{", "[", "hostname~", "version=", "{\"10.0.2\":[", "{\"11.1.4\":\""];

/// A target and its name.
type Target = (&'static str, fn(&[u8]));

#[test]
fn sixty_four_kibibytes_of_anything_are_read_in_a_tenth_of_a_second() {
    let targets: [Target; 5] = [
        ("anchors", super::anchors::check),
        ("version", super::version::check),
        ("catalogue", super::catalogue::check),
        ("paths_file", super::paths_file::check),
        ("select", super::select::check),
    ];
    for head in HEADS {
        for piece in PIECES {
            let mut input = head.to_owned();
            while input.len() + piece.len() <= SIZE {
                input.push_str(piece);
            }
            for (name, check) in targets {
                let took = quickest_of_three(|| check(input.as_bytes()));
                assert!(
                    took < BOUND,
                    "{name} takes {took:?} for {head:?} and then {piece:?} up to {SIZE} bytes"
                );
            }
        }
    }
}
