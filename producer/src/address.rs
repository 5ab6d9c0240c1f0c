//! What may stand as the management address of a device: an IP address, or a host name.
//!
//! Leaves to others: the port, which is configured for all of them, and whether anybody answers there.

use panos::Endpoint;

/// Any port: only the host is checked here.
const HTTPS: u16 = 443;

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is neither an IP address nor a host name", .text.escape_debug())]
pub struct NotAnAddress {
    /// As it was given.
    text: String,
}

/// Checks an address as the client will read it.
///
/// # Errors
/// [`NotAnAddress`].
pub fn check(text: &str) -> Result<(), NotAnAddress> {
    match Endpoint::new(text, HTTPS) {
        Ok(_) => Ok(()),
        Err(_) => Err(NotAnAddress { text: text.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_pass_and_a_refusal_speaks_of_the_address_alone() {
        for good in ["192.0.2.1", "2001:db8::1", "[2001:db8::1]", "fw1.example.com"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["300.1.1.1", "a b", "https://192.0.2.1/", ""] {
            let text = check(bad).unwrap_err().to_string();
            assert_eq!(text, format!("`{bad}` is neither an IP address nor a host name"));
        }
    }
}
