//! What a login needs to be complete; the same for Panorama and for the firewalls.

use super::problem::Problems;
use super::secret::Secret;

/// The keys of one login, for messages.
pub(super) struct LoginKeys {
    pub(super) username: &'static str,
    pub(super) password: &'static str,
}

/// A user name and a password come together. An API key stands alone, and beside a password it is the
/// key to try first. No login at all is fine here: many commands call no device.
pub(super) fn check(
    keys: &LoginKeys,
    username: Option<&str>,
    password: Option<&Secret>,
    problems: &mut Problems,
) {
    let LoginKeys { username: username_key, password: password_key } = keys;
    match (username, password) {
        (Some(username), None) => problems.add_among(
            &[username_key, password_key],
            Some(username.to_owned()),
            format!(
                "needs its password: set {password_key}, or {password_key}_file, or leave the user name out"
            ),
        ),
        (None, Some(_)) => problems.add_among(
            &[password_key, username_key],
            None,
            format!("belongs to a user: set {username_key} too"),
        ),
        (Some(_), Some(_)) | (None, None) => {}
    }
}
