//! The name server of Erlang nodes, which tells them each other's ports.
//!
//! Left to itself Erlang starts one that detaches and that nobody would end. This one is a process of ours,
//! on loopback and on a port of its own, so that private nodes meet only those who were given that port.

use std::{
    ffi::OsString,
    fs,
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{
    layout::SEARCH_PATH,
    node::{READY_WITHIN, SERVER},
};
use crate::{ServerError, account, guard::Guarded, ports::free_port, wait::poll_until};

/// One `epmd`, for one node or for a cluster.
#[derive(Debug)]
pub(super) struct Epmd {
    _running: Guarded,
    pub(super) port: u16,
}

impl Epmd {
    /// Starts it; it also ends with this process.
    pub(super) async fn start() -> Result<Self, ServerError> {
        let port = free_port().map_err(ServerError::machine("127.0.0.1"))?;
        Ok(Self { _running: start(port).await?, port })
    }
}

async fn start(port: u16) -> Result<Guarded, ServerError> {
    let program = find_program("epmd")?;
    let mut words = account::run_as();
    words.push(program.clone().into());
    words.extend(["-port", &port.to_string(), "-address", "127.0.0.1"].map(OsString::from));
    let mut command: Command = Guarded::command(&words, None);
    command.stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
    let mut epmd = Guarded::spawn(command).map_err(ServerError::machine(&program))?;
    let listening = poll_until("epmd listens", READY_WITHIN, async || {
        if let Ok(Some(status)) = epmd.ended() {
            return Ok(Err(format!("epmd ended: {status}")));
        }
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).map(|_| Ok(())).map_err(|error| error.to_string())
    });
    match listening.await.map_err(|timed_out| timed_out.to_string()).flatten() {
        Ok(()) => Ok(epmd),
        Err(reason) => {
            Err(ServerError::NotReady { server: SERVER, reason, log: "    (epmd writes none)".to_owned() })
        }
    }
}

/// A program of Erlang's: on the search path, or in the directory of the machine that it belongs to.
pub(super) fn find_program(program: &'static str) -> Result<PathBuf, ServerError> {
    let on_path = SEARCH_PATH.split(':').map(|directory| Path::new(directory).join(program));
    let beside_erlang = fs::read_dir("/usr/lib/erlang")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin").join(program));
    on_path.chain(beside_erlang).find(|path| path.is_file()).ok_or_else(|| ServerError::NotInstalled {
        program,
        looked_for: format!("{program} in {SEARCH_PATH} and in /usr/lib/erlang/erts-*/bin"),
        package: "rabbitmq-server",
    })
}
