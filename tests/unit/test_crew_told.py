"""Several machines on one store: that none of them does a part of the work is told by whichever can, once, and is over when one does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
import time_machine
from apprise.decorators import notify

from listener import clock
from listener.rules.rulebook import Rulebook
from listener.store.base import Store, Tx
from responders.crew import Crew
from responders.daemon import Daemon
from responders.house import open_store
from responders.ledger import incidents
from responders.roles import Role
from tests.street import RULES

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BELLS = count()
TEAMS = {"day": {"alert": "secret:day"}, "night": {"alert": "secret:night"}}
BOOK = Rulebook.model_validate({**RULES, "sources": {}, "teams": TEAMS, "tell": "night"}).read_from("these", "first")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/earnest.db", create=True)
    opened.shared = True
    yield opened
    opened.close()


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the team was told; its address is known on this machine."""
    heard: list[str] = []
    bell = f"crewbell{next(BELLS)}"  # the library keeps what it was given

    @notify(on=bell)  # type: ignore[untyped-decorator]  # a service as anybody may add one to the library
    def ring(body: str, *_: object, **__: object) -> bool:
        heard.append(body)
        return True

    monkeypatch.setenv("EARNEST_SECRET_NIGHT", f"{bell}://here")
    return heard


def daemon(store: Store, *roles: Role) -> Daemon:
    return Daemon(store, BOOK, clock.now, roles=roles)


async def beats(store: Store, *roles: Role, minutes: float, book: Rulebook = BOOK) -> None:
    """Have a machine with these roles say that it is there, now and some minutes later."""
    crew = Crew(store, " ".join(roles), roles, lambda: book)
    await crew.beat()
    with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=False):
        await crew.beat()


def open_now(store: Store) -> list[str]:
    return [str(row["name"]) for row in incidents.open_(store.read())]


async def test_it_is_an_incident_after_a_minute_and_over_when_one_does_it(store: Store) -> None:
    with time_machine.travel(NOON, tick=False):
        await beats(store, Role.LISTEN, minutes=0.9)
        assert open_now(store) == [], "one that is started again is away for a moment"
    with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
        await beats(store, Role.LISTEN, minutes=0)
        assert open_now(store) == ["undone think", "undone send"]
        (think, send) = (str(row["words"]) for row in incidents.open_(store.read()))
        assert think.startswith("no machine decides, drafts or tells teams. ")
        assert "Start one: earnest run --only send" in send
        await beats(store, Role.THINK, minutes=0)
        assert open_now(store) == ["undone send"]
        await beats(store, Role.SEND, minutes=0)
        assert open_now(store) == []


async def test_while_all_only_observe_nobody_has_to_send(store: Store) -> None:
    with time_machine.travel(NOON, tick=False):
        await beats(store, Role.LISTEN, minutes=2, book=BOOK.model_copy(update={"mode": "observe"}))
    assert open_now(store) == ["undone think"]


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # one of the alert library's own services
async def test_whoever_is_there_tells_that_nobody_decides_once_and_nothing_else(store: Store, rung: list[str]) -> None:
    store.write(lambda tx: incidents.raise_(tx, "gap mastodon", "something else", at=NOON))
    with time_machine.travel(NOON, tick=False):
        await beats(store, Role.SEND, minutes=2)
    with time_machine.travel(NOON + timedelta(minutes=2), tick=False):
        for _ in range(2):
            for role in (Role.SEND, Role.LISTEN):
                await daemon(store, role)._stand_in()  # noqa: SLF001  # what its clock does every half minute
        (words,) = rung
        assert words.startswith("no machine decides, drafts or tells teams. ")
        thinker = daemon(store, Role.THINK)
        assert await thinker._turns.mine("alerts"), "who thinks again tells all else"  # noqa: SLF001
        await thinker._alert()  # noqa: SLF001
    assert rung[1:] == ["something else"]


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # one of the alert library's own services
async def test_that_nobody_decides_is_told_however_much_else_waits_to_be_told(store: Store, rung: list[str]) -> None:
    def much(tx: Tx) -> None:
        for number in range(25):
            incidents.raise_(tx, incidents.parked(number), "something else", at=NOON)

    store.write(much)
    with time_machine.travel(NOON, tick=False):
        await beats(store, Role.SEND, minutes=2)
    with time_machine.travel(NOON + timedelta(minutes=2), tick=False):
        await daemon(store, Role.SEND)._stand_in()  # noqa: SLF001
    assert len(rung) == 1


@pytest.mark.usefixtures("rung")
async def test_a_machine_that_does_not_know_whom_to_tell_leaves_it_to_others(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EARNEST_SECRET_NIGHT")
    with time_machine.travel(NOON, tick=False):
        await beats(store, Role.SEND, minutes=2)
    with time_machine.travel(NOON + timedelta(minutes=2), tick=False):
        await daemon(store, Role.SEND)._stand_in()  # noqa: SLF001
    (row,) = incidents.open_(store.read())
    assert (row["told_at"], row["problem"], row["attempts"]) == (None, "", 0)


def test_those_that_think_need_nobody_to_stand_in(store: Store) -> None:
    def ticks(*roles: Role) -> list[str]:
        return [name for _, name, _ in daemon(store, *roles)._ticks()]  # noqa: SLF001

    assert ("stand in" in ticks(Role.SEND), "stand in" in ticks(Role.SEND, Role.THINK)) == (True, False)
