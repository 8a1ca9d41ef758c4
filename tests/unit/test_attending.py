"""A poller that says nothing any more: it is noticed within three of its intervals, told of, shown, and begun anew."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from listener.attending import Attendant
from listener.listening import Listening
from listener.polling import Ear
from listener.progress import Progress
from listener.pulse import Polled, Pulse
from listener.rules.rulebook import Rulebook
from listener.store.base import Row
from listener.store.schema import MIGRATIONS as HEARING
from listener.store.sqlite import SqliteStore
from listener.watching import Hearing
from responders import alerts
from responders.ledger import incidents
from responders.ledger.schema import MIGRATIONS as ANSWERING
from tests import board
from tests.mouth import ALONE, House
from tests.program import Program
from tests.running import until
from tests.street import RULES

EVERY = 60.0


class Ticks:
    """A clock that only goes forward, and only when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Mute(asyncio.Protocol):
    """A server that takes a question and never answers; it hangs up at the end of the test."""

    open: ClassVar[list[asyncio.Transport]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.open.append(transport)  # type: ignore[arg-type]


class Counted(Pulse):
    """Writes down what it is told."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(progress)
        self.polls: list[Polled] = []
        self.silences: list[str] = []

    def polled(self, polled: Polled) -> None:
        self.polls.append(polled)

    def silent(self, source: str) -> None:
        self.silences.append(source)


@contextmanager
def locked(store: SqliteStore) -> Iterator[None]:
    """Keep the store from taking anything in."""
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@dataclass
class Kept:
    """A house that listens to the board, on clocks that are the test's."""

    house: House
    ticks: Ticks
    pulse: Counted
    everything: Listening
    told: list[Hearing]

    async def asked(self, *ways: str) -> None:
        """Wait until the board was asked so many times; the last poll is under way."""
        await until(lambda: board.polls == list(ways), "asked")

    async def ended(self, many: int) -> None:
        await until(lambda: len(self.pulse.polls) == many, "polled")

    async def look(self, seconds: float) -> None:
        """Let time pass and the attendant look once. It really looks every second, so it is told that it saw no sleep."""
        self.ticks.now += seconds
        self.house.clock.forward(seconds=seconds)
        self.everything._attendant._looked = self.ticks.now  # noqa: SLF001
        await self.everything._attendant.look()  # noqa: SLF001

    def source(self) -> Row:
        (row,) = self.house.store.read().all("SELECT * FROM sources")
        return row

    async def incidents(self) -> list[str]:
        """Take note as the alerts do in every round; return what stands open."""
        at = self.house.clock()
        if alerts.notice(self.house.store.read(), at=at):
            await self.house.store.awrite(lambda tx: alerts.take_note(tx, at=at))
        return [str(row["words"]) for row in incidents.open_(self.house.store.read())]


Listens = Callable[..., Awaitable[Kept]]


@pytest.fixture
async def listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Listens]:
    board.offer(tmp_path / "plugins")
    monkeypatch.syspath_prepend(str(tmp_path / "plugins"))
    board.polls.clear()
    board.made.clear()
    board.rung = asyncio.Event()
    server = await asyncio.get_running_loop().create_server(Mute, "127.0.0.1", 0)
    house = House(tmp_path, lambda url: SqliteStore(url, (HEARING, ANSWERING), patience=0.01), **ALONE)
    ticks, told = Ticks(), []  # type: ignore[var-annotated]
    pulse, ear = Counted(Progress(ticks)), Ear(house.store, house.book, house.clock)
    running: list[Listening] = []

    async def start(*ways: str) -> Kept:
        options = {"every": f"{EVERY:.0f}s", "ways": list(ways), "port": server.sockets[0].getsockname()[1]}
        book = Rulebook.model_validate({**RULES, "sources": {"board": options}})
        everything = Listening(house.store, book, house.clock, ear=lambda: ear, heard=lambda _: None, tell=told.append, pulse=pulse)
        monkeypatch.setattr(everything._attendant, "run", asyncio.Event().wait)  # noqa: SLF001  # it looks when the test says so
        running.append(everything)
        await everything.start()
        return Kept(house, ticks, pulse, everything, told)

    yield start
    board.made.clear()
    for connection in Mute.open:
        connection.abort()
    for one in running:
        one._attending.cancel()  # type: ignore[union-attr]  # noqa: SLF001
        await one.stop()
    house.store.close()
    server.close()


async def test_a_poll_that_hangs_for_ever_is_noticed_within_three_intervals_and_begun_anew(listens: Listens) -> None:
    kept = await listens("well", "hang")
    await kept.ended(1)
    polled_at = kept.source()["polled_at"]
    board.rung.set()
    await kept.asked("well", "hang")
    await kept.look(3 * EVERY)
    assert (kept.pulse.silences, kept.told) == ([], []), "three intervals have not passed since the last poll"
    await kept.look(1)
    assert kept.pulse.silences == ["board"]
    assert [(one.source, one.state) for one in kept.told] == [("board", "silent")]
    await kept.ended(2)
    assert board.polls == ["well", "hang", "well"], "it is heard again at once"
    assert len(board.made) == 2, "by a source of its own"
    assert kept.source()["state"] == "listening"
    assert str(kept.source()["polled_at"]) > str(polled_at)


