//! Three RabbitMQ nodes that are one broker: losing one, moving a leader, parting them, healing.
//!
//! The nodes find each other by their names (`classic_config`) through an `epmd` of their own, trust each
//! other by a cookie of their own, and a node that sees only itself pauses (`pause_minority`), as
//! RabbitMQ's documentation, "Clustering and Network Partitions", has it for three. Their processes are
//! those of [`RabbitMq`], and end like them.
//!
//! Guarantees: a started or healed cluster has three nodes and each of them says so. Facts about the
//! broker's inner functions: read in rabbitmq-server 3.10.8, and tried on it.

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use super::{
    RabbitMq,
    control::Queue,
    epmd::Epmd,
    layout::{Setup, new_name},
    management,
    node::wrong_state,
    tools::binary,
};
use crate::{ServerError, wait::poll_until};

/// A queue of three members survives the loss of one, and no more nodes fit a test.
pub const N_NODES: usize = 3;

/// Nodes that are up see each other within a second or two; after a partition a paused one starts again.
const WHOLE_WITHIN: Duration = Duration::from_secs(90);

/// An election takes well under a second.
const MOVED_WITHIN: Duration = Duration::from_secs(30);

/// What makes three nodes on two cores quick and small: one scheduler each, and a write-ahead log of 16 MiB
/// instead of 512, which is kept in memory too (RabbitMQ documentation, "Quorum Queues", "Memory"). A node
/// that stands still is given up after ten seconds instead of sixty (`net_ticktime`, kernel(6)).
const ERLANG_ARGUMENTS: &str = "-kernel net_ticktime 10 +S 1:1";
const WRITE_AHEAD_LOG: &str = "raft.wal_max_size_bytes = 16777216";

/// Three nodes that form one broker.
///
/// One of them takes a lock that the others see, finds nobody to join and begins; the others then join it.
/// By default it would look for five seconds while they wait for the lock, so it looks twice only.
#[derive(Debug)]
pub struct Cluster {
    /// Each may be killed, suspended and asked by itself; [`Cluster::heal`] brings it back.
    pub nodes: [RabbitMq; N_NODES],
    isolated: [bool; N_NODES],
}

impl Cluster {
    /// Starts the three at once, with empty data.
    ///
    /// # Errors
    /// When the programs are not installed, or the cluster is not whole in time.
    pub async fn start() -> Result<Self, ServerError> {
        Self::start_with(&[]).await
    }

