"""What plays an image here: programs of this machine, and the image's own manners.

Ours is read from the Dockerfile, so that what it copies and where it runs is what is played. PostgreSQL and RabbitMQ
are Debian's packages; what their images' entrypoints do with the environment is done here again, in the few words
that docker-compose.yml uses (their documentation on the registry: "Environment Variables", "How to extend this image").
"""

import dataclasses
import glob
import pathlib
import re
import signal

from model import Problem

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclasses.dataclass
class Image:
    user: int
    directory: str
    environment: dict[str, str]
    programs: dict[str, str]  # where in the container -> file here
    stop: int = signal.SIGTERM
    prepare: str | None = None  # a piece of shell before the first start
    command: list[str] | None = None
    writable: tuple[str, ...] = ()


def image(name, binaries):
    kind = name.split(":")[0]
    if kind == "panos-upgrade":
        return ours(binaries)
    if kind == "postgres":
        return postgres()
    if kind == "rabbitmq":
        return rabbitmq()
    raise Problem(f"no program of this machine plays the image {name}")


def instructions(text):
    """The Dockerfile's instructions, each on one line."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return [line.strip() for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines() if line.strip()]


def ours(binaries):
    last = []
    for one in instructions((ROOT / "Dockerfile").read_text(encoding="utf-8")):
        last = [] if one.startswith("FROM ") else [*last, one.split()]
    programs = {}
    for word, *arguments in last:
        if word == "COPY" and arguments[0].startswith("--from=build"):
            for program in ("panos-upgrade", "panos-upgrade-worker", "panos-upgrade-dashboard", "panos-simulator"):
                programs[f"{arguments[2].rstrip('/')}/{program}"] = str(binaries / program)
        elif word == "COPY":
            programs[arguments[1]] = str(ROOT / arguments[0])
    said = {one[0]: one[1] for one in last}
    return Image(int(said["USER"]), said["WORKDIR"], {"PATH": PATH, "HOME": said["WORKDIR"]}, programs,
                 signal.Signals[said["STOPSIGNAL"]])


def postgres():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
    if not found:
        raise Problem("PostgreSQL is missing: sudo apt-get install --no-install-recommends postgresql")
    data = "/var/lib/postgresql/data"
    prepare = r"""
        set -eu
        if [ ! -s "$PGDATA/PG_VERSION" ]; then
            initdb --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" --no-sync --encoding=UTF8 --locale=C.UTF-8 \
                $POSTGRES_INITDB_ARGS >/dev/null
            echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
            echo "CREATE DATABASE \"$POSTGRES_DB\"" | postgres --single -D "$PGDATA" postgres >/dev/null
        fi"""
    return Image(10999, "/var/lib/postgresql", {"PATH": f"{found[-1]}:{PATH}", "PGDATA": data, "HOME": "/var/lib/postgresql",
                 "LANG": "C.UTF-8"}, {}, signal.SIGINT, prepare,
                 ["postgres", "-c", "listen_addresses=*", "-c", "unix_socket_directories=/tmp"], (data,))


def rabbitmq():
    if not pathlib.Path("/usr/lib/rabbitmq/bin/rabbitmq-server").exists():
        raise Problem("RabbitMQ is missing: sudo apt-get install --no-install-recommends rabbitmq-server")
    home = "/var/lib/rabbitmq"
    # The programs beneath the wrappers in /usr/sbin, which would change the user. The cookie is made by the server.
    environment = {
        "PATH": f"/usr/lib/rabbitmq/bin:{PATH}", "HOME": home, "LANG": "C.UTF-8",
        "RABBITMQ_CONF_ENV_FILE": "/dev/null", "RABBITMQ_NODENAME": "rabbit@rabbitmq",
        "RABBITMQ_MNESIA_BASE": f"{home}/mnesia", "RABBITMQ_LOG_BASE": f"{home}/log", "RABBITMQ_LOGS": "-",
        "RABBITMQ_CONFIG_FILE": f"{home}/conf/none", "RABBITMQ_CONFIG_FILES": "/etc/rabbitmq/conf.d",
        "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/enabled_plugins",
    }
    prepare = 'set -eu; mkdir -p "$HOME/mnesia" "$HOME/log"; echo "[rabbitmq_management]." >"$HOME/enabled_plugins"'
    return Image(10998, home, environment, {}, signal.SIGTERM, prepare, ["rabbitmq-server"], (home,))
