//! Answers that came another way than over the network: from a file, a capture or a test.
//!
//! Promises: what is read here is read as a [`Client`](crate::Client) reads it, by the same code, refusals and
//! limits included. Leaves to others: asking for it, and the size of the text.

use crate::classify::{About, Messages};
use crate::client::told;
use crate::commands::connected::{self, ManagedDevice};
use crate::commands::disk_space::{self, DiskSpace};
use crate::commands::ha_state::{self, HaState};
use crate::commands::jobs::{self, DeviceJob, DeviceJobId};
use crate::commands::licenses::{self, License};
use crate::commands::panorama_images::{self, PanoramaImage};
use crate::commands::software::{self, SoftwareList};
use crate::commands::support::{self, SupportInfo};
use crate::commands::system_info::{self, SystemInfo};
use crate::commands::version::{self, VersionInfo};
use crate::commands::{Command, restart};
use crate::envelope::{self, Missing, Reading};
use crate::error::PanosError;
use crate::redact::Redactor;
use crate::transport::Reply;
use crate::xml::Element;
use secrecy::SecretString;
use std::sync::Arc;

/// Who is named in errors.
const HOST: &str = "recorded answer";
const COMMAND: Command = Command::ordinary("recorded command");

/// One whole answer.
///
/// ```
/// use panos::{Recorded, Refusal};
///
/// let answer = Recorded::of("<response status='error'><msg><line>Another download is in progress</line></msg></response>");
/// assert_eq!(answer.enqueued().unwrap_err().refusal(), Some(&Refusal::BusyDownload));
/// ```
pub struct Recorded {
    reply: Reply,
    reading: Reading,
}

impl Recorded {
    /// An answer with HTTP status 200.
    pub fn of(body: impl Into<String>) -> Self {
        Self {
            reply: Reply { status: 200, reason: None, body: body.into() },
            reading: Reading {
                redactor: Redactor::new(&[]),
                messages: Arc::default(),
                quotable: true,
                about: About::Device,
            },
        }
    }

    /// The same with another status, and the reason phrase where it was not the usual one.
    #[must_use]
    pub fn with_status(self, status: u16, reason: Option<&str>) -> Self {
        let reply = Reply { status, reason: reason.map(str::to_owned), ..self.reply };
        Self { reply, ..self }
    }

    /// Asks an operator's own patterns first.
    #[must_use]
    pub fn with_messages(self, messages: Arc<Messages>) -> Self {
        Self { reading: Reading { messages, ..self.reading }, ..self }
    }

    /// Keeps secrets that the answer may repeat out of errors.
    #[must_use]
    pub fn hiding(self, secrets: &[&SecretString]) -> Self {
        Self { reading: Reading { redactor: Redactor::new(secrets), ..self.reading }, ..self }
    }

    /// As [`Client::version`](crate::Client::version) reads it.
    ///
    /// # Errors
    /// [`PanosError::Refused`] or [`PanosError::UnexpectedAnswer`], as for all readers here.
    pub fn version(&self) -> Result<VersionInfo, PanosError> {
        self.read(version::read)
    }

    /// As [`Client::system_info`](crate::Client::system_info) reads it.
    ///
    /// # Errors
    /// See [`Recorded::version`].
    pub fn system_info(&self) -> Result<SystemInfo, PanosError> {
        self.read(system_info::read)
    }

    /// As [`Client::disk_space`](crate::Client::disk_space) reads it.
    ///
    /// # Errors
    /// See [`Recorded::version`].
    pub fn disk_space(&self) -> Result<DiskSpace, PanosError> {
        self.read(disk_space::read)
    }

    /// As [`Client::software_info`](crate::Client::software_info) reads it.
    ///
    /// # Errors
    /// See [`Recorded::version`].
    pub fn software(&self) -> Result<SoftwareList, PanosError> {
        self.read(software::read)
    }

    /// As [`Client::download`](crate::Client::download) and [`Client::install`](crate::Client::install) read it.
    ///
    /// # Errors
    /// See [`Recorded::version`].
    pub fn enqueued(&self) -> Result<DeviceJobId, PanosError> {
        self.read(software::read_enqueued)
    }

    /// As [`Client::job`](crate::Client::job) reads it.
    ///
    /// # Errors
    /// See [`Recorded::version`]; [`Refusal::JobLost`](crate::Refusal) as for the client.
    pub fn job(&self, id: DeviceJobId) -> Result<DeviceJob, PanosError> {
        let reading = Reading { about: About::OneJob, ..self.reading.clone() };
        let read = |response: &Element| jobs::read_one(response, id, &reading.messages);
        envelope::open(&self.reply, &reading, read)
            .map_err(|fault| told(HOST.to_owned(), &COMMAND, fault))?
            .into_job(HOST.to_owned(), id)
    }

    /// As [`Client::jobs`](crate::Client::jobs) reads it.
    ///
    /// # Errors
    /// See [`Recorded::version`].
    pub fn jobs(&self) -> Result<Vec<DeviceJob>, PanosError> {
        self.read(|response| jobs::read(response, &self.reading.messages))
    }

    /// As [`Client::devices`](crate::Client::devices) reads it.
    ///
    /// # Errors
    /// See [`Recorded::version`].
    pub fn devices(&self) -> Result<Vec<ManagedDevice>, PanosError> {
        self.read(connected::read)
    }

    /// As [`Client::ha_state`](crate::Client::ha_state) reads it.
    ///
    /// # Errors
    /// See [`Recorded::version`].
    pub fn ha_state(&self) -> Result<HaState, PanosError> {
        self.read(ha_state::read)
    }

    /// As [`Client::support_check`](crate::Client::support_check) reads it.
    ///
    /// # Errors
    /// See [`Recorded::version`]; [`Refusal::Entitlement`](crate::Refusal) as for the client.
    pub fn support(&self) -> Result<SupportInfo, PanosError> {
        support::entitled(self.read(support::read)?, HOST.to_owned(), &self.reading)
    }

    /// As [`Client::licenses`](crate::Client::licenses) reads it.
    ///
    /// # Errors
    /// See [`Recorded::version`].
    pub fn licenses(&self) -> Result<Vec<License>, PanosError> {
        self.read(licenses::read)
    }

    /// As [`Client::batch_software_info`](crate::Client::batch_software_info) reads it.
    ///
    /// # Errors
    /// See [`Recorded::version`].
    pub fn panorama_images(&self) -> Result<Vec<PanoramaImage>, PanosError> {
        self.read(panorama_images::read)
    }

    /// As [`Client::chassis_ready`](crate::Client::chassis_ready) reads it.
    ///
    /// # Errors
    /// See [`Recorded::version`].
    pub fn chassis_ready(&self) -> Result<bool, PanosError> {
        self.read(restart::read_ready)
    }

    fn read<T>(&self, read: impl FnOnce(&Element) -> Result<T, Missing>) -> Result<T, PanosError> {
        envelope::open(&self.reply, &self.reading, read)
            .map_err(|fault| told(HOST.to_owned(), &COMMAND, fault))
    }
}
