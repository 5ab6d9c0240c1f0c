//! A collector of traces: takes OTLP over HTTP and keeps the spans.
//!
//! Reads the few fields that the tests ask for, by their numbers in `opentelemetry/proto/trace/v1/trace.proto` and
//! `.../common/v1/common.proto`, so that it knows nothing of the library that wrote them.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One span as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The program.
    pub service: String,
    pub name: String,
    pub trace: Vec<u8>,
    pub id: Vec<u8>,
    /// Empty for a root.
    pub parent: Vec<u8>,
    /// Attributes as they are, for looking whether something is in them.
    pub bytes: Vec<u8>,
}

/// Listens until the test ends.
pub struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
    /// What `telemetry.otlp_endpoint` is to be.
    pub url: String,
}

impl Collector {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let spans = Arc::<Mutex<Vec<Span>>>::default();
        let kept = Arc::clone(&spans);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&kept)));
            }
        });
        Self { spans, url }
    }

    pub fn spans(&self) -> Vec<Span> {
        self.spans.lock().unwrap().clone()
    }
}

/// Answers the requests of one connection.
async fn serve(mut stream: TcpStream, spans: Arc<Mutex<Vec<Span>>>) {
    let mut bytes = Vec::new();
    loop {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        assert!(head.starts_with("post /v1/traces ") && head.contains("application/x-protobuf"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).unwrap();
        let whole = end + 4 + length.trim().parse::<usize>().unwrap();
        while bytes.len() < whole {
            assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "a request was cut");
        }
        spans.lock().unwrap().extend(request(&bytes[end + 4..whole]));
        bytes.drain(..whole);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    }
}

/// `ExportTraceServiceRequest`: resource_spans = 1 {resource = 1 {attributes = 1}, scope_spans = 2 {spans = 2}}.
fn request(message: &[u8]) -> Vec<Span> {
    let mut spans = Vec::new();
    for of_resource in nested(message, 1) {
        let attributes = nested(of_resource, 1).flat_map(|resource| nested(resource, 1));
        // KeyValue {key = 1, value = 2 {string_value = 1}}
        let service = attributes
            .filter(|attribute| first(attribute, 1) == b"service.name")
            .map(|attribute| text(first(first(attribute, 2), 1)))
            .next()
            .unwrap();
        for span in nested(of_resource, 2).flat_map(|scope| nested(scope, 2)) {
            spans.push(Span {
                service: service.clone(),
                name: text(first(span, 5)),
                trace: first(span, 1).to_vec(),
                id: first(span, 2).to_vec(),
                parent: first(span, 4).to_vec(),
                bytes: span.to_vec(),
            });
        }
    }
    spans
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The first length-delimited field of this number; empty where there is none.
fn first(message: &[u8], number: u64) -> &[u8] {
    nested(message, number).next().unwrap_or_default()
}

/// Length-delimited fields of this number (protobuf.dev, "Encoding"); others are passed over.
fn nested(mut message: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        while !message.is_empty() {
            let tag = varint(&mut message);
            let field = match tag & 7 {
                0 => {
                    varint(&mut message);
                    continue;
                }
                1 => take(&mut message, 8),
                2 => {
                    let length = usize::try_from(varint(&mut message)).unwrap();
                    take(&mut message, length)
                }
                5 => take(&mut message, 4),
                kind => panic!("wire type {kind}"),
            };
            if tag >> 3 == number && tag & 7 == 2 {
                return Some(field);
            }
        }
        None
    })
}

fn varint(message: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(message, 1)[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

fn take<'a>(message: &mut &'a [u8], n_bytes: usize) -> &'a [u8] {
    let (taken, rest) = message.split_at(n_bytes);
    *message = rest;
    taken
}
