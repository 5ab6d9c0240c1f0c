//! How a running node is spoken to: by its command line tool, or by Erlang itself.
//!
//! `rabbitmqctl` is what operators use, and takes two seconds for starting an Erlang machine of its own.
//! `erl_call`, which comes with Erlang, speaks to the node directly and takes 12 ms, so that what is asked
//! again and again goes this way.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions},
    path::Path,
    time::Duration,
};

use super::{RabbitMq, epmd::find_program, node::PROGRAMS};
use crate::{ServerError, account, guard::Guarded, log_file};

/// Measured: 2 s for `rabbitmqctl`. The bound is for a machine that is busy, and for a node that hangs.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// What `erl_call` prints for the atom `ok`, with which every evaluation here ends.
const EVALUATED: &str = "{ok, ok}";

impl RabbitMq {
    /// Runs `rabbitmqctl` on this node, for what has no method here, and returns what it printed.
    ///
    /// # Errors
    /// When it fails or does not end in time.
    pub async fn rabbitmqctl(&self, arguments: &[&str]) -> Result<String, ServerError> {
        let mut words = account::run_as();
        words.push(Path::new(PROGRAMS).join("rabbitmqctl").into());
        words.extend(["--quiet", "--node", self.name()].map(OsString::from));
        words.extend(arguments.iter().map(OsString::from));
        self.run(format!("rabbitmqctl {}", arguments.join(" ")), &words).await
    }

    /// Evaluates Erlang expressions, separated by commas, on this node, and returns what they printed.
    ///
    /// # Errors
    /// When one of them is none or fails, or the node gives no answer in time.
    pub async fn eval(&self, expressions: &str) -> Result<String, ServerError> {
        let file = tempfile::NamedTempFile::new_in(self.layout.path())
            .map_err(ServerError::machine(self.layout.path()))?;
        fs::write(file.path(), format!("{expressions}, ok.\n")).map_err(ServerError::machine(file.path()))?;
        // The shell opens the file before it gives up its account.
        let mut words = ["sh", "-c", r#"exec "$@" <"$0""#].map(OsString::from).to_vec();
        words.push(file.path().into());
        words.extend(account::run_as());
        words.push(find_program("erl_call")?.into());
        words.extend(["-sname", self.name(), "-fetch_stdout", "-e"].map(OsString::from));
        let request = format!("eval {}", expressions.trim());
        let printed = self.run(request.clone(), &words).await?;
        match printed.strip_suffix(EVALUATED) {
            Some(printed) => Ok(printed.to_owned()),
            None => Err(ServerError::Refused { request, reason: printed }),
        }
    }

    /// Runs a tool to its end and returns what it wrote to both its outputs.
    async fn run(&self, request: String, words: &[OsString]) -> Result<String, ServerError> {
        let output = tempfile::NamedTempFile::new_in(self.layout.path())
            .map_err(ServerError::machine(self.layout.path()))?;
        let stream = || {
            OpenOptions::new().append(true).open(output.path()).map_err(ServerError::machine(output.path()))
        };
        let mut command = Guarded::command(words, None);
        command.stdout(stream()?).stderr(stream()?);
        command.current_dir(self.layout.path()).env_clear().envs(self.layout.environment());
        let mut tool = Guarded::spawn(command).map_err(ServerError::machine(PROGRAMS))?;
        let ended = tool.wait(ANSWER_WITHIN).await;
        let text = log_file::read_from(output.path(), 0);
        let reason = match ended {
            Ok(status) if status.success() => return Ok(text),
            Ok(status) => format!("{status}: {text}"),
            Err(error) => error.to_string(),
        };
        Err(ServerError::Refused { request, reason })
    }
}

/// A text as an Erlang binary.
pub(super) fn binary(text: &str) -> String {
    let bytes: Vec<String> = text.bytes().map(|byte| byte.to_string()).collect();
    format!("<<{}>>", bytes.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_can_break_out_of_an_expression() {
        assert_eq!(binary("q\">>"), "<<113,34,62,62>>");
    }
}
