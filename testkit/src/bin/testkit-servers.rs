//! Starts one PostgreSQL and one RabbitMQ for all tests of a run, and ends them when stdin closes.
//!
//! Prints one line of JSON when both are ready: the environment variables that tests read, with their
//! values. A caller that dies closes stdin too; if this program is killed, its servers die with it.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use testkit::{
    ServerError,
    postgres::{self, Postgres},
    rabbitmq::{self, RabbitMq},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody to tell if stderr is closed as well.
            let _ = writeln!(io::stderr(), "testkit-servers: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), ServerError> {
    let (postgres, rabbitmq) =
        tokio::try_join!(Postgres::start_with(postgres::SHARED_SETTINGS), RabbitMq::start())?;
    let variables = serde_json::json!({
        postgres::URL_VARIABLE: postgres.url(),
        rabbitmq::URL_VARIABLE: rabbitmq.url(),
        rabbitmq::MANAGEMENT_VARIABLE: rabbitmq.management_url(),
    });
    writeln!(io::stdout(), "{variables}")
        .map_err(|error| ServerError::Machine { path: "stdout".into(), error })?;

    // Nothing else runs here, so blocking is what is wanted. An unreadable stdin counts as closed.
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
    Ok(())
}
