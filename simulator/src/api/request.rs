//! A request after HTTP: parameters from the query and the form, the key from wherever it came.

use url::form_urlencoded;

/// A file that came with an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its name, which says what it is.
    pub filename: String,
    /// Its size.
    pub size_bytes: u64,
}

/// A request to the API.
/// Has no `Debug`: it holds passwords and keys.
#[derive(Clone, Default)]
pub struct Request {
    parameters: Vec<(String, String)>,
    /// From the header `X-PAN-KEY`, or else from the parameter `key`.
    pub key: Option<String>,
    /// User and password of HTTP Basic, which does in place of a key.
    pub basic: Option<(String, String)>,
    /// Serial of the firewall that Panorama shall pass the command on to.
    pub target: Option<String>,
    /// The file of an import.
    pub upload: Option<Upload>,
    /// The program that asks, as the journal names it.
    pub client: Option<String>,
}

impl Request {
    /// Joins query, form and header.
    pub fn new(query: &str, form: &[u8], key_header: Option<&str>, upload: Option<Upload>) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(form));
        let parameters: Vec<(String, String)> =
            pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let mut request = Self { parameters, key: None, basic: None, target: None, upload, client: None };
        request.key = key_header.or_else(|| request.parameter("key")).map(str::to_owned);
        request.target = request.parameter("target").map(str::to_owned);
        request
    }

    /// With the header `Authorization`, if it is one of HTTP Basic.
    #[must_use]
    pub fn with_authorization(self, header: Option<&str>) -> Self {
        let encoded = header.and_then(|header| header.strip_prefix("Basic "));
        let pair = encoded.and_then(decoded).and_then(|text| {
            text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
        });
        Self { basic: pair, ..self }
    }

    /// With the header `User-Agent`.
    #[must_use]
    pub fn with_client(self, header: Option<&str>) -> Self {
        Self { client: header.and_then(crate::journal::client), ..self }
    }

    /// The first parameter of that name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// A text in base64, the one place that needs it.
fn decoded(encoded: &str) -> Option<String> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut n_bits) = (Vec::new(), 0_u32, 0_u32);
    for symbol in encoded.trim().trim_end_matches('=').bytes() {
        let value = ALPHABET.iter().position(|known| *known == symbol)?;
        bits = (bits << 6 | u32::try_from(value).ok()?) & 0xFFFF;
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push(u8::try_from(bits >> n_bits & 0xFF).ok()?);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_authorization_is_read_and_anything_else_is_not() {
        let of = |header| Request::default().with_authorization(Some(header)).basic;
        // The examples of RFC 7617.
        assert_eq!(
            of("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            Some(("Aladdin".to_owned(), "open sesame".to_owned()))
        );
        assert_eq!(of("Basic dGVzdDoxMjPCow=="), Some(("test".to_owned(), "123£".to_owned())));
        assert_eq!((of("Bearer QWxh"), of("Basic ????"), of("Basic QWxh")), (None, None, None));
    }
}
