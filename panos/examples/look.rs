//! Looks at one firewall and changes nothing: who it is, how much room it has, what images it knows.
//!
//! ```sh
//! export PANOS_API_KEY=...            # or PANOS_USER and PANOS_PASSWORD
//! cargo run -p panos --example look -- fw1.example.com
//! cargo run -p panos --example look -- 192.0.2.41 7f:3a:…   # a self-signed certificate, by its fingerprint
//! ```
//!
//! `PANOS_PORT` names another port than 443. Without a fingerprint, a certificate that no root of the system vouches for is shown and not believed.

use panos::{Client, Credentials, Endpoint, Fingerprint, Pins, Transport, TransportConfig, Trust};
use std::env;
use std::error::Error;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a program for people")]
async fn main() -> Result<(), Box<dyn Error>> {
    panos::install_crypto_provider();
    let mut arguments = env::args().skip(1);
    let host = arguments.next().ok_or("usage: look HOST [FINGERPRINT]")?;
    let trust = match arguments.next() {
        Some(fingerprint) => {
            let pins = Pins::new();
            pins.insert(&host, fingerprint.parse::<Fingerprint>()?);
            Trust::Pinned(pins)
        }
        None => Trust::System,
    };
    let transport = Transport::new(&TransportConfig { trust, ..TransportConfig::default() })?;
    let port = env::var("PANOS_PORT").map_or(Ok(443), |port| port.parse())?;
    let firewall = Client::new(transport, Endpoint::new(&host, port)?, credentials()?);

    let info = firewall.system_info().await?;
    let serial = info.serial.as_deref().unwrap_or("without a serial");
    println!(
        "{}: {} {serial}, runs {}, up for {:?}",
        info.hostname, info.model, info.sw_version, info.uptime
    );
    if let Some(mount) = firewall.disk_space().await?.image_mount() {
        println!("{}: {} MiB free for images", mount.path, mount.available_bytes >> 20);
    }
    let list = firewall.software_info().await?;
    println!("images, as of {}:", list.last_updated_at.as_deref().unwrap_or("never"));
    for entry in &list.entries {
        let mark = if entry.current {
            "running"
        } else if entry.is_present() {
            "present"
        } else {
            "-"
        };
        println!("  {:<14} {mark:<8} {}", entry.version, entry.sha256.as_deref().unwrap_or_default());
    }
    Ok(())
}

fn credentials() -> Result<Credentials, env::VarError> {
    Ok(match env::var("PANOS_API_KEY") {
        Ok(key) => Credentials::ApiKey(key.into()),
        Err(_) => Credentials::Password {
            username: env::var("PANOS_USER")?,
            password: env::var("PANOS_PASSWORD")?.into(),
        },
    })
}
