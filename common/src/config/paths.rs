//! Where the platform keeps configuration and data.
//!
//! Promises: always a path, also for a process without a home (a container): then the system's own
//! directories. Leaves to others: creating anything.

use std::path::PathBuf;

use directories::BaseDirs;

const NAME: &str = "panos-upgrade";

/// The configuration file that is read when no other is named, for example
/// `~/.config/panos-upgrade/config.toml` on Linux.
#[must_use]
pub fn config_file() -> PathBuf {
    let directory =
        BaseDirs::new().map_or_else(|| PathBuf::from("/etc"), |base| base.config_dir().to_path_buf());
    directory.join(NAME).join("config.toml")
}

/// The ledger of embedded mode, for example `~/.local/share/panos-upgrade/ledger.sqlite` on Linux.
#[must_use]
pub fn ledger_file() -> PathBuf {
    let directory =
        BaseDirs::new().map_or_else(|| PathBuf::from("/var/lib"), |base| base.data_dir().to_path_buf());
    directory.join(NAME).join("ledger.sqlite")
}
