//! The contract of [`common::broker::Broker`], held by both brokers.
//!
//! | file | holds |
//! |---|---|
//! | `bench.rs` | the two brokers, each with data of its own, and what tests say often |
//! | `delivery.rs` | order, settling, coming again, sharing |
//! | `pause.rs` | nothing waits behind a full worker |
//! | `publishing.rs` | what confirmed, refused and unknown mean |
//! | `event_log.rs` | replay and live tail |
//! | `control.rs` | who hears what is told |
//! | `dead.rs` | how a message dies, and what becomes of it |
//! | `topology.rs` | declaring, and who may |
//! | `users.rs` | `deploy/rabbitmq/users`: what each role may, and what not |
//! | `tls.rs` | whom we trust, and what we show |
//! | `faults.rs` | crashes, alarms, a lost disk, logins that end |
//! | `network.rs` | cut connections, silence |
//! | `cluster.rs` | one node of three |
//!
//! A case is an async function over a [`bench::Bench`]; [`on_every_broker`] makes it one test per broker. What
//! only RabbitMQ can suffer is a test of its own beside them. RabbitMQ is a private node (crate `testkit`).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "cases are functions beside their tests; what they do not expect fails the test"
)]

/// Makes each case a test per broker: `embedded::case` and `rabbitmq::case`.
macro_rules! on_every_broker {
    ($($case:ident),+ $(,)?) => {
        mod embedded {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case(&mut crate::bench::Embedded::start().await).await;
                }
            )+
        }

        mod rabbitmq {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case(&mut crate::bench::Fleet::start().await).await;
                }
            )+
        }
    };
}

mod bench;
mod cluster;
mod control;
mod dead;
mod delivery;
mod event_log;
mod faults;
mod network;
mod pause;
mod publishing;
mod tls;
mod topology;
mod users;
