//! How much of an answer is kept. Whatever a device sends, this is the most a caller gets to hold.
//!
//! Two kinds: text is cut, because a label that is too long is still a label; lists are refused
//! ([`UnexpectedAnswer`](crate::PanosError::UnexpectedAnswer)), because a list without its end would pass
//! for a whole one. The size of an answer as a whole is
//! [`TransportConfig::max_answer_bytes`](crate::TransportConfig::max_answer_bytes); depth, elements and
//! attributes of its XML are limited by the reader (64 levels, a million elements, 64 attributes each).
//!
//! In every text, a line break or tab has become a blank, and any other control character or mark that
//! turns a terminal's text around has become U+FFFD: names and messages can be printed as they are.

/// Longest name, version, address, time, file name or other word of a device, in characters.
pub const MAX_FIELD_CHARS: usize = 256;
/// Longest line of a job's details, and longest remark, in characters.
pub const MAX_LINE_CHARS: usize = 1_000;
/// Most lines of a job's details or warnings; the ones after them are left out.
pub const MAX_LINES: usize = 500;
/// Most devices of one Panorama. The largest appliance manages 5,000.
pub const MAX_DEVICES: usize = 20_000;
/// Most images in one software list; recorded lists have some hundred.
pub const MAX_IMAGES: usize = 5_000;
/// Most jobs in one list; a device remembers some hundred.
pub const MAX_JOBS: usize = 10_000;
/// Most file systems of one device; recorded ones have about ten.
pub const MAX_MOUNTS: usize = 500;
/// Most licences of one device.
pub const MAX_LICENSES: usize = 1_000;
