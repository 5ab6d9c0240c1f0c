//! Requests to a node's management API, off the test's own threads.

use crate::{
    ServerError,
    http::{Answer, Endpoint},
};

/// One request, whatever the answer is.
pub(super) async fn answer(
    management: &Endpoint,
    method: &'static str,
    path: &str,
    body: &str,
) -> Result<Answer, ServerError> {
    let (management, asked_for, sent) = (management.clone(), path.to_owned(), body.to_owned());
    let asked = tokio::task::spawn_blocking(move || management.request(method, &asked_for, &sent)).await;
    let reason = match asked {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(error)) => format!("the management API does not answer: {error}"),
        Err(error) => error.to_string(),
    };
    Err(ServerError::Refused { request: format!("{method} {path}"), reason })
}

/// One request; anything but success is an error.
pub(super) async fn ask(
    management: &Endpoint,
    method: &'static str,
    path: &str,
    body: &str,
) -> Result<String, ServerError> {
    let answer = answer(management, method, path, body).await?;
    if (200..300).contains(&answer.status) {
        return Ok(answer.body);
    }
    let reason = format!("HTTP {}: {}", answer.status, answer.body);
    Err(ServerError::Refused { request: format!("{method} {path}"), reason })
}

/// One JSON document.
pub(super) async fn read(management: &Endpoint, path: &str) -> Result<serde_json::Value, ServerError> {
    let text = ask(management, "GET", path, "").await?;
    serde_json::from_str(&text)
        .map_err(|error| ServerError::Refused { request: format!("GET {path}"), reason: error.to_string() })
}

/// Names of connections hold spaces, `>` and colons.
pub(super) fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_name_becomes_one_segment_of_a_path() {
        assert_eq!(percent_encoded("127.0.0.1:5 -> ü"), "127%2E0%2E0%2E1%3A5%20%2D%3E%20%C3%BC");
    }
}
