//! Reads what is streamed to browsers, and says how late each end of a job is counted there.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use futures_util::StreamExt;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::load::Followed;
use crate::sample::Sample;

/// A picture comes at least every five seconds, and with events every second.
const SILENCE: Duration = Duration::from_secs(30);

/// More than any picture takes.
const MESSAGE_LIMIT_BYTES: usize = 4 * 1024 * 1024;

/// Where the page holds the number of completed jobs.
const COUNT: &str = "data-count=\"completed\"";

/// Asks for the stream.
pub(super) async fn open(address: SocketAddr) -> anyhow::Result<reqwest::Response> {
    let http = reqwest::Client::builder().no_proxy().connect_timeout(SILENCE).build()?;
    let response =
        http.get(format!("http://{address}/live")).header("accept", "text/event-stream").send().await?;
    Ok(response.error_for_status()?)
}

/// Reads until it is told to stop.
pub(super) async fn read(
    response: reqwest::Response,
    ends: Followed,
    stop: CancellationToken,
) -> anyhow::Result<Sample> {
    let mut late = Sample::default();
    let mut n_known = 0;
    let mut buffer = Vec::new();
    let mut stream = response.bytes_stream();
    loop {
        let chunk = tokio::select! {
            () = stop.cancelled() => return Ok(late),
            chunk = tokio::time::timeout(SILENCE, stream.next()) => chunk.context("the stream is silent")?,
        };
        let Some(chunk) = chunk else { bail!("the stream ended") };
        buffer.extend_from_slice(&chunk?);
        let now = Instant::now();
        while let Some(end) = buffer.windows(2).position(|two| two == b"\n\n") {
            let message: Vec<u8> = buffer.drain(..end + 2).collect();
            if let Some(n_completed) = completed(&String::from_utf8_lossy(&message)) {
                let (known, ages) = ends.since(n_known, n_completed, now);
                n_known = known;
                ages.into_iter().for_each(|age| late.add(age));
            }
        }
        anyhow::ensure!(buffer.len() <= MESSAGE_LIMIT_BYTES, "a message of the stream does not end");
    }
}

/// The number of completed jobs that a message shows.
fn completed(message: &str) -> Option<usize> {
    let data: String = message.lines().filter_map(|line| line.strip_prefix("data:")).collect();
    let data: Value = serde_json::from_str(data.trim()).ok()?;
    let (_, rest) = data.get("html")?.as_str()?.split_once(COUNT)?;
    let (_, text) = rest.split_once('>')?;
    let digits: String = text.chars().take_while(|c| *c != '<').filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_read_from_a_picture_and_from_nothing_else() {
        let message = "event: fleet\nid: 7\ndata: {\"revision\":7,\"html\":\"<b data-count=\\\"completed\\\">1\u{202f}234</b>\"}\n\n";
        assert_eq!(completed(message), Some(1_234));
        assert_eq!(completed(": keep-alive\n\n"), None);
        assert_eq!(completed("data: {\"revision\":7}\n\n"), None);
    }
}
