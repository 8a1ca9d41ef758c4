"""A server that says nothing any more: what is sent to it is swallowed, no connection ends. Whoever asks keeps nobody else waiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psycopg
import pytest

from listener.clock import let_go, now
from listener.errors import Unreachable
from listener.places import read_place
from listener.store.base import Reader, Row, Store, Tx
from responders.daemon import Daemon
from responders.house import open_store
from responders.ledger import facts
from responders.roles import Role
from responders.service.running import Service
from tests import keeping
from tests.machines.wire import Wire
from tests.mouth import House
from tests.running import until

pytestmark = pytest.mark.on_a_server

_PASSWORD = "knock-knock"
_TO_END = 15.0  # seconds, of which ending takes ten at most, on an idle machine
_AT_MOST = 10.0  # seconds of silence, so that a test in which everything stands still comes to an end, and fails


@dataclass
class Silence:
    """A server behind a wire that somebody else carries: it can be cut while this very thread stands still."""

    url: str
    wire: Wire
    loop: asyncio.AbstractEventLoop
    in_vain: bool = False

    @contextmanager
    def falls(self, at_most: float = _AT_MOST) -> Iterator[None]:
        """Say nothing as long as the context lasts, which must not be too long."""
        self.loop.call_soon_threadsafe(self.wire.cut)
        guard = threading.Timer(at_most, self._give_up)
        guard.start()
        yield
        guard.cancel()
        self.loop.call_soon_threadsafe(self.wire.mend)
        assert not self.in_vain, "everything stood still until the server spoke again"

    def _give_up(self) -> None:
        self.in_vain = True
        self.loop.call_soon_threadsafe(self.wire.mend)


@pytest.fixture
def silence(tmp_path: Path) -> Iterator[Silence]:
    server, name = keeping.server(), f"silent_{tmp_path.name}"
    open_store(server.make(name), create=True).close()
    with psycopg.connect(server.url(name), autocommit=True) as link:
        link.execute(f"CREATE ROLE {name} LOGIN SUPERUSER PASSWORD '{_PASSWORD}'")
    loop, wire = asyncio.new_event_loop(), Wire(server.port)
    carrier = threading.Thread(target=loop.run_forever)
    carrier.start()
    asyncio.run_coroutine_threadsafe(wire.__aenter__(), loop).result()
    yield Silence(f"postgresql://{name}:{_PASSWORD}@127.0.0.1:{wire.here}/{name}", wire, loop)
    asyncio.run_coroutine_threadsafe(wire.__aexit__(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    carrier.join()
    loop.close()
    let_go()
    server.drop(name)
    with psycopg.connect(server.url("postgres"), autocommit=True) as link:
        link.execute(f"DROP ROLE {name}")


async def test_who_asks_waits_and_nobody_else(silence: Silence) -> None:
    asked = threading.Event()

    def question(reader: Reader) -> Row | None:
        asked.set()
        return reader.one("SELECT 1 AS here")

    with closing(open_store(silence.url)) as store:
        assert await store.aread(question) == {"here": 1}
        asked.clear()
        with silence.falls():
            waits = asyncio.create_task(store.aread(question))
            await until(asked.is_set, "the question is asked")
            assert not waits.done()
        assert await waits == {"here": 1}, "asked anew as soon as it is there again"


async def test_what_may_not_be_awaited_is_given_up(silence: Silence) -> None:
    with closing(open_store(silence.url)) as store:
        assert store.read_within(lambda reader: reader.one("SELECT 1 AS here"), 5.0) == {"here": 1}
        with silence.falls(), pytest.raises(TimeoutError):
            store.read_within(lambda reader: reader.one("SELECT 1 AS here"), 0.1)


async def test_a_daemon_goes_on_answering_while_its_store_says_nothing(silence: Silence, tmp_path: Path) -> None:
    place, stop = read_place(f"unix:{tmp_path}/door"), asyncio.Event()
    with closing(open_store(silence.url)) as store:
        service = Service(store, now, place=place)
        book = House(tmp_path).book
        daemon = Daemon(service.store, book, now, roles=[Role.THINK, Role.SEND], pulse=service, rules_path=tmp_path / "rules.yaml")
        async with service.running(), aiohttp.ClientSession(connector=aiohttp.UnixConnector(f"{tmp_path}/door")) as session:

            async def health() -> dict[str, object]:
                async with session.get("http://localhost/healthz") as answer:
                    return dict(await answer.json())

            running = asyncio.create_task(daemon.run(stop))
            await until(lambda: bool(service.health()["ready"]), "everything has begun")
            with silence.falls():
                await until(lambda: silence.wire.swallowed >= len(("think", "alert", "speak", "rules")), "all of them wait")
                assert (await health())["live"] is True
            stop.set()
            await running


async def test_a_daemon_ends_in_time_whatever_its_store_says(silence: Silence, tmp_path: Path) -> None:
    stop, begun, store = asyncio.Event(), asyncio.Event(), open_store(silence.url)
    service = Service(store, now)
    daemon = Daemon(service.store, House(tmp_path).book, now, pulse=service, rules_path=tmp_path / "rules.yaml")

    async def serve() -> None:
        async with service.running():
            begun.set()
            await daemon.run(stop)

    running = asyncio.create_task(serve())
    await begun.wait()
    await until(lambda: bool(service.health()["ready"]), "everything has begun")
    with silence.falls(_TO_END):
        await until(lambda: silence.wire.swallowed >= len(("think", "alert", "speak", "rules")), "all of them wait")
        stop.set()
        await running
        await asyncio.to_thread(store.close)
    _whole(silence)


async def test_a_store_closes_whatever_hangs_in_it(silence: Silence) -> None:
    store = open_store(silence.url)
    store.hold_alone()
    _keep("before", store)
    store.write(lambda tx: facts.keep(tx, "beside", "kept", at=now()), alongside=True)
    store.read().one("SELECT 1 AS here")

    def half(tx: Tx) -> None:
        for name in ("one", "other"):
            facts.keep(tx, name, "kept", at=now())

    with store.bells(lambda _bell: None), silence.falls(_TO_END):
        hanging = [
            asyncio.create_task(waits)
            for waits in (
                store.aread(facts.known),
                store.awrite(half),
                store.awrite(half, alongside=True),
                store.awrite_first(half),
            )
        ]
        await until(lambda: silence.wire.swallowed >= len(hanging), "all of them wait")
        await asyncio.to_thread(store.close)
        ended = await asyncio.gather(*hanging, return_exceptions=True)
    assert all(isinstance(one, Unreachable) for one in ended), ended
    with pytest.raises(Unreachable):
        store.read().one("SELECT 1 AS here")
    assert _whole(silence) == {"before", "beside"}, "of what failed nothing is stored"


def _whole(silence: Silence) -> set[str]:
    """Return what is kept in the store, which takes new things."""
    with closing(open_store(silence.url)) as store:
        found = set(facts.known(store.read()))
        _keep("afterwards", store)
        assert set(facts.known(store.read())) == {*found, "afterwards"}
        return found


def _keep(name: str, store: Store) -> None:
    store.write(lambda tx: facts.keep(tx, name, "kept", at=now()))
