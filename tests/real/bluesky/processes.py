"""The servers a devnet is made of: started in a temporary directory, waited for, and ended whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_LOOPBACK = "127.0.0.1"
# All the servers get of our environment: settings in it, such as PDS_* or PGPORT, would change what they do.
_PATH = os.environ.get("PATH", os.defpath)
_POSTGRES_TIMEOUT_S = 60.0
_REDIS_TIMEOUT_S = 20.0
_NETWORK_TIMEOUT_S = 180.0  # 6 to 10 s on an idle machine, far more on a busy one
_STOP_TIMEOUT_S = 10.0

# Reads process ids until our end of the pipe closes, which happens even when this process is killed, and ends them then.
_GUARD = """
trap "" INT TERM HUP
while read -r pid; do pids="$pids $pid"; done
kill -QUIT $pids
sleep 2
kill -KILL $pids
rm -rf "$1"
"""


class DevNetError(Exception):
    """The network is not installed, did not start, or answered something a set-up step cannot live with."""


class PortTakenError(DevNetError):
    """A server found its port in use."""


class Place:
    """A temporary directory and the servers that run in it; both end with the stack they were made on."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self.path = Path(tempfile.mkdtemp(prefix="earnest-devnet-"))
        stack.callback(shutil.rmtree, self.path, ignore_errors=True)
        self.path.chmod(0o711)  # PostgreSQL runs as another user below it
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "guard", str(self.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        stack.callback(self._dismiss_guard)

    def _dismiss_guard(self) -> None:
        self._guard.kill()
        self._guard.communicate()

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        stop_signal: signal.Signals = signal.SIGKILL,
    ) -> Server:
        """Start a server and have it stopped with the place."""
        log = self.path / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=self.path,
                env={"PATH": _PATH, "HOME": str(self.path), "TMPDIR": str(self.path), **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=pass_fds,
                start_new_session=True,  # Ctrl-C is for us; we stop the servers ourselves
            )
        server = Server(name, process, log)
        self._stack.callback(server.stop, stop_signal)
        assert self._guard.stdin is not None
        self._guard.stdin.write(f"{process.pid}\n".encode())
        self._guard.stdin.flush()
        return server


@dataclass(frozen=True, slots=True)
class Server:
    """One running server program."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self, how: signal.Signals) -> None:
        """End the process, by force if it does not listen."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def ended(self) -> DevNetError:
        """Say, as an exception to raise, that the process is gone."""
        return self._failure(f"ended with status {self.process.wait(_STOP_TIMEOUT_S)}")

    def too_slow(self, timeout: float) -> DevNetError:
        """Say, as an exception to raise, that the server did not become ready."""
        return self._failure(f"was not ready after {timeout:.0f} s")

    def _failure(self, what: str) -> DevNetError:
        told = self.log.read_text(errors="replace")[-3000:]
        taken = re.search(r"EADDRINUSE|address already in use", told, re.IGNORECASE)
        return (PortTakenError if taken else DevNetError)(f"{self.name} {what}; its last words:\n{told}")

    def wait_until(self, ready: Callable[[], bool], timeout: float) -> None:
        """Return once it is ready; give up when it ends or takes too long."""
        deadline = time.monotonic() + timeout
        while True:
            answers = ready()
            # Asked after the answer: if the process is gone, somebody else answered on its port.
            if self.process.poll() is not None:
                raise self.ended()
            if answers:
                return
            if time.monotonic() > deadline:
                raise self.too_slow(timeout)
            time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind((_LOOPBACK, 0))
        return int(chosen.getsockname()[1])


def start_redis(place: Place) -> int:
    """Start a Redis and return its port when it answers."""
    port = _free_port()
    keep_nothing = ["--save", "", "--appendonly", "no"]
    server = place.start("redis", ["redis-server", "--port", str(port), "--bind", _LOOPBACK, *keep_nothing])
    server.wait_until(lambda: _redis_answers(port), _REDIS_TIMEOUT_S)
    return port


def _redis_answers(port: int) -> bool:
    try:
        with socket.create_connection((_LOOPBACK, port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _postgres_program(name: str) -> str:
    if found := shutil.which(name):
        return found
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    if not installed:
        problem = f"PostgreSQL's {name} is missing: run install.sh"
        raise DevNetError(problem)
    return str(installed[-1])


def start_postgres(place: Place) -> int:
    """Start a PostgreSQL with an empty cluster and return its port when it answers."""
    as_user, data = _make_cluster(place)
    port = _free_port()  # only now, for making the cluster takes seconds
    settings = {
        "listen_addresses": _LOOPBACK,
        "unix_socket_directories": "",
        "max_connections": "200",
        # The data is thrown away anyway, so nothing waits for the disk.
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
    }
    command = [*as_user, _postgres_program("postgres"), "-D", str(data), "-p", str(port)]
    command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    # SIGQUIT, "immediate shutdown", for SIGKILL would leave its shared memory behind.
    server = place.start("postgres", command, stop_signal=signal.SIGQUIT)
    server.wait_until(lambda: _postgres_answers(port), _POSTGRES_TIMEOUT_S)
    return port


def _make_cluster(place: Place) -> tuple[list[str], Path]:
    """Return how to run PostgreSQL's programs here, and where the data is."""
    data = place.path / "postgres"
    data.mkdir(mode=0o700)
    as_user: list[str] = []
    if os.geteuid() == 0:  # it refuses to run as root
        user = pwd.getpwnam("postgres")
        os.chown(data, user.pw_uid, user.pw_gid)
        as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    # C: the same order and the same messages (PortTakenError depends on them) on every machine.
    options = "--username=postgres --auth=trust --encoding=UTF8 --no-locale --no-sync"
    initdb = [*as_user, _postgres_program("initdb"), "-D", str(data), *options.split()]
    made = subprocess.run(initdb, cwd=place.path, capture_output=True, text=True, check=False)
    if made.returncode:
        problem = f"initdb failed:\n{made.stdout[-1000:]}{made.stderr[-2000:]}"
        raise DevNetError(problem)
    return as_user, data


def _postgres_answers(port: int) -> bool:
    command = [_postgres_program("pg_isready"), "-q", "-h", _LOOPBACK, "-p", str(port)]
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def start_network(place: Place, command: Sequence[str], environment: dict[str, str]) -> dict[str, str]:
    """Start Bluesky's servers and return their addresses once all of them answer."""
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as told:
        try:
            told_so = {"NODE_ENV": "test", "LOG_ENABLED": "false", "READY_FD": str(write_end)}
            server = place.start("network", command, environment=told_so | environment, pass_fds=[write_end])
        finally:
            os.close(write_end)  # now the pipe ends when the process does
        line = _read_line(told, server)
    return {name: url.replace("//localhost:", f"//{_LOOPBACK}:") for name, url in json.loads(line).items()}


def _read_line(told: IO[bytes], server: Server) -> bytes:
    readable, _, _ = select.select([told], [], [], _NETWORK_TIMEOUT_S)
    if not readable:
        raise server.too_slow(_NETWORK_TIMEOUT_S)
    if line := told.readline():
        return line
    raise server.ended()
