//! One connection: requests in, answers out, until one side has had enough.
//!
//! Input is limited: 5 MB for a form, the vendor's documented limit for a POST; an import may be as long as an
//! image, is counted and dropped as it comes.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request as HttpRequest, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Bytes, Frame, Incoming, SizeHint};
use hyper::ext::ReasonPhrase;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tracing::debug;

use crate::api;
use crate::api::reply::{Body, Ending, Reply};
use crate::api::request::{Request, Upload};
use crate::world::World;

/// The longest form.
const FORM_LIMIT: usize = 5 * 1024 * 1024;
/// The longest import: no image is near it.
const IMPORT_LIMIT: u64 = 8 * 1024 * 1024 * 1024;
/// Where the head of an import's only part must end.
const PART_HEAD_LIMIT: usize = 8 * 1024;
/// The longest silence between two requests; clients poll every half minute.
const IDLE: Duration = Duration::from_secs(120);
/// The longest silence inside a request's body.
const BODY_SILENCE: Duration = Duration::from_secs(60);
/// What an endless answer is made of.
static FILLING: [u8; 16 * 1024] = [b' '; 16 * 1024];

/// The service ended the connection on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the connection is reset on purpose")]
struct Cut;

/// Serves the connection to its end.
pub async fn serve(stream: TlsStream<TcpStream>, address: Ipv4Addr, world: Arc<World>) {
    let cut = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&cut);
    let service = service_fn(move |request| {
        let (world, flag) = (Arc::clone(&world), Arc::clone(&flag));
        Box::pin(async move {
            let reply = respond(&world, address, request).await;
            if reply.ending == Ending::Reset {
                flag.store(true, Ordering::Relaxed);
                return Err(Cut);
            }
            Ok(response(reply))
        })
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .serve_connection(TokioIo::new(stream), service);
    let ended = poll_fn(|context| connection.poll_without_shutdown(context)).await;
    let mut stream = connection.into_parts().io.into_inner();
    if cut.load(Ordering::Relaxed) {
        let _ = stream.get_ref().0.set_zero_linger();
        return;
    }
    if let Err(error) = ended {
        debug!(%error, %address, "connection ended");
    }
    let _ = tokio::time::timeout(Duration::from_secs(5), stream.shutdown()).await;
}

async fn respond(world: &World, address: Ipv4Addr, request: HttpRequest<Incoming>) -> Reply {
    let Some(host) = world.host(address) else { return Reply::reset() };
    if !matches!(request.uri().path(), "/api" | "/api/") {
        let page = "<html><body><h1>404</h1></body></html>\n";
        return Reply { content_type: "text/html", ..Reply::xml(page) }.with_status(404, None);
    }
    let query = request.uri().query().unwrap_or_default().to_owned();
    let header =
        |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let key = header("x-pan-key");
    let authorization = header("authorization");
    let user_agent = header("user-agent");
    let is_multipart = header("content-type").is_some_and(|kind| kind.starts_with("multipart/form-data"));
    let read = if is_multipart {
        drain_import(request.into_body()).await.map(|upload| (Bytes::new(), upload))
    } else {
        read_form(request.into_body()).await.map(|form| (form, None))
    };
    match read {
        Ok((form, upload)) => {
            let request = Request::new(&query, &form, key.as_deref(), upload)
                .with_authorization(authorization.as_deref())
                .with_client(user_agent.as_deref());
            api::answer(world, host, &request).await
        }
        Err(Unread::TooLong) => Reply::xml("").with_status(413, None),
        Err(Unread::Gone) => Reply::reset(),
    }
}

/// Why a body could not be read.
enum Unread {
    /// Above the limit.
    TooLong,
    /// The other side stopped sending.
    Gone,
}

async fn next_data(body: &mut Incoming) -> Result<Option<Bytes>, Unread> {
    loop {
        match tokio::time::timeout(BODY_SILENCE, body.frame()).await {
            Ok(None) => return Ok(None),
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
            Ok(Some(Err(_))) | Err(_) => return Err(Unread::Gone),
        }
    }
}

async fn read_form(mut body: Incoming) -> Result<Bytes, Unread> {
    let mut form = Vec::new();
    while let Some(data) = next_data(&mut body).await? {
        if form.len() + data.len() > FORM_LIMIT {
            return Err(Unread::TooLong);
        }
        form.extend_from_slice(&data);
    }
    Ok(form.into())
}

/// Reads the head of the first part, counts the rest.
async fn drain_import(mut body: Incoming) -> Result<Option<Upload>, Unread> {
    let mut start = Vec::new();
    let mut total: u64 = 0;
    while let Some(data) = next_data(&mut body).await? {
        total += data.len() as u64;
        if total > IMPORT_LIMIT {
            return Err(Unread::TooLong);
        }
        let room = PART_HEAD_LIMIT - start.len();
        start.extend_from_slice(&data[..data.len().min(room)]);
    }
    Ok(upload(&start, total))
}

/// The file of a multipart body that begins with `start` and is `total` bytes long.
fn upload(start: &[u8], total: u64) -> Option<Upload> {
    let head_end = start.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&start[..head_end]).ok()?;
    let boundary = head.lines().next()?;
    let rest = &head[head.find("filename=\"")? + "filename=\"".len()..];
    let filename = rest[..rest.find('"')?].to_owned();
    // The last boundary: line break, the boundary, two dashes, line break.
    let around = head_end as u64 + 4 + boundary.len() as u64 + 6;
    Some(Upload { filename, size_bytes: total.saturating_sub(around) })
}

fn response(reply: Reply) -> Response<Sending> {
    let mut response = Response::new(match reply.body {
        Body::Text(text) => Sending { left: text.len() as u64, text: Some(text.into()) },
        Body::Endless { bytes } => Sending { left: bytes, text: None },
    });
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(reply.content_type));
    if let Some(reason) = reply.reason.and_then(|reason| ReasonPhrase::try_from(reason.into_bytes()).ok()) {
        response.extensions_mut().insert(reason);
    }
    response
}

/// The bytes of an answer: a text, or so many blanks.
struct Sending {
    text: Option<Bytes>,
    left: u64,
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(text) = self.text.take() {
            self.left = 0;
            return Poll::Ready((!text.is_empty()).then(|| Ok(Frame::data(text))));
        }
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let n = self.left.min(FILLING.len() as u64);
        self.left -= n;
        let data = Bytes::from_static(&FILLING[..usize::try_from(n).unwrap_or(0)]);
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_an_import_is_named_and_counted() {
        let body = b"--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"PanOS_440-11.1.4-h7\"\r\n\r\n0123456789\r\n--xyz--\r\n";
        let found = upload(body, body.len() as u64).unwrap();
        assert_eq!(found, Upload { filename: "PanOS_440-11.1.4-h7".to_owned(), size_bytes: 10 });
        assert_eq!(upload(b"--xyz\r\n", 7), None);
    }
}
