"""The watchdog is fed by progress: whatever hangs, dies or is never heard of again silences it, and /healthz says which."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from listener.progress import Progress
from responders.daemon import Daemon
from responders.ledger import beats
from responders.roles import Role
from responders.service.notify import Notifier
from responders.service.running import STORE, Service
from tests.mouth import ALONE, House
from tests.running import until


class Ticks:
    """A clock that only goes forward, and only when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Systemd:
    """What systemd is for a service: a socket that is told how it is."""

    def __init__(self, address: str, **more: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self._socket.setblocking(False)
        self.environment = {"NOTIFY_SOCKET": address, **more}

    def told(self) -> list[str]:
        found = []
        while True:
            try:
                found += self._socket.recv(4_096).decode().split("\n")
            except BlockingIOError:
                return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Systemd]:
    name = str(tmp_path / "n") if request.param == "path" else f"@earnest-{os.getpid()}"
    one = Systemd(name, WATCHDOG_USEC="30000000", WATCHDOG_PID=str(os.getpid()))
    yield one
    one.close()


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, **ALONE)
    yield made
    made.store.close()


@pytest.fixture
def service(house: House, systemd: Systemd, ticks: Ticks) -> Service:
    return Service(house.store, house.clock, notifier=Notifier(systemd.environment), progress=Progress(ticks))


def test_systemd_is_told_of_begin_reload_and_end(service: Service, systemd: Systemd) -> None:
    service.ready()
    assert "READY=1" in systemd.told()
    looked: list[str] = []
    service.reload(lambda: looked.append("again"))
    reloading, since = systemd.told()
    assert (reloading, since.partition("=")[0], looked) == ("RELOADING=1", "MONOTONIC_USEC", ["again"])
    service.rules_looked_at()
    assert systemd.told() == ["READY=1"]
    service.rules_looked_at()
    assert systemd.told() == [], "an edit that nobody asked to be read is no reload"
    service.end()
    assert "STOPPING=1" in systemd.told()


def test_the_watchdog_hears_of_us_only_while_every_loop_goes_round(service: Service, systemd: Systemd, ticks: Ticks) -> None:
    service.mark("think", 10)
    service.mark("speak", 100)
    service.feed()
    assert systemd.told() == ["WATCHDOG=1"]
    ticks.now += 11
    service.feed()
    service.feed()
    assert systemd.told() == ["STATUS=Stalled: think."], "said once; the watchdog hears nothing"
    service.mark("think", 10)
    service.feed()
    assert systemd.told() == ["STATUS=Listens, judges and drafts.", "WATCHDOG=1"]


async def test_a_writer_that_hangs_silences_it(service: Service, house: House, systemd: Systemd, ticks: Ticks) -> None:
    let_go = threading.Event()
    async with service.running():
        stuck = asyncio.create_task(house.store.awrite(lambda _tx: let_go.wait(30)))
        await asyncio.sleep(0)
        ticks.now += 91
        systemd.told()
        service.feed()
        assert systemd.told() == [f"STATUS=Stalled: {STORE}."]
        assert service.health()["status"] == "stalled"
        let_go.set()
        await stuck


async def test_a_loop_that_died_silences_it_and_the_others_do_not_hide_that(house: House, service: Service, ticks: Ticks) -> None:
    await house.hear(house.post("p1", "@acme hello there, one thing"))

    def dies(_event: object) -> None:
        raise asyncio.CancelledError

    # Nobody listens here: whoever looks after the ear would take a clock that jumps for a machine that slept, and forgive it.
    daemon = Daemon(service.store, house.book, house.clock, tell=dies, pulse=service, roles=[Role.THINK, Role.SEND])
    stop = asyncio.Event()
    running = asyncio.create_task(daemon.run(stop))
    await until(lambda: bool(service.health()["ready"]) and not house.rows("SELECT 1 FROM mentions WHERE decided = 0"), "decided")
    ticks.now += 121
    await until(lambda: [one.name for one in service.progress.stalled()] == ["think"], "the others go round again within a tick")
    assert service.health()["live"] is False
    stop.set()
    await running
    assert [name for name in service.progress.names() if name != "think"] == [], "nothing is expected of what ended as it should"


@pytest.mark.parametrize("said", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}, {"NOTIFY_SOCKET": "/nowhere/at/all"}])
def test_where_nobody_listens_nothing_is_told_and_nothing_fails(said: dict[str, str]) -> None:
    Notifier(said).tell("READY=1")


def test_the_watchdog_of_another_process_is_not_ours() -> None:
    told = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "2000000"}
    assert Notifier(told).watchdog == 2.0
    assert Notifier({**told, "WATCHDOG_PID": str(os.getpid())}).watchdog == 2.0
    assert Notifier({**told, "WATCHDOG_PID": "1"}).watchdog is None
    assert Notifier({**told, "WATCHDOG_USEC": "soon"}).watchdog is None
    assert Notifier({"WATCHDOG_USEC": "2000000"}).watchdog is None


async def test_a_sign_of_life_stands_in_the_store_while_it_runs(house: House, service: Service) -> None:
    house.store.write(lambda tx: tx.run("INSERT INTO facts (name, value, at) VALUES ('rules_version', 'abc', '2026-01-01T00:00:00Z')"))
    async with service.running():
        await until(lambda: bool(beats.all_(house.store.read())), "a sign of life")
        found = beats.all_(house.store.read())
        assert (found[0].rules, found[0].since, found[0].stalled) == ("abc", house.clock(), ())
        assert found[0].files > 0
    assert beats.all_(house.store.read()) == []


async def test_a_store_that_says_no_is_not_ready_and_yet_alive(house: House, service: Service) -> None:
    service.ready()
    house.store.write(lambda tx: tx.run("ALTER TABLE facts RENAME TO gone"))
    async with service.running():
        await until(lambda: not service.health()["ready"], "the store said no")
        assert (service.health()["live"], service.health()["status"]) == (True, "store")
