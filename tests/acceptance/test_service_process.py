"""The real daemon as systemd would run it: what it tells, when it stops telling, and what it logs where nobody watches."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests import board
from tests.running import PATIENCE, until
from tests.terminal import EARNEST

ROOT = Path(__file__).parents[2]
CANARY = "kanarienvogel"
RULES = {
    "version": 1,
    "mode": "draft",
    "brands": {"acme": {"names": ["Acme"], "handles": {"board": "acme"}}},
    "routes": [{"name": "all", "when": "always", "reply": "hello"}],
    "templates": {"hello": "Could you say a little more?"},
}


class Unit:
    """A service, started as a unit of `Type=notify-reload` with a watchdog is."""

    def __init__(self, folder: Path, address: str, **source: object) -> None:
        self.folder = folder
        self.rules = folder / "rules.yaml"
        self.sources = {"board": {"every": "60s", **source}}
        self.rules.write_text(json.dumps({**RULES, "sources": self.sources}), encoding="utf-8")
        board.offer(folder / "plugins")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self._socket.setblocking(False)
        self._environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder / "plugins")]),
            "NOTIFY_SOCKET": address,
            "WATCHDOG_USEC": "300000",
            "EARNEST_STORE": f"sqlite:///{folder}/earnest.db",
            "EARNEST_RULES": str(self.rules),
            "EARNEST_HTTP": f"unix:{folder}/http.sock",
            "EARNEST_SECRET_BOARD_READ": f"{CANARY}-secret",
        }
        self.told: list[str] = []
        self.process: Process | None = None

    async def start(self, *arguments: str) -> None:
        self.process = await asyncio.create_subprocess_exec(
            EARNEST, "run", *arguments, env=self._environment, cwd=self.folder, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
        )

    async def hears(self, line: str) -> None:
        """Wait until we are told that line, which then counts as read, with all before it."""
        async with asyncio.timeout(PATIENCE):
            while line not in self.told:
                datagram = await asyncio.get_running_loop().sock_recv(self._socket, 4_096)
                self.told += datagram.decode().split("\n")
        del self.told[: self.told.index(line) + 1]

    async def hears_nothing(self, seconds: float) -> bool:
        """Return whether nothing comes for so long; what has come already is read first."""
        while True:
            try:
                self._socket.recv(4_096)
            except BlockingIOError:
                break
        try:
            async with asyncio.timeout(seconds):
                await asyncio.get_running_loop().sock_recv(self._socket, 4_096)
        except TimeoutError:
            return True
        return False

    async def ask(self, path: str) -> tuple[int, str]:
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(f"{self.folder}/http.sock")) as session:
            answer = await session.get(f"http://localhost{path}")
            return answer.status, await answer.text()

    async def end(self) -> list[dict[str, Any]]:
        """End it as systemd does; return what it logged, an object a line."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        out, err = await self.process.communicate()
        assert out == b""
        return [json.loads(line) for line in err.decode().splitlines()]

    async def close(self) -> None:
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.communicate()
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
async def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "notify") if request.param == "path" else f"@earnest-test-{os.getpid()}-{id(tmp_path)}"


@pytest.fixture
async def unit(tmp_path: Path, address: str) -> AsyncIterator[Unit]:
    one = Unit(tmp_path, address, post=f"@acme {CANARY} my hand is burned by your kettle", author=f"{CANARY}-handle")
    yield one
    await one.close()


async def test_a_whole_life_as_systemd_sees_it(unit: Unit) -> None:
    await unit.start()
    await unit.hears("READY=1")
    await unit.hears("WATCHDOG=1")
    await unit.hears("WATCHDOG=1")
    assert unit.process
    edited = {**RULES, "sources": unit.sources, "templates": {"hello": "Could you tell us more?"}}
    unit.rules.write_text(json.dumps(edited), encoding="utf-8")
    unit.process.send_signal(signal.SIGHUP)
    await unit.hears("RELOADING=1")
    assert unit.told[0].startswith("MONOTONIC_USEC=")
    await unit.hears("READY=1")

    async def decided() -> bool:
        return 'earnest_mentions_decided_total{level="' in (await unit.ask("/metrics"))[1]

    await until(decided, "the mention was decided")
    assert (await unit.ask("/healthz"))[0] == 200
    metrics = (await unit.ask("/metrics"))[1]
    assert 'earnest_mentions_heard_total{level="' in metrics
    logged = await unit.end()
    assert unit.process.returncode == 0
    await unit.hears("STOPPING=1")
    assert {one["event"] for one in logged} >= {"says", "decided", "new rules taken"}
    assert all({"event", "level", "timestamp"} <= one.keys() for one in logged)
    assert CANARY not in json.dumps(logged) + metrics


async def test_an_event_loop_that_hangs_silences_the_watchdog(tmp_path: Path) -> None:
    reached = asyncio.Event()
    server = await asyncio.start_server(lambda _reader, writer: (reached.set(), writer.close()), "127.0.0.1", 0)
    unit = Unit(tmp_path, str(tmp_path / "notify"), ways=["block"], port=server.sockets[0].getsockname()[1])
    try:
        await unit.start()
        async with asyncio.timeout(PATIENCE):
            await reached.wait()
        assert await unit.hears_nothing(1.0), "three times the watchdog's own patience"
        assert unit.process
        assert unit.process.returncode is None
    finally:
        await unit.close()
        server.close()


async def test_where_it_cannot_begin_its_last_word_is_a_line_of_the_log_too(unit: Unit) -> None:
    unit.rules.write_text("version: 1\nrouts: []\n", encoding="utf-8")
    await unit.start()
    assert unit.process
    out, err = await unit.process.communicate()
    assert (unit.process.returncode, out) == (78, b"")
    (last,) = [json.loads(line) for line in err.decode().splitlines()]
    assert (last["event"], last["level"], last["exit_code"]) == ("ended", "critical", 78)
    assert "routs" in last["problem"]


async def test_people_get_words_where_they_ask_for_them(unit: Unit) -> None:
    unit.rules.write_text("version: 1\nrouts: []\n", encoding="utf-8")
    await unit.start("--log", "text")
    assert unit.process
    _, err = await unit.process.communicate()
    assert err.decode().startswith("earnest: ")
