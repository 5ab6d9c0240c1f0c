//! `request restart system`, and how a device shows that it is back.
//!
//! Promises: the three ways in which a device takes the command are one answer. Leaves to others: waiting,
//! and the proof. For up to 90 s after the command a device still answers as before, so only an uptime that
//! is shorter than the wait proves the reboot; then come `chassis-ready`, the first commit
//! ([`AutoCommit`]), and in a pair the HA state.

use super::{Command, need};
use crate::client::Client;
use crate::commands::jobs::{DeviceJob, JobResult};
use crate::envelope::Missing;
use crate::error::{PanosError, Phase};
use crate::xml::Element;

const RESTART: Command = Command::ordinary("request restart system");
const RESTART_XML: &str = "<request><restart><system></system></restart></request>";
const READY: Command = Command::ordinary("show chassis-ready");
const READY_XML: &str = "<show><chassis-ready></chassis-ready></show>";

/// The type of the commit that a device makes of itself after a boot.
const AUTO_COMMIT: &str = "AutoCom";

/// How far a device is with the commit that follows every boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AutoCommit {
    /// Under way or waiting; the device does not take images or commits yet.
    Running,
    /// One ended well, or none is remembered any more (`panos_check` of the vendor's Ansible collection takes
    /// that for ready, too).
    Done,
    /// All that are remembered failed. The device may begin another by itself: a failed first and a good
    /// second one were recorded.
    Failed,
}

impl AutoCommit {
    /// What a list of jobs says about it; see [`Client::jobs`].
    pub fn of(jobs: &[DeviceJob]) -> Self {
        let mut state = Self::Done;
        for job in jobs.iter().filter(|job| job.kind.eq_ignore_ascii_case(AUTO_COMMIT)) {
            match (job.is_finished(), &job.result) {
                (true, JobResult::Ok) => return Self::Done,
                (true, JobResult::Fail | JobResult::Pending | JobResult::Other(_)) => {
                    if state == Self::Done {
                        state = Self::Failed;
                    }
                }
                (false, _) => state = Self::Running,
            }
        }
        state
    }
}

impl Client {
    /// Restarts the device. Fine means accepted, and is no proof that it goes down.
    ///
    /// A device says `Command succeeded with no output` under either status, or cuts the connection before it
    /// says anything; all three are fine (pan-os-python, `base.py`; paloversion).
    ///
    /// # Errors
    /// Any [`PanosError`] but [`PanosError::NoAnswer`] after the command was sent. Repeating is safe only
    /// before the device went down.
    pub async fn restart(&self) -> Result<(), PanosError> {
        match self.op(&RESTART, RESTART_XML, |_| Ok(())).await {
            Err(PanosError::NoAnswer { phase: Phase::Answer, .. }) => Ok(()),
            outcome => outcome,
        }
    }

    /// Whether the device says that its data plane is up.
    ///
    /// # Errors
    /// Any [`PanosError`]; while it boots most of them, see [`PanosError::may_be_boot`].
    pub async fn chassis_ready(&self) -> Result<bool, PanosError> {
        self.op(&READY, READY_XML, read_ready).await
    }
}

/// `yes` or `no`, between line breaks in CDATA.
pub(crate) fn read_ready(response: &Element) -> Result<bool, Missing> {
    match need(response, &["result"])?.text().to_ascii_lowercase().as_str() {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(Missing("`yes` or `no` in `result`".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{missing, read_both};

    #[test]
    fn ready_is_yes_or_no_in_cdata_or_plain_and_nothing_else() {
        let ready = |text: &str| format!("<response status=\"success\"><result>{text}</result></response>");
        assert_eq!(read_both(&ready("<![CDATA[yes\n]]>"), read_ready), Ok(true));
        assert_eq!(read_both(&ready("<![CDATA[no\n]]>"), read_ready), Ok(false));
        assert_eq!(read_both(&ready(" YES "), read_ready), Ok(true));
        for text in ["", "yesterday", "soon", "<yes/>"] {
            assert!(missing(&ready(text), read_ready).contains("`yes` or `no`"), "{text}");
        }
    }
}
