//! One private RabbitMQ node: made, killed, stopped and started again on the same data.
//!
//! The program below the wrapper in sbin runs in the foreground with an environment of its own, so that
//! nothing of a system-wide node is read, used or stopped. The node's `epmd` is a process of ours too: left
//! to itself Erlang starts one that detaches, and nobody would end it.
//!
//! Facts about the variables: RabbitMQ documentation, "Configure RabbitMQ"; tried on 3.10.8.

use std::{
    env,
    ffi::OsString,
    fs::{self, OpenOptions, Permissions},
    net::{Ipv4Addr, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use rustix::process::{Pid, Signal};
use tempfile::TempDir;
use uuid::Uuid;

use super::{Addresses, URL_VARIABLE, endpoint, parse};
use crate::{ServerError, account, guard::Guarded, log_file, ports::free_port, wait::poll_until};

const SERVER: &str = "RabbitMQ";

/// The server and its command line tool, below the wrappers in sbin, which change the user.
const PROGRAMS: &str = "/usr/lib/rabbitmq/bin";

/// Measured: 6 to 7 s on two cores. The bound is for much worse.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Measured: 1 to 6 s; the management plugin waits for its listeners.
const STOPPED_WITHIN: Duration = Duration::from_secs(60);

/// Measured: 2 s; the tool starts an Erlang machine of its own.
const CONTROL_WITHIN: Duration = Duration::from_secs(60);

/// The file is written within half a second.
const ON_DISK_WITHIN: Duration = Duration::from_secs(20);

/// What the node logs when its listeners and plugins are there.
const READY_LINE: &str = "Server startup complete";

/// A search path for the shell scripts, instead of whatever the test runs with.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A private RabbitMQ node on free loopback ports.
#[derive(Debug)]
pub struct RabbitMq {
    // Before the directory, because fields are dropped in this order.
    running: Option<Guarded>,
    _epmd: Guarded,
    name: String,
    ports: Ports,
    directory: TempDir,
}

#[derive(Debug, Clone, Copy)]
struct Ports {
    amqp: u16,
    management: u16,
    distribution: u16,
    epmd: u16,
}

impl RabbitMq {
    /// Starts a node with empty data and the management plugin.
    ///
    /// # Errors
    /// When the programs are not installed or the node does not come up in time.
    pub async fn start() -> Result<Self, ServerError> {
        Self::start_with(&[]).await
    }

    /// [`RabbitMq::start`] with lines for `rabbitmq.conf`, such as `consumer_timeout = 60000`.
    ///
    /// # Errors
    /// As [`RabbitMq::start`].
    pub async fn start_with(configuration: &[&str]) -> Result<Self, ServerError> {
        if !Path::new(PROGRAMS).join("rabbitmq-server").is_file() {
            return Err(ServerError::NotInstalled {
                program: "rabbitmq-server",
                looked_for: format!("{PROGRAMS}/rabbitmq-server"),
                package: "rabbitmq-server",
            });
        }
        let port = || free_port().map_err(ServerError::machine("127.0.0.1"));
        let ports = Ports { amqp: port()?, management: port()?, distribution: port()?, epmd: port()? };
        let directory = tempfile::Builder::new()
            .prefix("testkit-rabbitmq-")
            .tempdir()
            .map_err(ServerError::machine(env::temp_dir()))?;
        fill(directory.path(), ports, configuration).map_err(ServerError::machine(directory.path()))?;
        let epmd = start_epmd(ports.epmd).await?;
        let name = format!("testkit-{}@localhost", Uuid::new_v4().simple());
        let mut node = Self { running: None, _epmd: epmd, name, ports, directory };
        node.start_again().await?;
        Ok(node)
    }

    /// Where it listens: `amqp://guest:guest@127.0.0.1:PORT`, virtual host `/`.
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}", self.ports.amqp)
    }

    /// Where its management API listens: `http://guest:guest@127.0.0.1:PORT`.
    pub fn management_url(&self) -> String {
        format!("http://guest:guest@127.0.0.1:{}", self.ports.management)
    }

    /// Ends the node and all its helpers at once, as SIGKILL does.
    ///
    /// # Errors
    /// When a process is still there after ten seconds.
    pub fn kill9(&mut self) -> Result<(), ServerError> {
        self.running("kill it")?.kill9().map_err(|error| wrong_state("kill it", error.to_string()))?;
        self.running = None;
        Ok(())
    }

    /// Stops the node in order, closing connections. The signal goes to the Erlang machine itself: the shell
    /// around it would start `rabbitmqctl` for the same.
    ///
    /// # Errors
    /// When it has not ended in time; then it is still running.
    pub async fn stop(&mut self) -> Result<(), ServerError> {
        let action = "stop it";
        let machine = fs::read_to_string(self.directory.path().join("pid"))
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .and_then(Pid::from_raw)
            .ok_or_else(|| wrong_state(action, "it wrote no process number"))?;
        let node = self.running(action)?;
        rustix::process::kill_process(machine, Signal::TERM)
            .map_err(|error| wrong_state(action, error.to_string()))?;
        node.wait(STOPPED_WITHIN).await.map_err(|error| wrong_state(action, error.to_string()))?;
        self.running = None;
        Ok(())
    }

    /// Starts a node that was killed or stopped, on the same data and ports.
    ///
    /// # Errors
    /// When it is running, or does not come up in time.
    pub async fn start_again(&mut self) -> Result<(), ServerError> {
        if self.running.is_some() {
            return Err(wrong_state("start it", "it is running"));
        }
        let log = self.log();
        let log_start = log_file::length(&log);
        let mut words = account::run_as();
        words.push(Path::new(PROGRAMS).join("rabbitmq-server").into());
        let mut command = Guarded::command(&words, Some(self.directory.path()));
        let output =
            OpenOptions::new().create(true).append(true).open(&log).map_err(ServerError::machine(&log))?;
        let errors = output.try_clone().map_err(ServerError::machine(&log))?;
        command.stdout(output).stderr(errors).current_dir(self.directory.path());
        command.env_clear().envs(self.environment());
        let mut node = Guarded::spawn(command).map_err(ServerError::machine(PROGRAMS))?;

        let ready = poll_until(format!("its log says `{READY_LINE}`"), READY_WITHIN, async || {
            if log_file::read_from(&log, log_start).contains(READY_LINE) {
                return Ok(Ok(()));
            }
            match node.ended() {
                Ok(Some(status)) => Ok(Err(format!("it ended: {status}"))),
                Ok(None) | Err(_) => Err("it does not say so".to_owned()),
            }
        });
        match ready.await.map_err(|timed_out| timed_out.to_string()).flatten() {
            Ok(()) => {
                self.running = Some(node);
                Ok(())
            }
            Err(reason) => {
                Err(ServerError::NotReady { server: SERVER, reason, log: log_file::last_lines(&log) })
            }
        }
    }

    /// Runs `rabbitmqctl` on this node, for faults that only it can make, such as
    /// `["set_vm_memory_high_watermark", "0"]` (a memory alarm), and returns what it printed.
    ///
    /// # Errors
    /// When it fails or does not end in time.
    pub async fn rabbitmqctl(&self, arguments: &[&str]) -> Result<String, ServerError> {
        let request = format!("rabbitmqctl {}", arguments.join(" "));
        let refused = |reason: String| ServerError::Refused { request: request.clone(), reason };
        let mut words = account::run_as();
        words.push(Path::new(PROGRAMS).join("rabbitmqctl").into());
        words.extend(["--quiet", "--node", &self.name].map(OsString::from));
        words.extend(arguments.iter().map(OsString::from));
        let output = tempfile::NamedTempFile::new_in(self.directory.path())
            .map_err(ServerError::machine(self.directory.path()))?;
        let stream = || output.reopen().map_err(ServerError::machine(output.path()));
        let mut command = Guarded::command(&words, None);
        command.stdout(stream()?).stderr(
            OpenOptions::new()
                .append(true)
                .open(output.path())
                .map_err(ServerError::machine(output.path()))?,
        );
        command.current_dir(self.directory.path()).env_clear().envs(self.environment());
        let mut tool = Guarded::spawn(command).map_err(ServerError::machine(PROGRAMS))?;
        let status = tool.wait(CONTROL_WITHIN).await.map_err(|error| refused(error.to_string()))?;
        let text = log_file::read_from(output.path(), 0);
        if status.success() { Ok(text) } else { Err(refused(format!("{status}: {text}"))) }
    }

    /// Waits until a node that is killed now would know the quorum queue `queue` when it starts again.
    ///
    /// The node answers a declaration before the file that names its quorum queues is written, up to half a
    /// second later (`ra_directory` in rabbitmq/ra opens `names.dets` with `auto_save` 500; seen on 3.10.8). Killed in between, it comes back with an empty
    /// queue that has no leader and never confirms; a confirmed message is lost. A test of what we do
    /// about a killed broker waits here first, once for each queue that it declared.
    ///
    /// # Errors
    /// When the queue is not in the file in time.
    pub async fn queue_is_on_disk(&self, queue: &str) -> Result<(), ServerError> {
        let file = self.directory.path().join("mnesia/quorum").join(&self.name).join("names.dets");
        let looked =
            poll_until(format!("`{queue}` is in the file of queue names"), ON_DISK_WITHIN, async || {
                let names = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
                let found = names.windows(queue.len()).any(|bytes| bytes == queue.as_bytes());
                if found { Ok(()) } else { Err(format!("{} bytes without it", names.len())) }
            });
        looked.await.map_err(|timed_out| wrong_state("see a queue on disk", timed_out.to_string()))
    }

    /// What the node wrote, from all its starts.
    pub fn log_text(&self) -> String {
        log_file::read_from(&self.log(), 0)
    }

    pub(super) fn addresses(&self) -> Result<Addresses, ServerError> {
        let amqp = parse(URL_VARIABLE, &self.url(), &["amqp"])?;
        Ok(Addresses { management: super::Endpoint { port: self.ports.management, ..endpoint(&amqp) }, amqp })
    }

    fn running(&mut self, action: &'static str) -> Result<&mut Guarded, ServerError> {
        self.running.as_mut().ok_or_else(|| wrong_state(action, "it is not running"))
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("node.log")
    }

    fn environment(&self) -> Vec<(&'static str, OsString)> {
        let in_directory = |name: &str| self.directory.path().join(name).into_os_string();
        let number = |port: u16| OsString::from(port.to_string());
        vec![
            ("PATH", SEARCH_PATH.into()),
            ("LANG", "C.UTF-8".into()),
            ("HOME", self.directory.path().into()),
            // No dump of the whole machine when it is told to start with a bad setting.
            ("ERL_CRASH_DUMP_BYTES", "0".into()),
            ("ERL_EPMD_PORT", number(self.ports.epmd)),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".into()),
            ("RABBITMQ_CONF_ENV_FILE", in_directory("env.conf")),
            ("RABBITMQ_NODENAME", self.name.clone().into()),
            ("RABBITMQ_NODE_PORT", number(self.ports.amqp)),
            ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1".into()),
            ("RABBITMQ_DIST_PORT", number(self.ports.distribution)),
            ("RABBITMQ_MNESIA_BASE", self.directory.path().into()),
            ("RABBITMQ_MNESIA_DIR", in_directory("mnesia")),
            ("RABBITMQ_LOG_BASE", in_directory("log")),
            ("RABBITMQ_PID_FILE", in_directory("pid")),
            ("RABBITMQ_CONFIG_FILE", in_directory("rabbitmq.conf")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", in_directory("enabled_plugins")),
            ("RABBITMQ_FEATURE_FLAGS_FILE", in_directory("feature_flags")),
            // No busy waiting for work (`+sbwt none`, erl(1)): tests share their cores with the node.
            (
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none".into(),
            ),
        ]
    }
}

fn wrong_state(action: &'static str, reason: impl Into<String>) -> ServerError {
    ServerError::WrongState { server: SERVER, action, reason: reason.into() }
}

/// Writes what the node reads at its start.
fn fill(directory: &Path, ports: Ports, configuration: &[&str]) -> std::io::Result<()> {
    account::hand_over(directory)?;
    let mut lines = vec![
        format!("listeners.tcp.1 = 127.0.0.1:{}", ports.amqp),
        "management.tcp.ip = 127.0.0.1".to_owned(),
        format!("management.tcp.port = {}", ports.management),
        "loopback_users = none".to_owned(),
        "log.console = true".to_owned(),
        "log.file = false".to_owned(),
        "disk_free_limit.absolute = 50MB".to_owned(),
    ];
    lines.extend(configuration.iter().map(ToString::to_string));
    lines.push(String::new());
    let files = [
        ("rabbitmq.conf", lines.join("\n"), 0o600),
        ("enabled_plugins", "[rabbitmq_management].\n".to_owned(), 0o600),
        ("env.conf", String::new(), 0o600),
        // Erlang refuses a cookie that others may read.
        (".erlang.cookie", Uuid::new_v4().simple().to_string(), 0o400),
    ];
    for (name, content, mode) in files {
        let path = directory.join(name);
        fs::write(&path, content)?;
        fs::set_permissions(&path, Permissions::from_mode(mode))?;
        account::hand_over(&path)?;
    }
    Ok(())
}

/// Starts the name server of the node, which also ends with this process.
async fn start_epmd(port: u16) -> Result<Guarded, ServerError> {
    let program = find_epmd()?;
    let mut words = account::run_as();
    words.push(program.clone().into());
    words.extend(["-port", &port.to_string(), "-address", "127.0.0.1"].map(OsString::from));
    let mut command: Command = Guarded::command(&words, None);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).current_dir("/");
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

/// On the search path, or beside the Erlang machine that it belongs to.
fn find_epmd() -> Result<PathBuf, ServerError> {
    let on_path = SEARCH_PATH.split(':').map(|directory| Path::new(directory).join("epmd"));
    let beside_erlang = fs::read_dir("/usr/lib/erlang")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin/epmd"));
    on_path.chain(beside_erlang).find(|path| path.is_file()).ok_or_else(|| ServerError::NotInstalled {
        program: "epmd",
        looked_for: format!("epmd in {SEARCH_PATH} and in /usr/lib/erlang/erts-*/bin"),
        package: "rabbitmq-server",
    })
}
