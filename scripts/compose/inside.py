"""All services, in a network of their own: started when what they need is ready, stopped in the opposite order.

Runs as process 1 of the namespaces that `compose-as-processes` makes, so nothing outlives it. Each service has a network
namespace behind one bridge, as Docker would make it; names are addresses in /etc/hosts. Published ports are sockets in
the state directory, since a socket with a path is reached from every network namespace.
"""

import asyncio
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time

import images
import model

HERE = pathlib.Path(__file__).resolve().parent
# Nobody else is in this network.
PREFIX = "172.30.0."
RESTARTS_AT_MOST = 5


def say(text):
    print(f"compose: {text}", file=sys.stderr, flush=True)


def run(*command):
    subprocess.run([str(word) for word in command], check=True)


class Container:
    """One process tree of a service, from its start to its end."""

    def __init__(self, world, service, name):
        self.world, self.service, self.name = world, service, name
        self.process, self.code = None, None
        self.healthy, self.ended = asyncio.Event(), asyncio.Event()
        self.stopping = False

    async def start(self, output=None, command=None):
        world, service = self.world, self.service
        network = world.network(service.network or self.name)
        if not service.network:
            world.connect(self.name, world.addresses.get(self.name) or world.new_address())
        log = open(world.state / "logs" / f"{self.name}.log", "ab") if output is None else None
        output = output or (log.fileno(), log.fileno())
        self.process = await asyncio.create_subprocess_exec(
            "nsenter", f"--net={network}", "unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child",
            sys.executable, str(HERE / "container.py"), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=output[1], pass_fds=output)
        spec = world.spec(service, self.name, output, command)
        self.process.stdin.write(json.dumps(spec).encode() + b"\n")
        await self.process.stdin.drain()
        if log:
            log.close()
        asyncio.create_task(self.listen())

    async def listen(self):
        async for line in self.process.stdout:
            event = json.loads(line)
            if event["event"] == "exited":
                self.code = event["code"]
            elif event["event"] == "healthy":
                self.healthy.set()
            else:
                say(f"{self.name}: {event['event']}")
                self.healthy.clear()
        await self.process.wait()
        if self.code is None:
            self.code = 70  # it could not even be made; its log says why
        self.ended.set()

    async def stop(self):
        self.stopping = True
        if self.ended.is_set() or self.process is None:
            return
        with contextlib.suppress(OSError):
            self.process.stdin.write(b"stop\n")
        try:
            await asyncio.wait_for(self.ended.wait(), self.service.grace + 5)
        except asyncio.TimeoutError:
            self.process.kill()
            await self.ended.wait()


