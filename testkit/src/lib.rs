//! Real parts for tests: PostgreSQL, RabbitMQ and our own programs, and waiting that has a bound.
//!
//! | a test needs | it takes |
//! |---|---|
//! | a database of its own | [`postgres::Database::create`] |
//! | a virtual host of its own | [`rabbitmq::VirtualHost::create`] |
//! | a server that it may kill, suspend, stop and start again | [`postgres::Postgres::start`], [`rabbitmq::RabbitMq::start`] |
//! | a broker that may lose a node | [`rabbitmq::Cluster::start`] |
//! | a network that it may cut, hold, swallow and slow down | [`proxy::Proxy::before`] |
//! | one of our programs as a process | [`process::Program::ours`] |
//! | a port that is its server's again after a restart | [`ports::free_port`] |
//! | somebody who looks at pages | [`browser::Browser::start`] |
//! | something to become true | [`wait::wait_until`] |
//!
//! Which fault is made by what:
//!
//! | fault | PostgreSQL | RabbitMQ |
//! |---|---|---|
//! | crash, restart | `kill9`, `stop`, `start_again` | the same; without its disk `start_empty` |
//! | stands still | `suspend`, `resume` | the same |
//! | connections cut by the server | `Postgres::cut_connections`, `Database::cut_connections` | `close_all_connections`, `VirtualHost::close_connections` |
//! | slow | `Database::lock_table`, `Proxy::delay` | `Proxy::delay` |
//! | full | a setting such as `max_connections` | `raise_alarm`, `lift_alarm` |
//! | partition from its clients | `Proxy::hold`, `black_hole`, `cut`, `refuse` | the same |
//! | partition of the broker, leader moved, queue lost | | `Cluster::isolate`, `move_leader`, `VirtualHost::delete_queue` |
//!
//! No fault needs network namespaces: see [`proxy`].
//!
//! Databases and virtual hosts live on servers that all tests share: the ones named by
//! [`postgres::URL_VARIABLE`], [`rabbitmq::URL_VARIABLE`] and [`rabbitmq::MANAGEMENT_VARIABLE`], which
//! `./test` sets, or else private ones that a test process starts when it first asks.
//!
//! Promises: nothing listens beyond loopback; nothing outlives the test process, not even when that is
//! killed with SIGKILL (see the module `guard`); a system-wide server is neither used nor stopped.
//! Leaves to others: the content of databases and brokers. It knows nothing of jobs, on purpose, so that
//! every crate can use it. It runs on Linux.

mod account;
pub mod browser;
mod error;
mod guard;
mod http;
mod log_file;
pub mod ports;
pub mod postgres;
pub mod process;
mod process_table;
pub mod proxy;
pub mod rabbitmq;
pub mod wait;

pub use error::ServerError;
