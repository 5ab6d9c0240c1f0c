//! Kinds of failure: one word each for programs, one remedy each for people.
//!
//! The worker decides which kind an error is; reports group by it. A kind is stable: dashboards and
//! scripts branch on it.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::job::UnknownWord;

/// Declares the kinds once: variant, word, remedy.
macro_rules! failure_kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident = $word:literal, $remedy:literal;)+) => {
        /// Why a job did not complete, or not yet.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum FailureKind { $($(#[doc = $doc])+ $variant,)+ }

        impl FailureKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in tables and JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// What an operator does next.
            #[must_use]
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)+ }
            }
        }
    };
}

failure_kinds! {
    /// No sequence of images leads from the running version to the goal on this model.
    NoPath = "no_path", "choose a target that this model supports: `panos-upgrade path show SERIAL` lists what the device offers; a target below the running version needs plan.allow_downgrade = true";
    /// The images do not fit on the volume that holds them.
    DiskFull = "disk_full", "`panos-upgrade device cleanup SERIAL` shows which old images could go; delete them, then `panos-upgrade job retry ID`";
    /// Nobody answers at the device's management address.
    Unreachable = "unreachable", "check the route, the address and the management profile of the device, then `panos-upgrade job retry ID`";
    /// TLS was refused: certificate unknown, or not the pinned one.
    Tls = "tls", "check the device's certificate against [tls]: ca_file or the pin of this device";
    /// A hash differs from the trusted catalogue.
    HashMismatch = "hash_mismatch", "do not install: compare with the vendor's published hash, delete the image or correct the catalogue, then `panos-upgrade hash clear SERIAL --version V --reason TEXT`";
    /// Devices report different hashes for one file, and none of them is trusted.
    HashDisputed = "hash_disputed", "do not install: compare both hashes with the vendor's published one, then trust that one with `panos-upgrade hash add --version V --sha256 HEX`, and `panos-upgrade job retry ID`";
    /// Strict mode: the hash of an image could not be proved.
    HashNotProved = "hash_not_proved", "add the hash with `panos-upgrade hash add --version V --sha256 HEX`, or use verification.mode = \"lenient\"";
    /// The address answers as another box.
    WrongDevice = "wrong_device", "correct the address in Panorama, or `panos-upgrade device address SERIAL ADDRESS --reason TEXT`: nothing was sent to the box that answered";
    /// The device refuses the account or the key.
    Credentials = "credentials", "check firewall.username and its password or key on this device before queueing again: refused log-ins lock accounts";
    /// The account lacks a right.
    Permission = "permission", "give the account the role superuser: download and delete need it";
    /// The answer made no sense.
    UnexpectedAnswer = "unexpected_answer", "look at what answers at this address: a proxy or captive page is the usual cause";
    /// The device cannot reach its update server.
    UpdateServer = "update_server", "check the device's DNS, service route and proxy towards the update server";
    /// No support contract or licence for images.
    Entitlement = "entitlement", "renew the support contract of the device, or fetch its licences";
    /// The device's own download job failed.
    DownloadFailed = "download_failed", "read the device's answer in `panos-upgrade job show ID`, then `panos-upgrade job retry ID`";
    /// The device's own download job made no progress for too long.
    Stalled = "stalled", "look at the device's jobs; restart its management server if the download hangs";
    /// Somebody else kept the device busy for too long.
    Busy = "busy", "wait until the foreign download, commit or install on the device has ended, then `panos-upgrade job retry ID`";
    /// The device said no in words that no rule fits.
    Refused = "refused", "read the device's answer in `panos-upgrade job show ID`";
    /// Its workers died again and again.
    WorkerLost = "worker_lost", "look at the workers' logs around the job's attempts before retrying it";
    /// The device left the inventory.
    UnknownDevice = "unknown_device", "run `panos-upgrade device discover`, or import the device";
    /// A mistake in this program.
    Internal = "internal", "report this with the log lines of the job: it is a defect";
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for FailureKind {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|known| known.as_str() == text).ok_or_else(|| UnknownWord {
            what: "failure kind",
            found: text.to_owned(),
            known: Self::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", "),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_json_and_tables_are_the_same() {
        for kind in FailureKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
    }
}
