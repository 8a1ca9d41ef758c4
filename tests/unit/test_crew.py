"""Several machines on one store: what is sent by itself waits while they work by different rules, and people are told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from listener.rules.rulebook import Rulebook
from listener.store.base import Store
from responders import upkeep, views
from responders.cli.machines import machine_json, machines_parts, machines_title, machines_words
from responders.cli.phrases import ago
from responders.cli.status import health_json
from responders.crew import Crew
from responders.findings import State
from responders.house import open_store
from responders.ledger import incidents, machines
from responders.roles import ALL_ROLES, Role
from tests.street import RULES

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BOOK = Rulebook.model_validate({**RULES, "sources": {}}).read_from("these", "first")
OTHER = BOOK.read_from("those", "other")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/earnest.db", create=True)
    opened.shared = True
    with time_machine.travel(NOON, tick=False):
        yield opened
    opened.close()


def crew(store: Store, name: str, book: Rulebook, roles: frozenset[Role] = ALL_ROLES) -> Crew:
    return Crew(store, name, roles, lambda: book)


async def test_machines_are_known_while_they_live(store: Store) -> None:
    a, b = crew(store, "a", BOOK, frozenset({Role.SEND, Role.THINK})), crew(store, "b", BOOK)
    await a.beat()
    await b.beat()
    assert [(one.name, one.roles) for one in machines.there(store.read())] == [("a", ("think", "send")), ("b", ("listen", "think", "send"))]
    await b.leave()
    assert [one.name for one in machines.there(store.read())] == ["a"]
    with time_machine.travel(NOON + machines.GONE, tick=False):
        assert machines.there(store.read()) == []


async def test_different_rules_are_seen_at_once_told_after_a_minute_and_over_when_they_agree(store: Store) -> None:
    a, b = crew(store, "a", BOOK), crew(store, "b", OTHER)
    await a.beat()
    assert machines.differing(store.read()) == ""
    await b.beat()
    said = machines.differing(store.read())
    assert "different rules" in said
    assert "other (mode draft) on b" in said
    assert incidents.open_(store.read()) == [], "an edit takes a moment to reach every machine"
    for seconds in (20, 40):
        with time_machine.travel(NOON + timedelta(seconds=seconds), tick=False):
            await a.beat()
            await b.beat()
            assert incidents.open_(store.read()) == []
    with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
        await a.beat()
        (told,) = incidents.open_(store.read())
        assert "waits until they agree" in str(told["words"])
        await crew(store, "b", BOOK).beat()
        assert incidents.open_(store.read()) == []
        assert machines.differing(store.read()) == ""


async def test_a_machine_that_only_listens_may_have_other_rules_a_while(store: Store) -> None:
    await crew(store, "a", BOOK).beat()
    await crew(store, "b", OTHER, frozenset({Role.LISTEN})).beat()
    assert machines.differing(store.read()) == ""


async def test_another_mode_is_another_way_to_work(store: Store) -> None:
    await crew(store, "a", BOOK).beat()
    await crew(store, "b", BOOK.model_copy(update={"mode": "send"})).beat()
    assert machines.differing(store.read()) != ""


async def test_status_names_the_machines(store: Store) -> None:
    await crew(store, "web-1", BOOK, frozenset({Role.LISTEN})).beat()
    health = views.health(store, running=True, at=NOON)
    (words,) = machines_words(health.machines, NOON)
    assert words.startswith("web-1  listen; rules first, mode draft, Earnest ")
    assert health_json(health, (), NOON)["machines"] == [machine_json(one) for one in health.machines]


async def test_status_and_doctor_say_what_no_machine_does(store: Store) -> None:
    await crew(store, "ear", BOOK, frozenset({Role.LISTEN})).beat()
    await crew(store, "mouth", BOOK, frozenset({Role.SEND})).beat()
    health = views.health(store, running=True, at=NOON)
    _, missing = machines_parts(health.machines, health.lost, NOON)
    assert missing == ("No machine decides, drafts or tells teams", ["start one: earnest run --only think"])
    found = upkeep.alive(store.read(), health, BOOK, at=NOON)
    assert [(one.state, one.message) for one in found if one.check == "machines"] == [
        (State.WRONG, "no machine decides, drafts or tells teams")
    ]
    await crew(store, "mind", BOOK, frozenset({Role.THINK})).beat()
    assert len(list(machines_parts(machines.there(store.read()), [], NOON))) == 1


async def test_status_says_which_machine_went_without_a_word(store: Store) -> None:
    a, b = crew(store, "a", BOOK), crew(store, "b", BOOK)
    await a.beat()
    await b.beat()
    later = NOON + timedelta(seconds=15)
    with time_machine.travel(later, tick=False):
        await a.beat()
        of_a, of_b = machines_words(machines.there(store.read()), later)
        assert "NOT HEARD OF" not in of_a
        assert of_b.endswith("NOT HEARD OF for 15 s")
    later = NOON + timedelta(minutes=3)
    with time_machine.travel(later, tick=False):
        await a.beat()
        health = views.health(store, running=True, at=later)
        assert [one.name for one in health.machines] == ["a"]
        *_, gone = machines_parts(health.machines, health.lost, later)
        assert gone == ("1 machine went without a word", ["b  listen, think, send; last heard of 3 min ago"])
        await a.leave()
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        assert machines.lost(store.read()) == [], "who left in order is not missed, and nobody is for ever"


def test_what_is_a_moment_ahead_by_another_clock_is_now() -> None:
    assert ago(NOON + timedelta(milliseconds=600), NOON) == "0 s ago"
    assert ago(NOON + timedelta(seconds=30), NOON) == "in 30 s"


async def test_status_says_that_machines_work_by_different_rules(store: Store) -> None:
    await crew(store, "web-1", BOOK).beat()
    await crew(store, "ear", OTHER, frozenset({Role.LISTEN})).beat()
    assert machines_title(machines.there(store.read())) == "2 machines work on this store", "who only listens decides nothing"
    await crew(store, "web-2", OTHER).beat()
    assert machines_title(machines.there(store.read())).startswith("3 machines work on this store by different rules; what would leave")
