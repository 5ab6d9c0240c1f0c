//! An asynchronous client for the PAN-OS XML API of Palo Alto Networks firewalls and Panorama.
//!
//! Promises: what a device answers becomes a value or a typed refusal, never a guess. `success` without
//! the element a caller asked for is [`PanosError::UnexpectedAnswer`]; text is read in one place
//! ([`Refusal`]); a key or password never reaches an error, a log line or a `Debug` text; every call has
//! a time limit and every answer a size limit; one device gets one call at a time, and one `keygen`.
//!
//! What a device sends is kept within [`limits`]. Polls of a device that may be booting
//! ([`Client::without_rekey`], [`PanosError::may_be_boot`]) cost no key and no log-in.
//!
//! Leaves to others: what to do next (an error has [`Refusal::advice`], nothing here waits or repeats a
//! command), the order of versions (they are plain text here), and everything about jobs of a fleet.
//!
//! ```no_run
//! use panos::{Client, Credentials, DeviceQuery, Endpoint, SyncToPeer, Transport, TransportConfig, Trust};
//! use std::time::Duration;
//!
//! # async fn example(password: secrecy::SecretString) -> Result<(), panos::PanosError> {
//! panos::install_crypto_provider();
//! let transport = Transport::new(&TransportConfig { trust: Trust::System, ..TransportConfig::default() })?;
//! let login = Credentials::Password { username: "stager".into(), password };
//!
//! let panorama = Client::new(transport.clone(), Endpoint::new("panorama.example.com", 443)?, login.clone())
//!     .with_max_concurrent(5);
//! for device in panorama.devices(DeviceQuery::Connected).await? {
//!     let Some(address) = device.ip_address else { continue };
//!     let firewall = Client::new(transport.clone(), Endpoint::new(&address, 443)?, login.clone());
//!     if firewall.system_info().await?.serial.as_deref() != Some(device.serial.as_str()) {
//!         continue; // an address that now answers as another box
//!     }
//!     let id = firewall.download("11.1.4-h7", SyncToPeer::No).await?;
//!     while !firewall.job(id).await?.is_finished() {
//!         tokio::time::sleep(Duration::from_secs(10)).await;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The map: [`Client`] (one device) uses [`Transport`] (one per process: pools, TLS, limits) and
//! [`KeyCache`] (one `keygen` per device and user). `commands/` holds one file per request, with its
//! answer's type. `envelope` turns `<response>` into content or a refusal, `classify` reads its text,
//! `xml` and `redact` keep out what is too deep, too large or secret. [`Recorded`] reads answers that came
//! another way.

mod call;
mod classify;
mod client;
mod commands;
mod endpoint;
mod envelope;
mod error;
mod key;
pub mod limits;
mod recorded;
mod redact;
mod tls;
mod transport;
mod upload;
mod xml;

pub use call::{Call, CallResult, Observer};
pub use classify::{Advice, Busy, Messages, Refusal};
pub use client::Client;
pub use commands::connected::{DeviceQuery, ManagedDevice, PeerLink};
pub use commands::disk_space::{DiskSpace, IMAGE_DIRECTORY, Mount};
pub use commands::ha_state::{HaMember, HaPair, HaRole, HaState};
pub use commands::jobs::{DeviceJob, DeviceJobId, JobResult, JobStatus};
pub use commands::licenses::License;
pub use commands::panorama_images::PanoramaImage;
pub use commands::restart::AutoCommit;
pub use commands::software::{Downloaded, SoftwareEntry, SoftwareList, SyncToPeer};
pub use commands::support::SupportInfo;
pub use commands::system_info::SystemInfo;
pub use commands::version::VersionInfo;
pub use endpoint::Endpoint;
pub use error::{PanosError, Phase, TlsProblem};
pub use key::{Credentials, KeyCache};
pub use recorded::Recorded;
pub use tls::{Fingerprint, InvalidFingerprint, Pins, Trust, install_crypto_provider, look_at_certificates};
pub use transport::{Transport, TransportConfig};

#[cfg(test)]
mod testing;
