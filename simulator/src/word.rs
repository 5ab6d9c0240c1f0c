//! The stable words for what a client asks: in counters, in the journal, in a fault's `commands`.

use serde::{Deserialize, Serialize};

/// One kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// `type=keygen`.
    Keygen,
    /// `type=version`.
    Version,
    /// `show system info`.
    SystemInfo,
    /// `show system disk-space`.
    DiskSpace,
    /// `request system software check`.
    SoftwareCheck,
    /// `request system software info`.
    SoftwareInfo,
    /// `request system software download`.
    Download,
    /// `request system software install`.
    Install,
    /// `delete software version`.
    Delete,
    /// `show jobs id`.
    Job,
    /// `show jobs all`, `processed` and `pending`.
    Jobs,
    /// `show high-availability state`.
    HaState,
    /// `request support check`.
    SupportCheck,
    /// `request license info`.
    LicenseInfo,
    /// `show chassis-ready`.
    ChassisReady,
    /// `request restart system`.
    Restart,
    /// `show config-locks` and `show commit-locks`.
    Locks,
    /// `debug swm status`.
    SwmStatus,
    /// Panorama's `show devices connected` and `all`.
    Devices,
    /// Panorama's `show devicegroups`.
    DeviceGroups,
    /// `type=config`, to read.
    Config,
    /// `request content upgrade check` and `info`.
    ContentCheck,
    /// `request license fetch`.
    LicenseFetch,
    /// `type=import`, category software.
    Import,
    /// Anything else.
    Unknown,
}
