//! What an operator deploys: the image that is built, and the fleet that docker-compose.yml describes.
//!
//! | file | shows |
//! |---|---|
//! | `image.rs` | the Dockerfile copies what is there, and the image holds every program |
//! | `processes.rs` | compose's demo, played as processes: it starts in order, drains, answers, and leaves nothing |
//!
//! There need be no Docker: what it would do with the files is done here. `scripts/lint-deploy` checks what can be told
//! from the files alone. The programs must have been built (`cargo build --workspace`); `./test` does that.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a failed test")]

mod image;
mod processes;

use std::path::{Path, PathBuf};

/// The directory that `docker build` is given.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
