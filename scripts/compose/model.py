"""docker-compose.yml as what it means: services of the chosen profiles, in the order in which they can start.

Promises: variables are filled in as Compose does it (`${NAME:-default}`, `$$`), and a word of the file that is not
known here is an error and not silently dropped, so that the file cannot say what the processes do not do.
Leaves to others: what a service runs on (images.py), and running it (container.py).
"""

import dataclasses
import os
import pathlib
import re
import shlex

import yaml

# What is read below, and what says something about Docker itself only.
KNOWN = {"image", "command", "entrypoint", "environment", "secrets", "volumes", "ports", "healthcheck", "depends_on",
         "profiles", "network_mode", "hostname", "stop_grace_period", "restart", "read_only", "tmpfs", "cap_drop",
         "security_opt", "init", "build", "shm_size"}

CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}

VARIABLE = re.compile(r"\$(?:\$|\{(\w+)(?:(:?-)([^}]*))?\})")


class Problem(Exception):
    """Something in the file, or around it, that cannot be done."""


@dataclasses.dataclass
class Health:
    test: list[str]
    interval: float
    timeout: float
    retries: int
    start_period: float


@dataclasses.dataclass
class Service:
    name: str
    image: str
    command: list[str] | None
    entrypoint: list[str] | None
    environment: dict[str, str]
    secrets: dict[str, str]  # path in the container -> path here
    volumes: list[tuple[str, str, bool]]  # a name or a path, where in the container, read-only
    ports: list[tuple[int, int]]  # here, in the container
    health: Health | None
    needs: dict[str, str]  # service -> condition
    profiles: list[str]
    network: str | None  # another service's
    hostname: str
    grace: float
    restart: str
    read_only: bool
    tmpfs: list[str]


def seconds(text, default):
    """`1m30s` as seconds."""
    if text is None:
        return default
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", str(text))
    if "".join(number + unit for number, unit in parts) != str(text):
        raise Problem(f"not a length of time: {text!r}")
    return sum(float(number) * units[unit] for number, unit in parts)


def filled(value):
    """With variables of the environment in place of their names, also deep inside."""
    if isinstance(value, dict):
        return {key: filled(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner) for inner in value]
    if not isinstance(value, str):
        return value

    def one(match):
        name, form, default = match.groups()
        if name is None:
            return "$"
        here = os.environ.get(name)
        if here is None or (form == ":-" and here == ""):
            if form is None:
                raise Problem(f"{name} is not set, and {value!r} has no default for it")
            return default
        return here

    return VARIABLE.sub(one, value)


def words(command):
    """A command as a list; as a text it is split as a shell would."""
    return shlex.split(command) if isinstance(command, str) else command


def read(path, profiles):
    """The services of these profiles, what they need first."""
    root = pathlib.Path(path).resolve().parent
    document = filled(yaml.safe_load(pathlib.Path(path).read_text(encoding="utf-8")))
    files = {name: str((root / secret["file"]).resolve()) for name, secret in document.get("secrets", {}).items()}
    everything = {name: service(name, raw, root, files, set(document.get("volumes", {})))
                  for name, raw in document["services"].items()}
    chosen = {name: one for name, one in everything.items() if not one.profiles or set(one.profiles) & set(profiles)}
    return in_order(chosen)


def service(name, raw, root, files, volumes):
    unknown = set(raw) - KNOWN
    if unknown:
        raise Problem(f"service {name}: cannot play {', '.join(sorted(unknown))}")
    needs = raw.get("depends_on", {})
    needs = dict.fromkeys(needs, "service_started") if isinstance(needs, list) else {
        other: said["condition"] for other, said in needs.items()}
    if set(needs.values()) - CONDITIONS:
        raise Problem(f"service {name}: depends_on has conditions that are not {sorted(CONDITIONS)}")
    network = raw.get("network_mode")
    if network is not None:
        if not network.startswith("service:"):
            raise Problem(f"service {name}: network_mode {network!r} is not another service's")
        network = network.removeprefix("service:")
        needs.setdefault(network, "service_started")
    return Service(
        name=name,
        image=raw["image"],
        command=words(raw.get("command")),
        entrypoint=words(raw.get("entrypoint")),
        environment={key: str(value) for key, value in raw.get("environment", {}).items()},
        secrets=dict(secret(name, one, files) for one in raw.get("secrets", [])),
        volumes=[volume(name, one, root, volumes) for one in raw.get("volumes", [])],
        ports=[port(name, one) for one in raw.get("ports", [])],
        health=health(raw.get("healthcheck")),
        needs=needs,
        profiles=raw.get("profiles", []),
        network=network,
        hostname=raw.get("hostname", name),
        grace=seconds(raw.get("stop_grace_period"), 10.0),
        restart=raw.get("restart", "no"),
        read_only=raw.get("read_only", False),
        tmpfs=raw.get("tmpfs", []),
    )


def secret(name, one, files):
    if not isinstance(one, str):
        raise Problem(f"service {name}: a secret has a name and nothing else here")
    if one not in files:
        raise Problem(f"service {name}: no secret is named {one}")
    return f"/run/secrets/{one}", files[one]


def volume(name, text, root, volumes):
    source, target, *mode = text.split(":")
    if mode not in ([], ["ro"]):
        raise Problem(f"service {name}: cannot play the volume {text!r}")
    if source.startswith((".", "/")):
        source = str((root / source).resolve())
    elif source not in volumes:
        raise Problem(f"service {name}: no volume is named {source}")
    return source, target, mode == ["ro"]


def port(name, text):
    address, here, inside = text.rsplit(":", 2)
    if address != "127.0.0.1":
        raise Problem(f"service {name}: {text!r} would be reachable from beyond this machine")
    return int(here), int(inside)


def health(raw):
    if raw is None:
        return None
    form, *test = raw["test"]
    if form != "CMD":
        raise Problem(f"a health check is a list that begins with CMD, not {raw['test']!r}")
    return Health(test, seconds(raw.get("interval"), 30.0), seconds(raw.get("timeout"), 30.0),
                  raw.get("retries", 3), seconds(raw.get("start_period"), 0.0))


def in_order(services):
    ordered = {}
    while len(ordered) < len(services):
        ready = [one for one in services.values() if one.name not in ordered and set(one.needs) <= set(ordered)]
        if not ready:
            raise Problem(f"these wait for each other or for what no profile has: {sorted(set(services) - set(ordered))}")
        ordered.update((one.name, one) for one in ready)
    return ordered
