//! Domain, ledger, broker, events, audit and configuration of panos-upgrade.
