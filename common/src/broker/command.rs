//! An order that arrives as a message, and the stream of them.
//!
//! `{"v": 1, "id": "…", "command": "submit", "devices": …}` as over HTTP, or `{"v": 1, "id": "…", "command": "cancel",
//! "job_id": 4711, "reason": "…"}`. The `id` makes it safe to send twice.
//!
//! Promises: what is read is whole; what is not says everything that is wrong with it. Leaves to others: doing it
//! (crate `dashboard`), carrying it (`rabbitmq`; the embedded broker has no such door).

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::wake_up::Unreadable;
use super::{BrokerError, Receipt};
use crate::domain::job::JobId;
use crate::intake::object;
use crate::intake::submission::{BadBody, Because, Submission, SubmissionBody};

/// Version of a command's shape; a reader refuses what is newer than it knows.
pub const COMMAND_SCHEMA: u8 = 1;

/// Largest body that is read, in bytes: ten thousand serials and a few texts.
pub const MAX_COMMAND_BYTES: usize = 512 * 1024;

/// Longest key of a request, in characters.
pub const MAX_KEY: usize = 128;

/// What another program wants.
#[derive(Debug, Clone)]
pub struct Command {
    /// Its key: a second command with the same one is answered like the first.
    pub id: String,
    /// What to do.
    pub order: Order,
}

/// What to do.
#[derive(Debug, Clone)]
pub enum Order {
    /// Queue jobs.
    Submit(Submission),
    /// Cancel a job.
    Cancel {
        /// Which.
        job: JobId,
        /// Who, and why.
        because: Because,
    },
}

/// The body of a command, as it is described to programs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CommandBody {
    /// Always 1.
    #[schemars(range(min = 1, max = 1))]
    pub v: u8,
    /// A key of your own, 1 to 128 visible ASCII characters: the same command sent twice is done once.
    #[schemars(length(min = 1, max = 128))]
    pub id: String,
    /// What to do.
    #[serde(flatten)]
    pub order: OrderBody,
}

/// What to do, as it is described to programs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum OrderBody {
    /// Queue jobs.
    Submit(SubmissionBody),
    /// Cancel a job.
    Cancel(CancelBody),
}

/// Which job to cancel, and why.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CancelBody {
    /// Its number.
    pub job_id: JobId,
    /// Reason or ticket, kept in the audit trail.
    #[schemars(length(min = 1, max = 200))]
    pub reason: String,
    /// Who wants it, kept in the audit trail beside the name of the door.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub requested_by: Option<String>,
}

