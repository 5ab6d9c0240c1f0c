#!/usr/bin/env bash
# Makes the passwords that docker-compose.yml mounts, in ./secrets. What is already there stays.
#
# Compose mounts the files as they are, and the programs in the containers are not root: so the files can be
# read by all, and the directory only by its owner.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

umask 077
mkdir -p secrets
chmod 700 secrets
# Never into version control.
printf '*\n' >secrets/.gitignore

random_password() {
    head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'
}

for name in ledger_password broker_password; do
    if [ ! -s "secrets/$name" ]; then
        random_password >"secrets/$name"
        echo "made secrets/$name"
    fi
done
printf 'default_user = panos\ndefault_pass = %s\n' "$(cat secrets/broker_password)" >secrets/broker_login.conf
chmod 644 secrets/ledger_password secrets/broker_password secrets/broker_login.conf
if [ -e secrets/firewall_api_key ]; then
    chmod 644 secrets/firewall_api_key
else
    echo 'for real firewalls put their API key into secrets/firewall_api_key (mode 644)'
fi
