//! A file on its way to a device: `multipart/form-data` with one part, streamed from the disk.
//!
//! Promises: the request announces its exact size before the first byte, and no more than one piece of the
//! file is in memory. Leaves to others: whether the device wants it ([`commands`](crate::commands)).

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, Take};

/// What is read and sent at once.
const PIECE_BYTES: usize = 256 * 1024;

/// A file that is there and has a name which a device accepts.
#[derive(Debug)]
pub(crate) struct Upload {
    path: PathBuf,
    name: String,
    /// Stands around the part; not to be guessed from outside, so that no file can hold it on purpose.
    boundary: String,
}

impl Upload {
    /// The file at a path. A device takes the name for the image's, so it must be the vendor's: letters,
    /// digits, `.`, `_` and `-`.
    pub(crate) async fn of(path: &Path) -> Result<Self, String> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let shown = path.to_string_lossy().escape_debug().to_string();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if name.is_empty() || !name.chars().all(plain) {
            return Err(format!("`{shown}` is not named like an image of the vendor"));
        }
        match tokio::fs::metadata(path).await {
            Ok(found) if found.is_file() => {}
            Ok(_) => return Err(format!("`{shown}` is not a file")),
            Err(error) => return Err(format!("`{shown}` cannot be read: {error}")),
        }
        // Random per instance, without a dependency for it.
        let draw = || RandomState::new().hash_one(&name);
        let boundary = format!("panos-{:016x}{:016x}", draw(), draw());
        Ok(Self { path: path.to_owned(), name, boundary })
    }

    /// The request with the file as its body; may be called again for a repetition.
    pub(crate) async fn attach(
        &self,
        request: reqwest::RequestBuilder,
    ) -> io::Result<reqwest::RequestBuilder> {
        let file = File::open(&self.path).await?;
        let length = file.metadata().await?.len();
        let (boundary, name) = (&self.boundary, &self.name);
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        let tail = format!("\r\n--{boundary}--\r\n").into_bytes();
        let total = length + (head.len() + tail.len()) as u64;
        // A file that grows meanwhile is cut; one that shrinks ends the request with an error.
        let body = stream::once(async { Ok(head) })
            .chain(pieces(file.take(length)))
            .chain(stream::once(async { Ok(tail) }));
        Ok(request
            .header(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}"))
            .header(CONTENT_LENGTH, total)
            .body(reqwest::Body::wrap_stream(body)))
    }
}

fn pieces(file: Take<File>) -> BoxStream<'static, io::Result<Vec<u8>>> {
    stream::try_unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE_BYTES];
        let n = file.read(&mut piece).await?;
        piece.truncate(n);
        Ok((n > 0).then_some((piece, file)))
    })
    .boxed()
}
