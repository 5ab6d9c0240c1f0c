//! A device's software list for commands that ask devices themselves.
//!
//! Leaves to others: asking (crate `panos`), reading the answer ([`worker::border`]).

use common::domain::image::SoftwareListing;
use panos::{Client, PanosError};
use worker::border;

/// Asks for the list after a refresh from the update server; where the device refuses that, as one without a
/// way to the server does, for the list as it remembers it.
///
/// # Errors
/// What the calls may meet.
pub(crate) async fn refreshed(client: &Client) -> Result<SoftwareListing, PanosError> {
    let list = match client.software_check().await {
        Err(PanosError::Refused { .. }) => client.software_info().await?,
        checked => checked?,
    };
    Ok(border::listing(list))
}
