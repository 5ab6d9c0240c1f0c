//! `request system software install`: a downloaded image onto the other system partition.
//!
//! Leaves to others: whether the device is fit for it (locks, content version, free partitions), and the
//! reboot that makes it run the image ([`restart`](super::restart)). The previous version stays on its own
//! partition.

use super::software::read_enqueued;
use super::{Command, argument};
use crate::client::Client;
use crate::commands::jobs::DeviceJobId;
use crate::error::PanosError;

const COMMAND: Command = Command::ordinary("request system software install");

impl Client {
    /// Makes the device install a downloaded image. The answer is the device's job, of type `SWInstall`, which
    /// takes up to 20 minutes on a small model; see [`Client::job`]. The device runs the image after a
    /// [`Client::restart`].
    ///
    /// Not repeatable blindly: after [`PanosError::NoAnswer`] the installation may be running.
    ///
    /// # Errors
    /// Any [`PanosError`]; [`Refusal::BusySoftwareManager`](crate::Refusal) while another image is worked on,
    /// which some devices tell by a job that fails within seconds instead.
    pub async fn install(&self, version: &str) -> Result<DeviceJobId, PanosError> {
        let version = argument(version);
        let xml = format!(
            "<request><system><software><install><version>{version}</version></install></software></system></request>"
        );
        self.op(&COMMAND, &xml, read_enqueued).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::read_both;

    #[test]
    fn the_job_is_read_from_the_long_and_the_short_reply() {
        // Usage guide 9.1; a public capture of 9.1.2.
        let long = include_str!("../../fixtures/install_enqueued.xml");
        assert_eq!(read_both(long, read_enqueued), Ok(DeviceJobId(25)));
        let wordy = long.replace("<job>25</job>", "");
        assert_eq!(read_both(&wordy, read_enqueued), Ok(DeviceJobId(25)), "from its sentence alone");
        let short = "<response status=\"success\" code=\"19\"><result><msg><line>Install job enqueued with jobid 54</line></msg><job>54</job></result></response>";
        assert_eq!(read_both(short, read_enqueued), Ok(DeviceJobId(54)));
    }
}