    /// [`Cluster::start`] with lines for the `rabbitmq.conf` of every node.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub async fn start_with(configuration: &[&str]) -> Result<Self, ServerError> {
        let epmd = Arc::new(Epmd::start().await?);
        let cookie = Uuid::new_v4().simple().to_string();
        let names: [String; N_NODES] = std::array::from_fn(|_| new_name());
        let mut lines = vec![
            "cluster_formation.peer_discovery_backend = classic_config".to_owned(),
            format!("cluster_formation.target_cluster_size_hint = {N_NODES}"),
            "cluster_formation.discovery_retry_limit = 1".to_owned(),
            "cluster_formation.discovery_retry_interval = 200".to_owned(),
            "cluster_partition_handling = pause_minority".to_owned(),
            WRITE_AHEAD_LOG.to_owned(),
        ];
        lines.extend(
            (1..).zip(&names).map(|(n, name)| format!("cluster_formation.classic_config.nodes.{n} = {name}")),
        );
        lines.extend(configuration.iter().map(ToString::to_string));
        let prepare = |name: &String| {
            let setup = Setup {
                name: name.clone(),
                cookie: cookie.clone(),
                configuration: lines.clone(),
                erlang_arguments: ERLANG_ARGUMENTS,
            };
            RabbitMq::prepare(setup, Arc::clone(&epmd))
        };
        let [one, two, three] = &names;
        let nodes = [prepare(one)?, prepare(two)?, prepare(three)?];
        let mut cluster = Self { nodes, isolated: [false; N_NODES] };
        cluster.heal().await?;
        Ok(cluster)
    }

    /// Brings back whatever was killed, stopped, suspended or isolated, and waits until the cluster is whole.
    ///
    /// # Errors
    /// When it is not in time.
    pub async fn heal(&mut self) -> Result<(), ServerError> {
        for node in self.nodes.iter_mut().filter(|node| node.is_running()) {
            node.resume()?;
        }
        for n in 0..N_NODES {
            if std::mem::take(&mut self.isolated[n]) && self.nodes[n].is_running() {
                self.tell_of_the_others(n, "erlang:set_cookie(Node, erlang:get_cookie())").await?;
            }
        }
        let [one, two, three] = &mut self.nodes;
        tokio::try_join!(start_if_ended(one), start_if_ended(two), start_if_ended(three))?;
        self.is_whole().await
    }

    /// Parts one node from the two others, which go on without it; it pauses. Its clients are disconnected.
    ///
    /// It no longer accepts the others' cookie, nor they its own, until [`Cluster::heal`].
    ///
    /// # Errors
    /// When the node does not answer, or there is no such node.
    pub async fn isolate(&mut self, n: usize) -> Result<(), ServerError> {
        self.node(n, "isolate it")?;
        self.isolated[n] = true;
        let action = "{erlang:set_cookie(Node, parted), erlang:disconnect_node(Node)}";
        self.tell_of_the_others(n, action).await
    }

    /// The node that leads a quorum queue now, or none while there is none.
    ///
    /// # Errors
    /// When there is no such queue, or no node to ask.
    pub async fn leader(&self, virtual_host: &str, queue: &str) -> Result<Option<usize>, ServerError> {
        let queues = self.queues(virtual_host).await?;
        let found = queues.into_iter().find(|found| found.name == queue).ok_or_else(|| {
            wrong_state("find a leader", format!("there is no queue `{queue}` in `{virtual_host}`"))
        })?;
        Ok(found.leader.and_then(|leader| self.nodes.iter().position(|node| node.name() == leader)))
    }

    /// Makes node `n` the leader of a quorum queue, which takes none of its messages and none of its
    /// consumers away.
    ///
    /// # Errors
    /// When it is not the leader in time, or there is no such queue or node.
    pub async fn move_leader(&self, virtual_host: &str, queue: &str, n: usize) -> Result<(), ServerError> {
        let action = "move a leader";
        let target = self.node(n, action)?.name();
        let expression = format!(
            "{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r({}, queue, {})),
             io:write(rabbit_quorum_queue:transfer_leadership(Q, '{target}'))",
            binary(virtual_host),
            binary(queue)
        );
        let moved = poll_until(format!("{target} leads `{queue}`"), MOVED_WITHIN, async || {
            let leader = self.leader(virtual_host, queue).await.map_err(|error| error.to_string())?;
            if leader == Some(n) {
                return Ok(());
            }
            let told = self.any(action).map_err(|error| error.to_string())?;
            let answer = told.eval(&expression).await;
            Err(answer.unwrap_or_else(|error| error.to_string()))
        });
        moved.await.map_err(|timed_out| wrong_state(action, timed_out.to_string()))
    }

    /// All queues of a virtual host, as a node sees them that is up and not alone.
    ///
    /// # Errors
    /// When there is no such node.
    pub async fn queues(&self, virtual_host: &str) -> Result<Vec<Queue>, ServerError> {
        self.any("list its queues")?.queues(virtual_host).await
    }

    /// A node that is up and not isolated.
    fn any(&self, action: &'static str) -> Result<&RabbitMq, ServerError> {
        let mut nodes = self.nodes.iter().zip(self.isolated);
        let usable = nodes.find(|(node, is_isolated)| node.answers() && !is_isolated);
        usable.map(|(node, _)| node).ok_or_else(|| wrong_state(action, "no node is up and not isolated"))
    }

    fn node(&self, n: usize, action: &'static str) -> Result<&RabbitMq, ServerError> {
        self.nodes.get(n).ok_or_else(|| wrong_state(action, format!("there is no node {n}")))
    }

    /// Runs an Erlang expression about `Node` on node `n`, for each of the two others.
    async fn tell_of_the_others(&self, n: usize, expression: &str) -> Result<(), ServerError> {
        let told = self.node(n, "tell it something")?;
        let others = self.nodes.iter().filter(|node| node.name() != told.name());
        let others: Vec<String> = others.map(|node| format!("'{}'", node.name())).collect();
        let expression = format!("[{expression} || Node <- [{}]]", others.join(", "));
        told.eval(&expression).await.map(drop)
    }

    async fn is_whole(&self) -> Result<(), ServerError> {
        let looked = poll_until("every node sees three", WHOLE_WITHIN, async || {
            for node in &self.nodes {
                let seen = n_running(node).await.map_err(|error| error.to_string())?;
                if seen != N_NODES {
                    return Err(format!("{} sees {seen}", node.name()));
                }
            }
            Ok(())
        });
        looked.await.map_err(|timed_out| wrong_state("form a cluster", timed_out.to_string()))
    }
}

async fn start_if_ended(node: &mut RabbitMq) -> Result<(), ServerError> {
    if node.is_running() { Ok(()) } else { node.start_again().await }
}

/// How many nodes of its cluster this one sees running.
async fn n_running(node: &RabbitMq) -> Result<usize, ServerError> {
    let nodes = management::read(&node.addresses()?.management, "/api/nodes?columns=name,running").await?;
    Ok(nodes.as_array().into_iter().flatten().filter(|node| node["running"] == true).count())
}