/// Whether a key can be one: 1 to [`MAX_KEY`] visible ASCII characters.
#[must_use]
pub fn is_key(key: &str) -> bool {
    (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

impl Command {
    /// Reads a message; its `message_id` has to be the command's, or empty.
    ///
    /// # Errors
    /// [`Unreadable`], saying everything that is wrong with it.
    pub fn parse(body: &[u8], message_id: &str) -> Result<Self, Unreadable> {
        if body.len() > MAX_COMMAND_BYTES {
            return Err(Unreadable(format!("{} bytes, at most {MAX_COMMAND_BYTES} are read", body.len())));
        }
        let mut fields = object(body).map_err(|error| Unreadable(format!("no JSON object: {error}")))?;
        match fields.remove("v") {
            Some(v) if v == COMMAND_SCHEMA => {}
            Some(v) => {
                // JSON of any length prints whole, whatever precision is asked for.
                let v: String = v.to_string().chars().take(40).collect();
                return Err(Unreadable(format!("schema {v}, this program reads {COMMAND_SCHEMA}")));
            }
            None => return Err(Unreadable("missing field `v`".to_owned())),
        }
        let id = match fields.remove("id") {
            Some(Value::String(id)) if is_key(&id) => id,
            _ => return Err(Unreadable(format!("`id` is not 1 to {MAX_KEY} visible ASCII characters"))),
        };
        if !message_id.is_empty() && message_id != id {
            return Err(Unreadable("the message_id is another one than `id`; leave it out".to_owned()));
        }
        let order = Order::parse(fields).map_err(|bad| Unreadable(bad.to_string()))?;
        Ok(Self { id, order })
    }
}

impl Order {
    fn parse(mut fields: Map<String, Value>) -> Result<Self, BadBody> {
        let word = fields.remove("command");
        match word.as_ref().and_then(Value::as_str) {
            Some("submit") => Submission::parse(&Value::Object(fields)).map(Self::Submit),
            Some("cancel") => {
                let job = fields.remove("job_id").and_then(|job| job.as_i64()).map(JobId);
                let because = Because::parse(&Value::Object(fields));
                match (job, because) {
                    (Some(job), because) => Ok(Self::Cancel { job, because: because? }),
                    (None, because) => {
                        let mut problems = vec!["job_id: has to be the number of a job".to_owned()];
                        problems.extend(because.err().into_iter().flat_map(|bad| bad.0));
                        Err(BadBody(problems))
                    }
                }
            }
            Some(_) | None => Err(BadBody(vec!["command: has to be \"submit\" or \"cancel\"".to_owned()])),
        }
    }
}

/// Where an answer is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyTo {
    /// The queue.
    pub queue: String,
    /// Goes back with the answer.
    pub correlation_id: Option<String>,
}

/// A command that was handed over. Settle it once what it wants is committed.
pub struct CommandDelivery {
    /// The command, or why there is none.
    pub command: Result<Command, Unreadable>,
    /// Its bytes: two commands with one key are the same if these are.
    pub body: Vec<u8>,
    /// Where the answer goes.
    pub reply_to: Option<ReplyTo>,
    /// Settles it.
    pub receipt: Box<dyn Receipt>,
}

/// Commands with at most one that is not settled.
#[async_trait]
pub trait Commands: Send {
    /// The next one; waits for as long as it takes, and reconnects on its own. Cancel safe.
    ///
    /// # Errors
    /// [`BrokerError::Closed`] only when it can never deliver again.
    async fn next(&mut self) -> Result<CommandDelivery, BrokerError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(body: &str, message_id: &str) -> String {
        Command::parse(body.as_bytes(), message_id).unwrap_err().0
    }

    #[test]
    fn a_command_reads_and_its_key_is_the_messages() {
        let submit = r#"{"v":1,"id":"chg-1","command":"submit","devices":["01"],"target":"11.1.4-h7"}"#;
        for message_id in ["", "chg-1"] {
            let command = Command::parse(submit.as_bytes(), message_id).unwrap();
            assert!(matches!(command.order, Order::Submit(_)) && command.id == "chg-1");
        }
        assert!(reason(submit, "chg-2").contains("message_id"));
        let cancel = r#"{"v":1,"id":"chg-1","command":"cancel","job_id":7,"reason":"CHG-1"}"#;
        let command = Command::parse(cancel.as_bytes(), "").unwrap();
        assert!(matches!(command.order, Order::Cancel { job: JobId(7), .. }));
    }

    #[test]
    fn what_is_not_a_command_says_why() {
        for (body, part) in [
            ("nonsense", "expected"),
            ("[]", "no JSON object"),
            (r#"{"id":"1"}"#, "missing field `v`"),
            (r#"{"v":2,"id":"1"}"#, "schema 2"),
            (r#"{"v":1,"id":"a b"}"#, "visible ASCII"),
            (r#"{"v":1,"id":"1","command":"drop"}"#, "submit"),
            (r#"{"v":1,"id":"1","command":"cancel"}"#, "reason: missing"),
            (r#"{"v":1,"id":"1","command":"submit","devices":"all","force":true}"#, "`force`: no such field"),
        ] {
            assert!(reason(body, "").contains(part), "{body}: {}", reason(body, ""));
        }
    }
}
