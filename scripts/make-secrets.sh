#!/usr/bin/env bash
# Makes the passwords that docker-compose.yml mounts, in ./secrets or the directory given. What is there stays.
#
# Each role has a password of its own on each server (deploy/postgres/roles.sql, deploy/rabbitmq/users), and each
# service is given only the files that it needs. Compose mounts the files as they are, and the programs in the
# containers are not root: so the files can be read by all, and the directory only by its owner.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/..
secrets=${1:-$here/secrets}

umask 077
mkdir -p "$secrets"
chmod 700 "$secrets"
# Never into version control.
printf '*\n' >"$secrets/.gitignore"

# A password in the file $1, if there is none. Written aside first: a run that is cut short leaves no half of one.
password() {
    if [ ! -s "$secrets/$1" ]; then
        head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$secrets/$1.new"
        mv "$secrets/$1.new" "$secrets/$1"
        echo "made $secrets/$1"
    fi
    chmod 644 "$secrets/$1"
}

for role in superuser owner worker operator dashboard reader; do
    password "postgres_$role"
done
password dashboard_token

# RabbitMQ's users are a file of definitions, which the server imports whenever it starts. The script that prepares
# a running server makes it; what plays rabbitmqctl here writes down what it is handed. It says that it is an old one:
# a word of a newer version ends the import half way, without an error (seen in 3.10), and old words are understood.
rabbitmqctl=$(mktemp "$secrets/.rabbitmqctl.XXXXXX")
trap 'rm -f "$rabbitmqctl"' EXIT
cat >"$rabbitmqctl" <<'END_OF_TOOL'
#!/bin/sh
case " $* " in
*' version '*) echo 3.10.0 ;;
*' import_definitions '*) cat >"$0.json" ;;
*) exit 64 ;;
esac
END_OF_TOOL
chmod 700 "$rabbitmqctl"
mkdir -p "$secrets/rabbitmq"
"$here/deploy/rabbitmq/users" --passwords "$secrets/rabbitmq" --rabbitmqctl "$rabbitmqctl" >/dev/null
mv "$rabbitmqctl.json" "$secrets/rabbitmq_definitions.json"
chmod 755 "$secrets/rabbitmq"
chmod 644 "$secrets/rabbitmq_definitions.json" "$secrets"/rabbitmq/*

# Empty is as good as none for the demo; compose wants every file that it names.
if [ ! -e "$secrets/firewall_api_key" ]; then
    : >"$secrets/firewall_api_key"
fi
chmod 644 "$secrets/firewall_api_key"
if [ ! -s "$secrets/firewall_api_key" ]; then
    echo "for real firewalls put their API key into $secrets/firewall_api_key"
fi
