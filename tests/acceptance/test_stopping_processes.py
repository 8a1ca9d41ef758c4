"""Stopping with real processes: `earnest pause` beside a daemon, on a full disk, on a locked store; and a daemon that is told to end."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from responders.approvals import Desk
from responders.house import channel_kind
from tests.running import Machine, end, until
from tests.servers import proxy as faults
from tests.servers.proxy import Proxy
from tests.servers.town import Town, token
from tests.street import Street

POST = ("POST", "/api/v1/statuses")
FULL_DISK = ("sh", "-c", 'ulimit -f 0 && exec "$0" "$@"')
"""No file can grow by a byte in what this starts, while new and empty ones can be made, as on a full disk."""


@pytest.fixture
def machine(tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", proxy.host)
    monkeypatch.setenv("EARNEST_SECRET_MASTODON_READ", token("acme"))
    monkeypatch.setenv("EARNEST_SECRET_MASTODON_WRITE", token("acme"))
    return Machine(tmp_path, proxy.host)


async def _approved(machine: Machine, town: Town, many: int) -> list[str]:
    """Let people write, and approve an answer to each; return their posts. The answers may leave at once."""
    posts = [str((await town.write("marta", f"@acme hello there, thing number {number}"))["id"]) for number in range(many)]
    street = Street(machine.folder, machine.sources)
    try:
        await street.round()
        desk = Desk(street.store, street.book, street.clock, channel_kind, who="jo", undo=timedelta())
        for number in range(many):
            desk.approve(f"A-{number + 1}")
    finally:
        street.close()
    return posts


async def _round(machine: Machine) -> None:
    """Do what a daemon that has just been started does."""
    street = Street(machine.folder, machine.sources)
    try:
        await street.round()
    finally:
        street.close()


async def _hears(machine: Machine, town: Town, words: str) -> None:
    """Wait until the daemon has heard and decided something new, so that it has had every occasion to send meanwhile."""
    post = await town.write("tom", f"@acme {words}")
    await until(lambda: (post["id"],) in machine.rows("SELECT post_id FROM drafts"), "the daemon hears")


async def _copies(town: Town, posts: list[str]) -> list[int]:
    return [len(await town.answers(post)) for post in posts]


async def test_a_pause_stops_a_running_daemon_and_the_next_one_until_resume(machine: Machine, town: Town, proxy: Proxy) -> None:
    posts = await _approved(machine, town, 8)
    proxy.always(*POST, faults.DELAY)
    daemon = await machine.start()
    await until(lambda: len(proxy.asked(*POST)) == 5, "as many as leave at once are on their way")
    paused = (await machine("pause", "--reason", "a storm", "--json")).object
    begun = len(proxy.asked(*POST))
    assert (paused["paused"], paused["leaving"], paused["flag"], begun) == (True, 5, None, 5)
    proxy.honest()
    await _hears(machine, town, "one more")
    assert (await end(daemon))[0] == 0
    assert len(proxy.asked(*POST)) == begun
    daemon = await machine.start()
    await _hears(machine, town, "after the restart")
    assert len(proxy.asked(*POST)) == begun
    status = (await machine("status", "--json")).object
    assert (status["sending"]["on"], status["pause"]["by"]) == (False, "kim")
    assert (await machine("resume")).code == 0

    async def all_there() -> bool:
        return await _copies(town, posts) == [1] * 8

    await until(all_there, "the rest leaves")
    assert (await end(daemon))[0] == 0


@pytest.mark.parametrize("in_use", [True, False])
async def test_a_full_disk_keeps_nobody_from_stopping(machine: Machine, town: Town, proxy: Proxy, *, in_use: bool) -> None:
    posts = await _approved(machine, town, 1)
    with closing(sqlite3.connect(machine.folder / "earnest.db")) as other:
        if in_use:  # else nobody has the store open, so that even opening it wants to write
            other.execute("SELECT * FROM deliveries").fetchone()
        paused = await machine("pause", "--reason", "a storm", prefix=FULL_DISK)
    assert paused.code == 0, paused.err
    assert "Sending is stopped by a flag file" in paused.out
    assert "earnest.db.paused" in paused.out
    assert (await machine("status", "--json")).object["sending"]["on"] is False
    await _round(machine)
    assert proxy.asked(*POST) == []
    assert (await machine("resume")).code == 0
    await _round(machine)
    assert await _copies(town, posts) == [1]


async def test_resume_works_on_a_full_disk_too(machine: Machine, town: Town) -> None:
    await _approved(machine, town, 1)
    await machine("pause", prefix=FULL_DISK)
    with closing(sqlite3.connect(machine.folder / "earnest.db")) as other:
        other.execute("SELECT * FROM deliveries").fetchone()
        resumed = await machine("resume", prefix=FULL_DISK)
    assert resumed.code == 0, resumed.err
    assert "Sending goes on." in resumed.out
    assert "earnest log has no line of this" in resumed.out
    assert not (machine.folder / "earnest.db.paused").exists()


async def test_a_locked_store_keeps_nobody_from_stopping(machine: Machine, town: Town, proxy: Proxy) -> None:
    posts = await _approved(machine, town, 2)
    with closing(sqlite3.connect(machine.folder / "earnest.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        paused = await machine("pause", "--reason", "a storm", "--for", "2h", "--json")
        assert paused.code == 0, paused.err
        assert paused.object["flag"].endswith("earnest.db.paused")
        assert "locked" in paused.object["problem"]
        assert paused.object["until"]
        other.execute("ROLLBACK")
    await _round(machine)
    assert proxy.asked(*POST) == []
    assert (await machine("resume")).code == 0
    await _round(machine)
    assert await _copies(town, posts) == [1, 1]


async def test_a_store_that_is_not_there_is_not_stopped_but_said_to_be_missing(tmp_path: Path, machine: Machine) -> None:
    missing = await machine("pause", "--store", f"sqlite:///{tmp_path}/other.db")
    assert missing.code == 5
    assert "there is no store" in missing.err
    assert not machine.folder.joinpath("other.db.paused").exists()


async def test_a_daemon_told_to_end_with_five_on_their_way_ends_soon_and_leaves_nothing_claimed(
    machine: Machine, town: Town, proxy: Proxy
) -> None:
    posts = await _approved(machine, town, 5)
    proxy.always(*POST, faults.HANG)
    daemon = await machine.start()
    await until(lambda: len(proxy.forwarded(*POST)) == 5, "all five hang")
    code, seconds = await end(daemon)
    assert (code, seconds < 10) == (0, True), seconds
    assert {str(state) for (state,) in machine.rows("SELECT state FROM deliveries")} == {"unknown"}
    proxy.honest()
    street = Street(machine.folder, machine.sources)
    try:
        for _ in range(4):
            await street.later(minutes=2)
        assert street.states() == [("public", "sent")] * 5
    finally:
        street.close()
    assert await _copies(town, posts) == [1] * 5
    assert len(proxy.asked(*POST)) == 5, "what hung was found by looking"
