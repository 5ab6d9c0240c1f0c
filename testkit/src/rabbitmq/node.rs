//! One private RabbitMQ node: made, killed, suspended, stopped and started again, with its data or without.
//!
//! Its directory and environment are [`layout`](super::layout)'s, its name server is [`epmd`](super::epmd)'s;
//! what a running node can be told is in [`control`](super::control).

use std::{
    fs::{self, OpenOptions},
    path::Path,
    sync::Arc,
    time::Duration,
};

use rustix::process::{Pid, Signal};

use super::{
    Addresses, URL_VARIABLE, endpoint,
    epmd::Epmd,
    layout::{Layout, Setup},
    parse,
};
use crate::{ServerError, account, guard::Guarded, log_file, wait::poll_until};

pub(super) const SERVER: &str = "RabbitMQ";

/// The server and its command line tool, below the wrappers in sbin, which change the user.
pub(super) const PROGRAMS: &str = "/usr/lib/rabbitmq/bin";

/// Measured: 6 to 7 s on two cores. The bound is for much worse.
pub(super) const READY_WITHIN: Duration = Duration::from_secs(90);

/// Measured: 1 to 6 s; the management plugin waits for its listeners.
const STOPPED_WITHIN: Duration = Duration::from_secs(60);

/// The file is written within half a second.
const ON_DISK_WITHIN: Duration = Duration::from_secs(20);

/// What the node logs when its listeners and plugins are there.
const READY_LINE: &str = "Server startup complete";

