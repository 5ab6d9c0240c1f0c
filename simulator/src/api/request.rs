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
    /// Serial of the firewall that Panorama shall pass the command on to.
    pub target: Option<String>,
    /// The file of an import.
    pub upload: Option<Upload>,
}

impl Request {
    /// Joins query, form and header.
    pub fn new(query: &str, form: &[u8], key_header: Option<&str>, upload: Option<Upload>) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(form));
        let parameters: Vec<(String, String)> =
            pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let mut request = Self { parameters, key: None, target: None, upload };
        request.key = key_header.or_else(|| request.parameter("key")).map(str::to_owned);
        request.target = request.parameter("target").map(str::to_owned);
        request
    }

    /// The first parameter of that name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}
