//! The server or the file behind the ledger: its schema, whether it loses data, what we may do there, its clock.

use common::config::{Config, LedgerUrl};
use common::ledger::health::{self, LedgerHealth, PostgresHealth, Schema, SqliteHealth};

use super::disk;
use super::finding::Finding;
use super::tls;
use crate::output::amount;

const AREA: &str = "ledger";

/// Connections that other programs and people need beside ours.
const SPARE_CONNECTIONS: u32 = 5;

/// Examines what `ledger.url` names.
pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    if let LedgerUrl::Sqlite(path) = &config.ledger.url
        && !path.exists()
    {
        let found = format!("there is no ledger at {} yet", path.display());
        let remedy = "`panos-upgrade migrate` or `device discover` makes one; if there is one elsewhere, correct ledger.url";
        return vec![Finding::fail(AREA, "reach", found, remedy)];
    }
    match health::look(config).await {
        Ok(found) => {
            let mut findings = vec![schema(found.schema())];
            findings.extend(match &found {
                LedgerHealth::Sqlite(file) => of_file(file),
                LedgerHealth::Postgres(server) => of_server(server, config.ledger.pool_size),
            });
            findings
        }
        Err(error) => vec![Finding::of_error(AREA, "reach", &error)],
    }
}

fn schema(Schema { found, wanted }: Schema) -> Finding {
    const CHECK: &str = "schema";
    if found == wanted {
        return Finding::ok(AREA, CHECK, format!("{found}, as this program needs it"));
    }
    let remedy = if found < wanted {
        "`panos-upgrade migrate`, as the owner of the tables; then run deploy/postgres/roles.sql again"
    } else {
        "a newer program has migrated it: use that version here, too"
    };
    Finding::fail(AREA, CHECK, format!("{found}, this program needs {wanted}"), remedy)
}

fn of_file(file: &SqliteHealth) -> Vec<Finding> {
    let journal = if file.journal_mode == "wal" {
        Finding::ok(AREA, "journal", "wal; every commit is synced to disk")
    } else {
        let remedy =
            "nothing else may change the file's settings; the next command of this program sets it back";
        Finding::warn(AREA, "journal", format!("{}, not wal", file.journal_mode), Some(remedy))
    };
    let size = amount(file.size_bytes);
    vec![
        Finding::ok(AREA, "file", format!("{}, {size}", file.path.display())),
        journal,
        disk::room(AREA, &file.path),
    ]
}

fn of_server(server: &PostgresHealth, pool_size: u32) -> Vec<Finding> {
    vec![
        Finding::ok(AREA, "server", format!("PostgreSQL {} at {}", server.server_version, server.location)),
        durability(server),
        rights(server),
        connections(server, pool_size),
        tls::clock(AREA, Some(server.clock)),
    ]
}

fn durability(server: &PostgresHealth) -> Finding {
    const CHECK: &str = "durability";
    if server.is_standby {
        let remedy = "point ledger.url at the primary server";
        return Finding::fail(
            AREA,
            CHECK,
            "this server only follows another one and takes no writes",
            remedy,
        );
    }
    let settings = [
        ("fsync", &server.fsync),
        ("full_page_writes", &server.full_page_writes),
        ("synchronous_commit", &server.synchronous_commit),
    ];
    let off: Vec<&str> =
        settings.iter().filter(|(_, value)| *value == "off").map(|(name, _)| *name).collect();
    if off.is_empty() {
        return Finding::ok(
            AREA,
            CHECK,
            format!("fsync on, synchronous_commit {}", server.synchronous_commit),
        );
    }
    Finding::fail(
        AREA,
        CHECK,
        format!("{} off: a crash of the server loses what workers were told is written", off.join(" and ")),
        format!(
            "set {} to on in postgresql.conf, or where the role or the database sets it",
            off.join(" and ")
        ),
    )
}

fn rights(server: &PostgresHealth) -> Finding {
    const CHECK: &str = "rights";
    let user = &server.user;
    if !server.unreadable.is_empty() {
        let found = format!("{user} may not read {}", server.unreadable.join(", "));
        return Finding::fail(
            AREA,
            CHECK,
            found,
            "run deploy/postgres/roles.sql as a superuser: tables of later migrations need it again",
        );
    }
    if server.is_superuser {
        let remedy = "log in as panos_operator: deploy/postgres/roles.sql makes it";
        return Finding::warn(
            AREA,
            CHECK,
            format!("{user} is a superuser, whom nothing stops"),
            Some(remedy),
        );
    }
    if server.may_queue {
        Finding::ok(AREA, CHECK, format!("{user} may read everything and make jobs"))
    } else {
        let remedy = "commands that change something need panos_operator";
        Finding::warn(AREA, CHECK, format!("{user} may read, and not make jobs"), Some(remedy))
    }
}

fn connections(server: &PostgresHealth, pool_size: u32) -> Finding {
    const CHECK: &str = "connections";
    let PostgresHealth { n_connections, max_connections, .. } = server;
    let found =
        format!("{n_connections} of {max_connections} in use; each of our processes takes up to {pool_size}");
    let free = max_connections.saturating_sub(*n_connections);
    if free < pool_size.saturating_add(SPARE_CONNECTIONS) {
        let remedy =
            "raise max_connections, lower ledger.pool_size, or put a pooler in transaction mode between";
        return Finding::warn(AREA, CHECK, found, Some(remedy));
    }
    Finding::ok(AREA, CHECK, found)
}