/// A private RabbitMQ node on free loopback ports.
#[derive(Debug)]
pub struct RabbitMq {
    // Before the name server and the directory, because fields are dropped in this order.
    running: Option<Guarded>,
    is_suspended: bool,
    _epmd: Arc<Epmd>,
    pub(super) layout: Layout,
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
        let mut node = Self::prepare(Setup::single(configuration), Arc::new(Epmd::start().await?))?;
        node.start_again().await?;
        Ok(node)
    }

    /// Everything but the process.
    pub(super) fn prepare(setup: Setup, epmd: Arc<Epmd>) -> Result<Self, ServerError> {
        if !Path::new(PROGRAMS).join("rabbitmq-server").is_file() {
            return Err(ServerError::NotInstalled {
                program: "rabbitmq-server",
                looked_for: format!("{PROGRAMS}/rabbitmq-server"),
                package: "rabbitmq-server",
            });
        }
        let layout = Layout::make(setup, epmd.port)?;
        Ok(Self { running: None, is_suspended: false, _epmd: epmd, layout })
    }

    /// Its name among Erlang nodes: `testkit-` and a UUID, at `localhost`.
    pub fn name(&self) -> &str {
        &self.layout.setup.name
    }

    /// Where it listens: `amqp://guest:guest@127.0.0.1:PORT`, virtual host `/`.
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}", self.layout.ports.amqp)
    }

    /// The process that all of it descends from, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.running.as_ref().map(Guarded::id)
    }

    /// Where its management API listens: `http://guest:guest@127.0.0.1:PORT`.
    pub fn management_url(&self) -> String {
        format!("http://guest:guest@127.0.0.1:{}", self.layout.ports.management)
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

    /// SIGSTOP to the node and all its helpers: it stands still, with its connections open. New ones are
    /// accepted by the kernel and get no answer. [`RabbitMq::kill9`], [`RabbitMq::stop`] and dropping work.
    ///
    /// # Errors
    /// When it is not running, or a process is not stopped after ten seconds.
    pub fn suspend(&mut self) -> Result<(), ServerError> {
        self.running("suspend it")?
            .suspend()
            .map_err(|error| wrong_state("suspend it", error.to_string()))?;
        self.is_suspended = true;
        Ok(())
    }

    /// SIGCONT: it goes on after [`RabbitMq::suspend`]. A node that is not suspended takes no notice.
    ///
    /// # Errors
    /// When it is not running.
    pub fn resume(&mut self) -> Result<(), ServerError> {
        self.running("resume it")?.resume().map_err(|error| wrong_state("resume it", error.to_string()))?;
        self.is_suspended = false;
        Ok(())
    }

    /// Whether it was started and neither killed nor stopped. It may be suspended.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Whether it can be asked something.
    pub(super) fn answers(&self) -> bool {
        self.is_running() && !self.is_suspended
    }

    /// Stops the node in order, closing connections. The signal goes to the Erlang machine itself: the shell
    /// around it would start `rabbitmqctl` for the same.
    ///
    /// # Errors
    /// When it has not ended in time; then it is still running.
    pub async fn stop(&mut self) -> Result<(), ServerError> {
        let action = "stop it";
        let machine = fs::read_to_string(self.layout.path().join("pid"))
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .and_then(Pid::from_raw)
            .ok_or_else(|| wrong_state(action, "it wrote no process number"))?;
        let node = self.running(action)?;
        rustix::process::kill_process(machine, Signal::TERM)
            .map_err(|error| wrong_state(action, error.to_string()))?;
        node.resume().map_err(|error| wrong_state(action, error.to_string()))?;
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
        self.is_suspended = false;
        let log = self.layout.log();
        let log_start = log_file::length(&log);
        let mut words = account::run_as();
        words.push(Path::new(PROGRAMS).join("rabbitmq-server").into());
        let mut command = Guarded::command(&words, Some(self.layout.path()));
        let output =
            OpenOptions::new().create(true).append(true).open(&log).map_err(ServerError::machine(&log))?;
        let errors = output.try_clone().map_err(ServerError::machine(&log))?;
        command.stdout(output).stderr(errors).current_dir(self.layout.path());
        command.env_clear().envs(self.layout.environment());
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

    /// Starts a node that was killed or stopped, on the same ports, as if its disk had been lost: without
    /// queues, messages, virtual hosts and users, but for `/` and `guest`. [`VirtualHost::make_again`] brings
    /// the virtual host of a test back. In a cluster the others have to forget the node first
    /// (`rabbitmqctl forget_cluster_node`).
    ///
    /// # Errors
    /// When it is running, or does not come up in time.
    ///
    /// [`VirtualHost::make_again`]: super::VirtualHost::make_again
    pub async fn start_empty(&mut self) -> Result<(), ServerError> {
        if self.running.is_some() {
            return Err(wrong_state("delete its data", "it is running"));
        }
        self.layout.delete_data().map_err(ServerError::machine(self.layout.data()))?;
        self.start_again().await
    }

    /// Waits until a node that is killed now would know the quorum queue `queue` when it starts again.
    ///
    /// The node answers a declaration before the file that names its quorum queues is written, up to half a
    /// second later (`ra_directory` in rabbitmq/ra opens `names.dets` with `auto_save` 500; seen on 3.10.8).
    /// Killed in between, it comes back with an empty queue that has no leader and never confirms; a
    /// confirmed message is lost. A test of what we do about a killed broker waits here first, once for
    /// each queue that it declared.
    ///
    /// # Errors
    /// When the queue is not in the file in time.
    pub async fn queue_is_on_disk(&self, queue: &str) -> Result<(), ServerError> {
        self.name_is_on_disk("quorum", queue).await
    }

    /// The same for streams: waits until a node that is killed now would know who coordinates them. That is a Raft
    /// group of its own (`rabbit_stream_coordinator`), made with the first stream of a node.
    ///
    /// # Errors
    /// When it is not in the file in time: the node has no stream.
    pub async fn streams_are_on_disk(&self) -> Result<(), ServerError> {
        self.name_is_on_disk("coordination", "rabbit_stream_coordinator").await
    }

    async fn name_is_on_disk(&self, system: &str, name: &str) -> Result<(), ServerError> {
        let file = self.layout.data().join(system).join(self.name()).join("names.dets");
        let looked = poll_until(format!("`{name}` is in the file of names"), ON_DISK_WITHIN, async || {
            let names = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            let found = names.windows(name.len()).any(|bytes| bytes == name.as_bytes());
            if found { Ok(()) } else { Err(format!("{} bytes without it", names.len())) }
        });
        looked.await.map_err(|timed_out| wrong_state("see a queue on disk", timed_out.to_string()))
    }

    /// What the node wrote, from all its starts.
    pub fn log_text(&self) -> String {
        log_file::read_from(&self.layout.log(), 0)
    }

    pub(super) fn addresses(&self) -> Result<Addresses, ServerError> {
        let amqp = parse(URL_VARIABLE, &self.url(), &["amqp"])?;
        Ok(Addresses {
            management: super::Endpoint { port: self.layout.ports.management, ..endpoint(&amqp) },
            amqp,
        })
    }

    fn running(&mut self, action: &'static str) -> Result<&mut Guarded, ServerError> {
        self.running.as_mut().ok_or_else(|| wrong_state(action, "it is not running"))
    }
}

pub(super) fn wrong_state(action: &'static str, reason: impl Into<String>) -> ServerError {
    ServerError::WrongState { server: SERVER, action, reason: reason.into() }
}
