#!/bin/sh
# Runs a program against the simulated fleet of `docker compose --profile demo`.
#
# Reads the simulator's ready line and hands addresses, credentials and CA to the program through its
# environment. They are invented, so they may be seen; real ones come from files.
set -eu

ready=/srv/demo/ready.json

# The value of a key of that line: text without its quotes, or a number.
value() {
    sed -n "s/.*[{,]\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" "$ready"
}

if ! grep -q '"panorama"' "$ready" 2>/dev/null; then
    echo "in-demo: $ready has no ready line; is the simulator running?" >&2
    exit 3
fi

PANOS_UPGRADE__PANORAMA__HOST=$(value host)
PANOS_UPGRADE__PANORAMA__PORT=$(value port)
PANOS_UPGRADE__PANORAMA__USERNAME=$(value username)
PANOS_UPGRADE__PANORAMA__PASSWORD=$(value password)
PANOS_UPGRADE__FIREWALL__PORT=$(value firewall_port)
PANOS_UPGRADE__FIREWALL__USERNAME=$(value username)
PANOS_UPGRADE__FIREWALL__PASSWORD=$(value password)
PANOS_UPGRADE__TLS__VERIFY=ca-file
PANOS_UPGRADE__TLS__CA_FILE=$(value ca_file)
export PANOS_UPGRADE__PANORAMA__HOST PANOS_UPGRADE__PANORAMA__PORT
export PANOS_UPGRADE__PANORAMA__USERNAME PANOS_UPGRADE__PANORAMA__PASSWORD
export PANOS_UPGRADE__FIREWALL__PORT PANOS_UPGRADE__FIREWALL__USERNAME PANOS_UPGRADE__FIREWALL__PASSWORD
export PANOS_UPGRADE__TLS__VERIFY PANOS_UPGRADE__TLS__CA_FILE
exec "$@"
