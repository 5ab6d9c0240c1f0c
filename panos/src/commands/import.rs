//! `type=import`: an image from a local file onto the device.
//!
//! Promises: the key is tried before the first byte of the file is sent, and the file is streamed. Leaves to
//! others: whether the image has arrived. It shows as [`uploaded`](crate::SoftwareEntry::uploaded) in a
//! fresh software list, sometimes late, and sometimes after [`Refusal::BusyImport`] as well (known to
//! paloversion); releases before 10.1 are said to be unreliable here.
//!
//! [`Refusal::BusyImport`]: crate::Refusal::BusyImport

use super::Command;
use crate::client::Client;
use crate::error::PanosError;
use crate::transport::{Patience, Sent};
use crate::upload::Upload;
use std::path::Path;

const COMMAND: Command = Command { patience: Patience::Upload, ..Command::ordinary("import software") };

impl Client {
    /// Sends an image from a file with the vendor's name, as in `PanOS_440-11.1.4-h7`.
    ///
    /// Takes as long as the line needs, at most half an hour. Behind Panorama this is about Panorama itself,
    /// because only operational commands are passed on.
    ///
    /// # Errors
    /// [`PanosError::Setup`] when the file cannot be read or has another name; else any [`PanosError`].
    pub async fn import_software(&self, file: &Path) -> Result<(), PanosError> {
        let upload = Upload::of(file).await.map_err(|problem| PanosError::Setup { problem })?;
        // A gigabyte is too much for finding out that the key has run out.
        self.version().await?;
        let query = [("type", "import"), ("category", "software")];
        // What a success says was never recorded; tools look at its status only.
        self.call(&COMMAND, &Sent::File { query: &query, upload: &upload }, |_| Ok(())).await
    }
}
