"""What a replay remembers instead of asking again is what it would have been told."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.store.schema import MIGRATIONS as HEARING
from listener.store.scratch import Scratch
from listener.store.sqlite import SqliteStore
from responders.circumstances import LOOKED_AT, world
from responders.keptworld import KeptWorld
from responders.ledger import people, places
from responders.ledger.schema import MIGRATIONS as ANSWERING
from responders.model import NOTHING_ASKED

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
STEPS = st.lists(
    st.tuples(st.sampled_from(["sent", "pause", "pause an hour", "resume", "close", "label", "undone", "nothing"]), st.integers(0, 90)),
    max_size=25,
)


def sent(scratch: Scratch, n: int, at: datetime) -> None:
    scratch.write(
        lambda tx: tx.run(
            """INSERT INTO deliveries (case_id, draft_id, kind, network, account, parent_id, visibility, text, key, record_at, bound, state,
            automatic, route, author_id, thread_id, points, not_before, approved_at, last_attempt_at)
            VALUES (1, :n, 'public', 'x', 'us', :n, 'public', :words, :n, :at, '', 'sent', 1, 'thanks', 'a', 't', 0, :at, :at, :at)""",
            n=n,
            words=f"words {n}",
            at=f"{at.replace(tzinfo=None).isoformat(timespec='microseconds')}Z",
        )
    )


def do(scratch: Scratch, what: str, n: int, at: datetime) -> None:
    if what == "sent":
        sent(scratch, n, at)
    elif what.startswith("pause"):
        until = at + timedelta(hours=1) if what.endswith("hour") else None
        scratch.write(lambda tx: people.pause(tx, what, by="kim", until=until, at=at))
    elif what == "resume":
        scratch.write(people.resume)
    elif what == "close":
        scratch.write(lambda tx: places.close(tx, "x", str(n), "no bots", by="", at=at))
    elif what == "label":
        scratch.write(lambda tx: places.note_label(tx, "x", bool(n % 2), at=at))
    elif what == "undone":
        with pytest.raises(ZeroDivisionError):
            scratch.write(lambda tx: (people.pause(tx, what, by="kim", until=None, at=at), 1 // 0))


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_a_world_that_is_kept_is_the_one_that_would_be_found(steps: list[tuple[str, int]]) -> None:
    scratch = Scratch((HEARING, ANSWERING))
    look, at = KeptWorld(scratch), NOON
    for n, (what, minutes) in enumerate(steps):
        do(scratch, what, n, at)
        for moment in (at, at + timedelta(minutes=minutes)):
            assert look(scratch.read(), at=moment, asked=NOTHING_ASKED) == world(scratch.read(), at=moment)
        at += timedelta(minutes=minutes)
    scratch.close()


def test_a_world_is_made_of_no_other_tables(tmp_path: Path) -> None:
    """Whoever lets `world` read another table must say so, or a replay would not see it change."""
    store = SqliteStore(f"sqlite:///{tmp_path}/e.db", (HEARING, ANSWERING))
    read: set[str | None] = set()

    def noting(action: int, table: str | None, *_: object) -> int:
        if action == sqlite3.SQLITE_READ:
            read.add(table)
        return sqlite3.SQLITE_OK

    reader = store.read()
    reader._connection.set_authorizer(noting)  # noqa: SLF001  # SQLite itself says what is read
    world(reader, at=NOON)
    reader._connection.set_authorizer(None)  # noqa: SLF001
    store.close()
    assert read - {""} == set(LOOKED_AT)


def test_what_was_asked_in_vain_is_asked_again_once_there_is_something() -> None:
    scratch = Scratch((HEARING, ANSWERING))
    reader, question = scratch.read(), "SELECT reason FROM switches WHERE name = :name"
    assert reader.one(question, name=people.PAUSE) is None
    assert reader.all(question, name=people.PAUSE) == []
    scratch.write(lambda tx: people.pause(tx, "a look", by="kim", until=None, at=NOON))
    assert reader.one(question, name=people.PAUSE) == {"reason": "a look"}
    scratch.clear()
    assert reader.one(question, name=people.PAUSE) is None
    scratch.close()
