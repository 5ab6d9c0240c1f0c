//! What works and should still be known to a person, because somebody else could make use of it.

use std::collections::BTreeSet;
use std::path::Path;

use super::{BrokerUrl, Config, Origin, TlsVerify};

impl Config {
    /// One sentence for each risk that the configuration takes; programs log them at start as warnings.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.tls.verify == TlsVerify::None {
            warnings.push(
                "tls.verify is \"none\": whoever sits between here and a device can read the login and answer \
                 in its place; pin the certificates or give a CA file"
                    .to_owned(),
            );
        }
        if let BrokerUrl::Amqp(url) = &self.broker.url
            && url.scheme() == "amqp"
            && !url.is_loopback()
        {
            warnings.push(format!(
                "broker.url is not encrypted and {} is another machine: use amqps:// where the network \
                 between is not yours",
                url.host()
            ));
        }
        for path in self.files_with_secrets().into_iter().filter(|path| others_may_read(path)) {
            warnings.push(format!(
                "{} holds a secret and other users may read it: `chmod 600` it, or move the secret to a file of \
                 its own",
                path.display()
            ));
        }
        warnings
    }

    /// Configuration files in which a secret itself stands. Files that hold nothing but one secret are left
    /// out: container platforms mount those for one reader and with modes of their own.
    fn files_with_secrets(&self) -> BTreeSet<&Path> {
        let mut copy = self.clone();
        let secrets =
            copy.fields().into_iter().filter(|field| field.setting.is_secret()).map(|field| field.key);
        secrets
            .filter_map(|key| match self.origins.get(key)? {
                Origin::File { path, .. } => Some(path.as_path()),
                Origin::Default | Origin::Variable(_) | Origin::CommandLine | Origin::ContentOf { .. } => {
                    None
                }
            })
            .collect()
    }
}

/// Whether the mode of the file lets anybody but its owner read it.
#[cfg(unix)]
fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o044 != 0)
}

/// Access lists are not read; the platform's own directory for configuration is private.
#[cfg(not(unix))]
fn others_may_read(_path: &Path) -> bool {
    false
}