class World:
    def __init__(self, state, services, binaries, scale):
        self.state, self.services, self.binaries, self.scale = state, services, binaries, scale
        self.containers, self.n_connected, self.n_runs = {}, 1, 0
        self.mapped = os.environ.get("COMPOSE_MAPPED") == "yes"
        self.addresses = {}
        for name in services:
            self.addresses[name] = self.new_address()
        for part in ("roots", "volumes", "logs", "ports", "networks"):
            (state / part).mkdir(parents=True, exist_ok=True)
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "br0", "type", "bridge")
        run("ip", "addr", "add", f"{PREFIX}1/24", "dev", "br0")
        run("ip", "link", "set", "br0", "up")

    def new_address(self):
        self.n_connected += 1
        return f"{PREFIX}{self.n_connected}"

    def network(self, name):
        """The network namespace of a container, kept by a file."""
        file = self.state / "networks" / name
        if not file.exists():
            file.touch()
            run("unshare", f"--net={file}", "true")
        return file

    def connect(self, name, address):
        file = self.network(name)
        inside = ["nsenter", f"--net={file}", "ip"]
        if subprocess.run([*inside, "link", "show", "eth0"], capture_output=True, check=False).returncode == 0:
            return  # started again
        port = f"v{address.rsplit('.', 1)[1]}"
        # Process 1 is this one, and the bridge is in its network.
        run(*inside, "link", "add", "eth0", "type", "veth", "peer", "name", port, "netns", "1")
        run("ip", "link", "set", port, "master", "br0", "up")
        run(*inside, "addr", "add", f"{address}/24", "dev", "eth0")
        run(*inside, "link", "set", "eth0", "up")
        run(*inside, "link", "set", "lo", "up")

    def spec(self, service, name, output, command):
        image = images.image(service.image, self.binaries)
        binds = {target: (source, True) for target, source in service.secrets.items()}
        for source, target, read_only in service.volumes:
            if not source.startswith("/"):
                source = self.volume(source, image.user)
            binds[target] = (str(source), read_only)
        hosts = "127.0.0.1 localhost\n" + "".join(f"{address} {other}\n" for other, address in self.addresses.items())
        return {
            "root": str(self.state / "roots" / name), "user": image.user, "directory": image.directory,
            "hostname": service.hostname, "hosts": hosts, "programs": image.programs, "binds": binds,
            "tmpfs": service.tmpfs, "read_only": service.read_only, "mapped": self.mapped,
            "environment": {**image.environment, **service.environment}, "output": output,
            "command": [*(service.entrypoint or []), *(command or service.command or image.command)],
            # A command of its own is not the server, and wants no data directory.
            "prepare": image.prepare if service.command is None else None,
            "health": vars(service.health) if service.health and command is None else None,
            "stop": int(image.stop), "grace": service.grace,
        }

    def volume(self, name, user):
        """Belongs to whoever mounts it first, as with an image that has the directory."""
        path = self.state / "volumes" / name
        if not path.exists():
            path.mkdir(mode=0o755)
            if not self.mapped:
                os.chown(path, user, user)
            if name == "postgres":
                path.chmod(0o700)
        return path

    async def keep(self, service, name, began):
        """A container that is started again as `restart` says."""
        for n_restarts in range(RESTARTS_AT_MOST + 1):
            container = Container(self, service, name)
            self.containers[name] = container
            await container.start()
            if not began.done():
                began.set_result(container)
            await container.ended.wait()
            say(f"{name}: ended with exit code {container.code}")
            again = service.restart == "unless-stopped" or (service.restart == "on-failure" and container.code != 0)
            if container.stopping or not again or n_restarts == RESTARTS_AT_MOST:
                return container.code
            await asyncio.sleep(1)
            if container.stopping:
                return container.code
        return None

    async def bring_up(self, service):
        names = [service.name, *(f"{service.name}-{n}" for n in range(2, self.scale.get(service.name, 1) + 1))]
        began = time.monotonic()
        keepers = []
        for name in names:
            first = asyncio.get_running_loop().create_future()
            keepers.append(asyncio.create_task(self.keep(service, name, first)))
            await asyncio.wait([first, keepers[-1]], return_when=asyncio.FIRST_COMPLETED)
        is_awaited = any(one.needs.get(service.name) == "service_completed_successfully" for one in self.services.values())
        if is_awaited:
            code = await keepers[0]
            if code != 0:
                raise model.Problem(f"{service.name} did not complete: exit code {code}; its log is in {self.state}/logs")
        elif service.health:
            healthy = asyncio.gather(*(self.containers[name].healthy.wait() for name in names))
            limit = service.health.start_period + service.health.interval * service.health.retries
            await asyncio.wait([healthy, *keepers], timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if not healthy.done():
                healthy.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await healthy
                raise model.Problem(f"{service.name} is not healthy; its log is in {self.state}/logs")
        for _, inside in service.ports:
            await self.publish(service, inside)
        how = "completed" if is_awaited else "healthy" if service.health else "started"
        say(f"{service.name}: {how} after {time.monotonic() - began:.1f} s")

    async def publish(self, service, port):
        async def pipe(reader, writer):
            try:
                with contextlib.suppress(OSError):
                    while data := await reader.read(1 << 16):
                        writer.write(data)
                        await writer.drain()
            finally:
                with contextlib.suppress(OSError):
                    writer.close()

        async def serve(reader, writer):
            try:
                there, back = await asyncio.open_connection(self.addresses[service.name], port)
            except OSError:
                writer.close()
                return
            await asyncio.gather(pipe(reader, back), pipe(there, writer))

        await asyncio.start_unix_server(serve, str(self.state / "ports" / f"{service.name}-{port}.sock"))

    async def command(self, name, words, output):
        """What `docker compose run` does: one more container of a service, with another command."""
        service = self.services.get(name)
        if service is None:
            return 2
        self.n_runs += 1
        container = Container(self, service, f"{name}-run-{self.n_runs}")
        self.containers[container.name] = container
        await container.start(output, words)
        for fd in output:
            os.close(fd)
        await container.ended.wait()
        return container.code

    def take_commands(self, loop):
        server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        server.bind(str(self.state / "control.sock"))
        os.chmod(self.state / "control.sock", 0o600)
        server.listen()

        def one(client):
            with client:
                data, fds, _, _ = socket.recv_fds(client, 1 << 16, 2)
                asked = json.loads(data)
                code = asyncio.run_coroutine_threadsafe(
                    self.command(asked["service"], asked["command"], tuple(fds)), loop).result()
                client.send(json.dumps({"code": code}).encode())

        def forever():
            while True:
                client, _ = server.accept()
                threading.Thread(target=one, args=(client,), daemon=True).start()

        threading.Thread(target=forever, daemon=True).start()

    async def stop(self):
        for container in self.containers.values():
            container.stopping = True
        for service in reversed(self.services.values()):
            mine = [one for one in self.containers.values() if one.service is service]
            await asyncio.gather(*(one.stop() for one in mine))


async def main():
    state, file, profiles, scale, binaries = json.loads(sys.argv[1])
    services = model.read(file, profiles)
    world = World(pathlib.Path(state), services, pathlib.Path(binaries), scale)
    loop = asyncio.get_running_loop()
    wish = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(wish), sys.stdin)

    async def everything():
        for service in services.values():
            # Only for `run`: a command that prints its help and ends.
            if not service.name.endswith("operator"):
                await world.bring_up(service)
        world.take_commands(loop)
        print("ready", flush=True)
        await asyncio.Event().wait()

    up, told = asyncio.create_task(everything()), asyncio.create_task(wish.read(1))
    await asyncio.wait([up, told], return_when=asyncio.FIRST_COMPLETED)
    failed = up.exception() if up.done() else None
    if failed:
        say(str(failed) if isinstance(failed, model.Problem) else repr(failed))
    up.cancel()
    await world.stop()
    say("stopped")
    return 1 if failed else 0


code = asyncio.run(main())
sys.stdout.flush()
os._exit(code)