async def test_our_people_are_told_even_where_it_was_heard_again_before_anybody_looked(listens: Listens) -> None:
    kept = await listens("hang")
    await kept.asked("hang")
    await kept.look(3 * EVERY)
    await kept.ended(1)
    assert kept.house.store.read().one("SELECT 1 FROM silences WHERE ended_at IS NULL") is None
    assert await kept.incidents() == [], "it is over, and told all the same"
    (raised,) = kept.house.store.read().all("SELECT * FROM incidents")
    assert str(raised["words"]).startswith("Earnest heard nothing of board any more: its poller says nothing any more (it hangs)")
    assert raised["told_at"] is None
    assert await kept.incidents() == [], "once"


async def test_while_it_stays_silent_the_status_and_one_incident_say_so(listens: Listens, tmp_path: Path) -> None:
    kept = await listens("hang", "hang", "hang")
    await kept.asked("hang")
    await kept.look(3 * EVERY)
    await kept.asked("hang", "hang")
    assert len(await kept.incidents()) == 1
    run = Program(kept.house.store.url, tmp_path / "rules.yaml", {})
    (source,) = run.status()["sources"]
    assert (source["state"], source["detail"]) == ("silent", "its poller says nothing any more (it hangs)")
    await kept.look(3 * EVERY)
    assert board.polls == ["hang", "hang"], "it has twice the patience now: what is only slow gets to its end"
    await kept.look(3 * EVERY)
    await kept.asked("hang", "hang", "hang")
    assert len(await kept.incidents()) == 1
    assert len(kept.house.store.read().all("SELECT 1 FROM incidents")) == 1, "nobody is told of the same again and again"


async def test_a_poller_whose_task_ended_is_begun_anew_at_the_next_look(listens: Listens) -> None:
    kept = await listens("broken off")
    await kept.asked("broken off")
    await kept.look(1)
    await kept.ended(1)
    assert board.polls == ["broken off", "well"]
    assert kept.pulse.silences == ["board"]
    assert str(kept.house.store.read().all("SELECT reason FROM silences")[0]["reason"]).endswith("(it was broken off)")


async def test_a_poller_that_does_not_let_itself_be_broken_off_is_left_behind(listens: Listens, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listener.attending._LAST_MOMENT", 0.01)
    kept = await listens("deaf")
    await kept.asked("deaf")
    await kept.look(3 * EVERY)
    await kept.ended(1)
    assert board.polls == ["deaf", "well"]


async def test_one_that_dies_at_every_start_is_not_begun_anew_all_the_time(listens: Listens) -> None:
    kept = await listens(*["broken off"] * 100)
    for _ in range(60):
        await kept.look(1)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert 3 <= len(board.made) <= 7


async def test_one_that_cannot_be_made_any_more_leaves_the_others_attended() -> None:
    ticks, begun = Ticks(), asyncio.Event()
    attendant = Attendant(Pulse(Progress(ticks)), asyncio.Event(), lambda *_: asyncio.sleep(0))

    async def dies() -> None:
        """End at once."""

    async def broken() -> Coroutine[object, object, None]:
        raise ValueError

    async def whole() -> Coroutine[object, object, None]:
        async def run() -> None:
            begun.set()

        return run()

    attendant.keep("one", dies(), broken, within=EVERY)
    attendant.keep("another", dies(), whole, within=EVERY)
    await asyncio.gather(*attendant.tasks)
    await attendant.look()
    await asyncio.wait_for(begun.wait(), 10)


async def test_polls_that_fail_are_no_silence_and_neither_are_long_rests(listens: Listens) -> None:
    kept = await listens("fails")
    await kept.ended(1)
    assert kept.pulse.polls[0].state == "failing"
    await kept.look(2 * EVERY)
    assert kept.pulse.silences == []


async def test_a_poll_that_nobody_can_see_in_the_store_counts_as_none(listens: Listens) -> None:
    kept = await listens("well", "well")
    await kept.ended(1)
    with locked(kept.house.store):
        board.rung.set()
        await kept.ended(2)
    await kept.look(3 * EVERY + 1)
    assert kept.pulse.silences == ["board"]


async def test_a_program_that_was_put_to_sleep_holds_nothing_against_its_pollers(listens: Listens) -> None:
    kept = await listens("hang")
    await kept.asked("hang")
    kept.ticks.now += 3_600
    await kept.everything._attendant.look()  # noqa: SLF001
    assert kept.pulse.silences == []
    await kept.look(3 * EVERY)
    assert kept.pulse.silences == ["board"], "and yet notices one that goes on hanging"


async def test_where_no_source_at_all_is_heard_for_long_the_fault_is_ours(listens: Listens) -> None:
    kept = await listens(*["hang"] * 100)
    for many in (1, 2, 3, 4, 5):  # after 120, 240, 480, 900 and 900 seconds
        await until(lambda many=many: len(board.polls) == many, "asked")  # type: ignore[misc]
        assert [one.name for one in kept.pulse.progress.stalled()] == []
        await kept.look(kept.everything.watchers[0].patience + 1)
    assert [one.name for one in kept.pulse.progress.stalled()] == ["hear"], "its poller was begun anew each time, and that is no help"


def test_whoever_ended_no_round_in_time_is_stalled() -> None:
    ticks = Ticks()
    progress = Progress(ticks)
    progress.mark("think", 10)
    progress.mark("speak", 20)
    ticks.now += 10
    assert progress.stalled() == ()
    ticks.now += 1
    assert [(one.name, one.quiet) for one in progress.stalled()] == [("think", 11)]
    assert [one.name for one in progress.stalled(ticks.now + 100)] == ["speak", "think"]
    progress.mark("think", 10)
    progress.forget("speak")
    assert (progress.stalled(), progress.names()) == ((), ("think",))
