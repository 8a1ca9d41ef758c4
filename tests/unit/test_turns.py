"""Whose turn it is: one of several machines at a time, the next one soon after that is gone, and a late one is known by its token."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from listener.store import leases
from listener.store.base import Store
from listener.turns import ALONE, SPAN, Leased, new_holder, turns_of
from responders.house import open_store

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path}/earnest.db", create=True)
    yield opened
    opened.close()


def take(store: Store, holder: str) -> int | None:
    return store.write(lambda tx: leases.take(tx, "hear mastodon", holder, SPAN))


def test_a_lease_is_one_machines_until_it_runs_out(store: Store) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        assert take(store, "a") == 1
        assert take(store, "b") is None
        clock.move_to(NOON + SPAN - timedelta(seconds=1))
        assert take(store, "a") == 1, "it is renewed under the same token"
        clock.move_to(NOON + SPAN)
        assert take(store, "b") is None
        clock.move_to(NOON + 2 * SPAN)
        assert take(store, "b") == 2


def test_a_machine_that_wakes_late_is_known_by_its_token(store: Store) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        assert take(store, "a") == 1
        clock.move_to(NOON + 2 * SPAN)
        assert not store.write(lambda tx: leases.holds(tx, "hear mastodon", "a", 1)), "it ran out, though nobody has taken it over"
        assert take(store, "b") == 2
        clock.move_to(NOON + 4 * SPAN)
        assert take(store, "a") == 3
        assert not store.write(lambda tx: leases.holds(tx, "hear mastodon", "a", 1)), "the turn of before is another one"
        assert store.write(lambda tx: leases.holds(tx, "hear mastodon", "a", 3))


def test_what_is_given_up_can_be_had_at_once(store: Store) -> None:
    with time_machine.travel(NOON, tick=False):
        take(store, "a")
        store.write(lambda tx: leases.give_up(tx, "b", ["hear mastodon"]))
        assert take(store, "b") is None, "nobody gives up what is another's"
        store.write(lambda tx: leases.give_up(tx, "a", ["hear mastodon"]))
        assert take(store, "b") == 2


async def test_the_next_machine_is_told_how_long_a_network_wants_rest(store: Store) -> None:
    first, second = Leased(store, "a"), Leased(store, "b")
    assert await first.mine("hear x")
    await first.rest("hear x", NOON)
    await first.done("hear x")
    assert await second.mine("hear x")
    assert await second.rests_until("hear x") == NOON


async def test_turns_are_kept_while_their_holder_lives_and_let_go_at_its_end(store: Store) -> None:
    first, second, stop = Leased(store, "a"), Leased(store, "b"), asyncio.Event()
    with time_machine.travel(NOON, tick=False) as clock:
        assert await first.mine("alerts")
        for _ in range(4):  # longer than the turn would last by itself
            clock.shift(SPAN / 2)
            await first.renew()
            assert not await second.mine("alerts")
        assert await first.mine("alerts")
        stop.set()
        await first.run(stop)
        assert await second.mine("alerts"), "whoever ends lets its turns go at once"


async def test_a_holder_that_does_not_come_round_to_renewing_loses_its_turn(store: Store) -> None:
    first, second = Leased(store, "a"), Leased(store, "b")
    with time_machine.travel(NOON, tick=False) as clock:
        assert await first.mine("alerts")
        clock.shift(SPAN)
        assert await second.mine("alerts")
        assert not store.write(lambda tx: first.holds(tx, "alerts"))
        assert store.write(lambda tx: second.holds(tx, "alerts"))
        await first.renew()
        assert not await first.mine("alerts"), "what another has taken over is not renewed"


async def test_whoever_has_more_than_its_share_lets_some_go(store: Store) -> None:
    names = [f"hear {n}" for n in range(4)]
    first, second = Leased(store, "a"), Leased(store, "b")

    async def held() -> tuple[int, int]:
        theirs = [await second.mine(name) for name in names]
        return sum([await first.mine(name) for name in names]), sum(theirs)

    with time_machine.travel(NOON, tick=False):
        assert await first.mine("alerts"), "what there is one of is nobody's share"
        assert await held() == (0, 4)
        found = []
        for _ in range(4):
            for one in (first, second):
                await one.renew()
            found.append(await held())
        assert found == [(1, 3), (2, 2), (2, 2), (2, 2)]
        assert await first.mine("alerts")


def test_on_a_store_of_its_own_every_turn_is_the_daemons(store: Store) -> None:
    assert turns_of(store) is ALONE
    assert new_holder() != new_holder()
