//! Where one node keeps its files, and what it reads at its start.
//!
//! The program below the wrapper in sbin gets an environment of its own, so that nothing of a system-wide
//! node is read, used or stopped. Facts about the variables: RabbitMQ documentation, "Configure RabbitMQ";
//! tried on 3.10.8.

use std::{
    env,
    ffi::OsString,
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use uuid::Uuid;

use crate::{ServerError, account, ports::free_port};

/// A search path for the shell scripts, instead of whatever the test runs with.
pub(super) const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// More memory than a test's queues need, little enough for a machine that runs several nodes. It is where
/// a node starts to block publishers.
pub(super) const MEMORY_LIMIT: &str = "1GB";

/// How little disk a node may leave free before it blocks publishers.
pub(super) const DISK_LIMIT: &str = "50MB";

/// What nodes of one cluster have in common, or a single node has for itself.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) name: String,
    /// Nodes with the same one trust each other.
    pub(super) cookie: String,
    /// Lines of `rabbitmq.conf`.
    pub(super) configuration: Vec<String>,
    pub(super) erlang_arguments: &'static str,
}

impl Setup {
    /// A node for itself.
    pub(super) fn single(configuration: &[&str]) -> Self {
        Self {
            name: new_name(),
            cookie: Uuid::new_v4().simple().to_string(),
            configuration: configuration.iter().map(ToString::to_string).collect(),
            erlang_arguments: "",
        }
    }
}

/// A name that no other node has.
pub(super) fn new_name() -> String {
    format!("testkit-{}@localhost", Uuid::new_v4().simple())
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) amqp: u16,
    pub(super) management: u16,
    distribution: u16,
}

/// The directory of one node.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) setup: Setup,
    pub(super) ports: Ports,
    epmd_port: u16,
    directory: TempDir,
}

impl Layout {
    /// Makes a directory with everything but data.
    pub(super) fn make(setup: Setup, epmd_port: u16) -> Result<Self, ServerError> {
        let port = || free_port().map_err(ServerError::machine("127.0.0.1"));
        let ports = Ports { amqp: port()?, management: port()?, distribution: port()? };
        let directory = tempfile::Builder::new()
            .prefix("testkit-rabbitmq-")
            .tempdir()
            .map_err(ServerError::machine(env::temp_dir()))?;
        fill(directory.path(), ports, &setup).map_err(ServerError::machine(directory.path()))?;
        Ok(Self { setup, ports, epmd_port, directory })
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// What the node writes about itself.
    pub(super) fn log(&self) -> PathBuf {
        self.path().join("node.log")
    }

    /// Queues, messages, users and membership.
    pub(super) fn data(&self) -> PathBuf {
        self.path().join("mnesia")
    }

    /// Deletes the data, and with it the memory of which features were in use.
    pub(super) fn delete_data(&self) -> io::Result<()> {
        for gone in [fs::remove_dir_all(self.data()), fs::remove_file(self.path().join("feature_flags"))] {
            match gone {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    pub(super) fn environment(&self) -> Vec<(&'static str, OsString)> {
        let in_directory = |name: &str| self.directory.path().join(name).into_os_string();
        let number = |port: u16| OsString::from(port.to_string());
        vec![
            ("PATH", SEARCH_PATH.into()),
            ("LANG", "C.UTF-8".into()),
            ("HOME", self.directory.path().into()),
            // No dump of the whole machine when it is told to start with a bad setting.
            ("ERL_CRASH_DUMP_BYTES", "0".into()),
            ("ERL_EPMD_PORT", number(self.epmd_port)),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".into()),
            ("RABBITMQ_CONF_ENV_FILE", in_directory("env.conf")),
            ("RABBITMQ_NODENAME", self.setup.name.clone().into()),
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
                format!(
                    "-kernel inet_dist_use_interface {{127,0,0,1}} {} +sbwt none +sbwtdcpu none +sbwtdio none",
                    self.setup.erlang_arguments
                )
                .into(),
            ),
        ]
    }
}

/// Writes what the node reads at its start.
fn fill(directory: &Path, ports: Ports, setup: &Setup) -> io::Result<()> {
    account::hand_over(directory)?;
    let mut lines = vec![
        format!("listeners.tcp.1 = 127.0.0.1:{}", ports.amqp),
        "management.tcp.ip = 127.0.0.1".to_owned(),
        format!("management.tcp.port = {}", ports.management),
        "loopback_users = none".to_owned(),
        "log.console = true".to_owned(),
        "log.file = false".to_owned(),
        format!("disk_free_limit.absolute = {DISK_LIMIT}"),
        format!("vm_memory_high_watermark.absolute = {MEMORY_LIMIT}"),
    ];
    lines.extend(setup.configuration.iter().cloned());
    lines.push(String::new());
    let files = [
        ("rabbitmq.conf", lines.join("\n"), 0o600),
        ("enabled_plugins", "[rabbitmq_management].\n".to_owned(), 0o600),
        ("env.conf", String::new(), 0o600),
        // Erlang refuses a cookie that others may read.
        (".erlang.cookie", setup.cookie.clone(), 0o400),
    ];
    for (name, content, mode) in files {
        let path = directory.join(name);
        fs::write(&path, content)?;
        fs::set_permissions(&path, Permissions::from_mode(mode))?;
        account::hand_over(&path)?;
    }
    Ok(())
}
