//! The contract of [`common::broker::Broker`], held by both brokers.
//!
//! | file | holds |
//! |---|---|
//! | `bench.rs` | the two brokers, each with data of its own, and what tests say often |
//! | `delivery.rs` | order, settling, coming again, sharing |
//! | `pause.rs` | nothing waits behind a full worker |
//! | `publishing.rs` | what confirmed, refused and unknown mean |
//! | `event_log.rs` | replay and live tail |
//! | `topology.rs` | declaring, and who may |
//! | `tls.rs` | whom we trust, and what we show |
//! | `faults.rs` | crashes, cut connections, alarms, silence |
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
mod delivery;
mod event_log;
mod faults;
mod pause;
mod publishing;
mod tls;
mod topology;
