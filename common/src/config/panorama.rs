//! `[panorama]`: where the inventory comes from.

use super::Field;
use super::address::Host;
use super::login::{self, LoginKeys};
use super::problem::Problems;
use super::secret::Secret;

/// `[panorama]`.
#[derive(Debug, Clone)]
pub struct PanoramaConfig {
    /// Name or address of Panorama; of an HA pair the active one, because a passive one may show every
    /// device as disconnected. Default: none; only discovery needs it.
    pub host: Option<Host>,
    /// Its HTTPS port. Default: 443.
    pub port: u16,
    /// User for `keygen`. Default: none.
    pub username: Option<String>,
    /// Password of that user. Default: none.
    pub password: Option<Secret>,
    /// Ready-made API key; saves the `keygen`, which ends the account's other sessions (PAN-OS API guide
    /// 9.1). Default: none.
    pub api_key: Option<Secret>,
}

impl Default for PanoramaConfig {
    fn default() -> Self {
        Self { host: None, port: 443, username: None, password: None, api_key: None }
    }
}

impl PanoramaConfig {
    pub(super) fn fields(&mut self) -> Vec<Field<'_>> {
        vec![
            Field::new("panorama.host", &mut self.host),
            Field::new("panorama.port", &mut self.port),
            Field::new("panorama.username", &mut self.username),
            Field::new("panorama.password", &mut self.password),
            Field::new("panorama.api_key", &mut self.api_key),
        ]
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        if self.port == 0 {
            problems.add("panorama.port", self.port, "must be from 1 to 65535");
        }
        let keys = LoginKeys { username: "panorama.username", password: "panorama.password" };
        login::check(&keys, self.username.as_deref(), self.password.as_ref(), problems);
    }
}
