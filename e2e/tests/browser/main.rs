//! The dashboard as people see it: real programs, a real browser, and what the page says in the end.
//!
//! | file | shows |
//! |---|---|
//! | `live.rs` | a fleet drains before the eyes of who looks, without loading the page again |
//! | `search.rs` | search, filters and exceptions lead to the devices that are meant |
//! | `keyboard.rs` | everything can be reached without a mouse, and the focus stays |
//! | `look.rs` | by day and by night, on a desk and on a phone, nothing sticks out |
//! | `device.rs` | one device: timeline, hashes, whole chain |
//! | `restart.rs` | a server that is killed is missed, and found again |
//! | `login.rs` | nothing is shown without the token |
//! | `hostile.rs` | what a device calls itself is text |
//! | `many.rs` | ten thousand devices, page by page |
//! | `screenshots.rs` | pictures for the documentation, by `scripts/screenshots` |
//!
//! Every case ends with [`Site::end`](site::Site::end): the browser met no error of a script and no breach of the page's
//! policy. The programs must have been built (`cargo build --workspace`), and Chromium installed; `./test` does both.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a failed test, and says what the programs said"
)]

mod device;
mod hostile;
mod keyboard;
mod live;
mod login;
mod look;
mod many;
mod restart;
mod screenshots;
mod search;
mod site;
