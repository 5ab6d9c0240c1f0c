"""The first process of one container: makes what it sees, runs its program, asks for its health, ends it in order.

It is started as process 1 of namespaces of its own and gets a description on the first line of its standard input. Then
it prints a line of JSON for each thing that happens: {"event": "healthy"}, {"event": "unhealthy"}, {"event": "exited",
"code": n}. A line `stop`, or the end of its input, is the wish to end: the program gets its image's signal, and after
the grace time everything is killed, because a PID namespace ends with its first process.

Promises: what the program sees of this machine are the programs below /usr, read-only; the root file system, the
user, the capabilities and the secrets are those of docker-compose.yml and the image.
"""

import asyncio
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

ETC = {
    "passwd": "root:x:0:0::/:/bin/sh\nservice:x:{user}:{user}::{home}:/bin/sh\n",
    "group": "root:x:0:\nservice:x:{user}:\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "hosts": "{hosts}",
    "hostname": "{hostname}\n",
}


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


def bind(source, target, read_only):
    if pathlib.Path(source).is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    mount("--bind", source, target)
    if read_only:
        mount("-o", "remount,bind,ro", target)


def root_of(spec):
    """A file system with /usr of this machine and nothing else of it; what has a path of its own comes on top."""
    root = pathlib.Path(spec["root"])
    root.mkdir(parents=True, exist_ok=True)
    mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", root)
    bind("/usr", root / "usr", True)
    for name in ("bin", "sbin", "lib", "lib64"):
        here = pathlib.Path("/") / name
        if here.is_symlink():
            (root / name).symlink_to(os.readlink(here))
        elif here.exists():
            bind(here, root / name, True)
    for name, text in ETC.items():
        file = root / "etc" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text.format(user=spec["user"], home=spec["directory"], hosts=spec["hosts"],
                                    hostname=spec["hostname"]), encoding="utf-8")
    for name in ("ssl", "alternatives", "ld.so.cache", "erlang"):
        if os.path.exists(f"/etc/{name}"):
            bind(f"/etc/{name}", root / "etc" / name, True)
    for name in ("dev", "proc", "run", "var/lib", spec["directory"].lstrip("/")):
        (root / name).mkdir(parents=True, exist_ok=True)
    mount("--rbind", "/dev", root / "dev")
    mount("-t", "proc", "proc", root / "proc")
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)
    mount("-t", "tmpfs", "tmpfs", root / "usr/local/bin")
    for target, source in spec["programs"].items():
        bind(source, root / target.lstrip("/"), True)
    for target, (source, read_only) in spec["binds"].items():
        bind(source, root / target.lstrip("/"), read_only)
    for target in spec["tmpfs"]:
        (root / target.lstrip("/")).mkdir(parents=True, exist_ok=True)
        mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", root / target.lstrip("/"))
    if spec["read_only"]:
        mount("-o", "remount,bind,ro", root)
    return root


def as_user(spec, command):
    """The command without root and without any capability. Who is no real root maps one user to another."""
    user = spec["user"]
    if spec["mapped"]:
        return ["unshare", "--user", f"--map-user={user}", f"--map-group={user}", "setpriv", "--no-new-privs", *command]
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs", "--bounding-set=-all",
            "--inh-caps=-all", *command]


def tell(**event):
    print(json.dumps(event), flush=True)


async def healthy(health, start):
    """Whether the check passes; one that hangs does not."""
    check = await start(health["test"], asyncio.subprocess.DEVNULL)
    try:
        return await asyncio.wait_for(check.wait(), health["timeout"]) == 0
    except asyncio.TimeoutError:
        check.kill()
        return False


async def watch(health, start):
    """Failures count from the end of the start period on, or from the first success on, as Docker counts them."""
    began, failed, told = time.monotonic(), 0, None
    # Until the first success more often than asked: nobody wants to wait for the next interval.
    while True:
        ok = await healthy(health, start)
        failed = 0 if ok else failed + (told is not None or time.monotonic() - began > health["start_period"])
        now = True if ok else False if failed >= health["retries"] else told
        if now is not told:
            tell(event="healthy" if now else "unhealthy")
            told = now
        await asyncio.sleep(health["interval"] if told else min(health["interval"], 0.5))


async def main():
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    spec = json.loads(await lines.readline())
    subprocess.run(["hostname", spec["hostname"]], check=True)
    output = spec["output"]
    os.chroot(root_of(spec))
    os.chdir(spec["directory"])

    def start(command, to=None):
        return asyncio.create_subprocess_exec(
            *as_user(spec, command), env=spec["environment"], cwd=spec["directory"], stdin=asyncio.subprocess.DEVNULL,
            stdout=output[0] if to is None else to, stderr=output[1] if to is None else to, start_new_session=True)

    if spec["prepare"]:
        code = await (await start(["sh", "-c", spec["prepare"]])).wait()
        if code != 0:
            tell(event="exited", code=code)
            return
    program = await start(spec["command"])
    watching = asyncio.create_task(watch(spec["health"], start)) if spec["health"] else None

    async def wish():
        while (line := await lines.readline()) and line.strip() != b"stop":
            pass

    ended, wished = asyncio.create_task(program.wait()), asyncio.create_task(wish())
    await asyncio.wait([ended, wished], return_when=asyncio.FIRST_COMPLETED)
    if watching:
        watching.cancel()
    if not ended.done():
        program.send_signal(spec["stop"])
        await asyncio.wait([ended], timeout=spec["grace"])
    # As a shell tells it: 128 and the number of the signal. Nothing is a program that had to be killed.
    code = ended.result() if ended.done() else -signal.SIGKILL
    tell(event="exited", code=code if code >= 0 else 128 - code)
    wished.cancel()


# Signals come as words on standard input; what is typed at a terminal is for whoever started all this.
signal.signal(signal.SIGINT, signal.SIG_IGN)
asyncio.run(main())
os._exit(0)
