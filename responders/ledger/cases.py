"""Cases: one conversation with one author about one brand, with an id a person can say (A-217)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from listener.clock import from_text, to_text
from listener.errors import EarnestError
from listener.model import Level
from listener.store.base import Reader, Row, Tx, Value, number, pack, text, unpack
from responders.ledger import clocks, shadows
from responders.ledger.clocks import Clocks
from responders.model import Decision, Hold

_ID = re.compile(r"[Aa]-?(\d{1,12})")
LOOK_FOR = timedelta(minutes=2)
UNANSWERED = frozenset({"open", "waiting", "approved"})
"""The states in which a case has something that a person must see to, or that is about to leave."""


@dataclass(frozen=True, slots=True)
class Case:
    """A conversation being worked on.

    `state` is `noted` (nothing to do), `open` (asks for a person, without a draft), `waiting` (for a decision about a draft),
    `approved`, `answered` or `closed`. A case is snoozed while `snoozed_until` lies ahead, whatever its state.
    """

    id: int
    network: str
    thread_id: str
    author_id: str
    handle: str
    brand: str
    post_id: str
    route: str
    rule_version: str
    state: str
    level: Level
    points: int
    team: str
    assignee: str
    opened_at: datetime
    updated_at: datetime
    clocks: Clocks
    snoozed_until: datetime | None
    looked_at_by: str
    looked_at_until: datetime | None

    @property
    def name(self) -> str:
        """The id as people say it."""
        return name_of(self.id)


def name_of(case_id: int) -> str:
    """Return a case's id as people say it: A-217."""
    return f"A-{case_id}"


def id_of(name: str) -> int:
    """Read "A-217", "a217" or "217".

    Raises:
        EarnestError: it is no case id.
    """
    found = _ID.fullmatch(name.strip())
    if found:
        return int(found[1])
    if name.strip().isdecimal():
        return int(name)
    message = f'"{name}" is no case id'
    raise EarnestError(message, "a case id looks like A-217; earnest inbox and earnest mentions list them")


def _moment(row: Row, column: str) -> datetime | None:
    return from_text(text(row, column)) if row[column] else None


def _clocks(row: Row) -> Clocks:
    return Clocks(
        respond_by=_moment(row, "respond_by"),
        resolve_by=_moment(row, "resolve_by"),
        responded_at=_moment(row, "responded_at"),
        paused_at=_moment(row, "paused_at"),
        schedule=clocks.unpack_schedule(text(row, "schedule")),
    )


def clock_values(running: Clocks) -> dict[str, Value]:
    """Return the columns that keep the clocks."""
    return {
        "respond_by": to_text(running.respond_by) if running.respond_by else None,
        "resolve_by": to_text(running.resolve_by) if running.resolve_by else None,
        "responded_at": to_text(running.responded_at) if running.responded_at else None,
        "paused_at": to_text(running.paused_at) if running.paused_at else None,
        "schedule": clocks.pack_schedule(running.schedule),
    }


_CLOCK_COLUMNS = "respond_by, resolve_by, responded_at, paused_at, schedule"
SET_CLOCKS = """respond_by = :respond_by, resolve_by = :resolve_by, responded_at = :responded_at, paused_at = :paused_at,
    schedule = :schedule"""


def read(row: Row) -> Case:
    """Build a case from a row of `cases`."""
    return Case(
        id=number(row, "id"),
        network=text(row, "network"),
        thread_id=text(row, "thread_id"),
        author_id=text(row, "author_id"),
        handle=text(row, "handle"),
        brand=text(row, "brand"),
        post_id=text(row, "post_id"),
        route=text(row, "route"),
        rule_version=text(row, "rule_version"),
        state=text(row, "state"),
        level=Level(text(row, "level")),
        points=number(row, "points"),
        team=text(row, "team"),
        assignee=text(row, "assignee"),
        opened_at=from_text(text(row, "opened_at")),
        updated_at=from_text(text(row, "updated_at")),
        clocks=_clocks(row),
        snoozed_until=_moment(row, "snoozed_until"),
        looked_at_by=text(row, "looked_at_by"),
        looked_at_until=_moment(row, "looked_at_until"),
    )


def find(reader: Reader, name: str) -> Case:
    """Return the case of that id.

    Raises:
        EarnestError: there is none.
    """
    row = reader.one("SELECT * FROM cases WHERE id = :id", id=id_of(name))
    if row is None:
        message = f"there is no case {name}"
        raise EarnestError(message, "earnest inbox lists those with drafts, earnest mentions all")
    return read(row)


def lower(tx: Tx, case_id: int, level: Level, points: int, *, at: datetime) -> None:
    """Let a case be less urgent, as a person said."""
    tx.run(
        "UPDATE cases SET level = :level, points = :points, updated_at = :at WHERE id = :id",
        level=level.value,
        points=points,
        at=to_text(at),
        id=case_id,
    )


def set_state(tx: Tx, case_id: int, state: str, *, at: datetime) -> None:
    """Move a case to another state, and its clocks with it: answering stops or pauses them, closing ends them."""
    tx.run("UPDATE cases SET state = :state, updated_at = :at WHERE id = :id", state=state, at=to_text(at), id=case_id)
    row = tx.one(f"SELECT {_CLOCK_COLUMNS} FROM cases WHERE id = :id", id=case_id)
    before = _clocks(row) if row else Clocks()
    now = moved_clocks(before, state, at)
    if now != before:
        tx.run(f"UPDATE cases SET {SET_CLOCKS} WHERE id = :id", id=case_id, **clock_values(now))


def moved_clocks(running: Clocks, state: str, at: datetime) -> Clocks:
    """Return the clocks of a case that moves to another state: answering stops or pauses them, closing ends them."""
    if state == "answered":
        return clocks.answered(running, at)
    return clocks.resumed(running, at) if state in UNANSWERED else clocks.ended(running)


def close(tx: Tx, case_id: int, *, at: datetime) -> None:
    """Close a case whose post is no more."""
    set_state(tx, case_id, "closed", at=at)
    tx.run("UPDATE cases SET snoozed_until = NULL WHERE id = :id", id=case_id)


def point_at(tx: Tx, case_id: int, post_id: str) -> None:
    """Let a case be about another post of its conversation."""
    tx.run("UPDATE cases SET post_id = :post WHERE id = :id", post=post_id, id=case_id)


def of_post(reader: Reader, network: str, post_id: str, brand: str) -> Case | None:
    """Return the case that a post belongs to, or None."""
    row = reader.one(
        """SELECT c.* FROM posts p JOIN cases c ON c.network = p.network AND c.thread_id = p.thread_id AND c.author_id = p.author_id
        AND c.brand = :brand WHERE p.network = :network AND p.id = :id""",
        network=network,
        id=post_id,
        brand=brand,
    )
    return None if row is None else read(row)


def other_mention(reader: Reader, case: Case, post_id: str) -> str:
    """Return the newest post of a case, besides `post_id`, that is there and a mention still; "" where there is none."""
    row = reader.one(
        """SELECT p.id AS id FROM posts p JOIN mentions m ON m.network = p.network AND m.post_id = p.id AND m.brand = :brand
        WHERE p.network = :network AND p.thread_id = :thread AND p.author_id = :author AND p.id <> :id AND p.deleted_at IS NULL
        AND m.because <> '[]' ORDER BY p.created_at DESC LIMIT 1""",
        brand=case.brand,
        network=case.network,
        thread=case.thread_id,
        author=case.author_id,
        id=post_id,
    )
    return text(row, "id") if row else ""


def answer(tx: Tx, case_id: int, post_id: str, *, at: datetime) -> None:
    """Close a case's clocks by an answer to one of its posts, unless a newer post of it asks for a person by now."""
    row = tx.one("SELECT post_id, state FROM cases WHERE id = :id", id=case_id)
    if row and (text(row, "post_id") == post_id or text(row, "state") not in {"open", "waiting"}):
        set_state(tx, case_id, "answered", at=at)


def snooze(tx: Tx, case_id: int, until: datetime, *, at: datetime) -> None:
    """Keep a case out of sight until a moment."""
    tx.run("UPDATE cases SET snoozed_until = :until, updated_at = :at WHERE id = :id", until=to_text(until), at=to_text(at), id=case_id)


def assign(tx: Tx, case_id: int, assignee: str, *, at: datetime) -> None:
    """Give a case to a person; an empty name gives it back to everyone."""
    tx.run("UPDATE cases SET assignee = :who, updated_at = :at WHERE id = :id", who=assignee, at=to_text(at), id=case_id)


def look(tx: Tx, case_id: int, who: str, *, at: datetime) -> str:
    """Claim a case for two minutes while a person looks at it; return who else has it, or ""."""
    claimed = tx.run(
        """UPDATE cases SET looked_at_by = :who, looked_at_until = :until
        WHERE id = :id AND (looked_at_by IN ('', :who) OR looked_at_until IS NULL OR looked_at_until < :at)""",
        who=who,
        until=to_text(at + LOOK_FOR),
        id=case_id,
        at=to_text(at),
    )
    if claimed:
        return ""
    row = tx.one("SELECT looked_at_by FROM cases WHERE id = :id", id=case_id)
    return "" if row is None else text(row, "looked_at_by")


def leave(tx: Tx, case_id: int, who: str) -> None:
    """Give up a claim made by `look`."""
    tx.run("UPDATE cases SET looked_at_by = '', looked_at_until = NULL WHERE id = :id AND looked_at_by = :who", id=case_id, who=who)


def _hold(kept: Sequence[Any]) -> Hold:
    gate, reason, until, forbids, *by_hand = kept  # what was kept by an older version says nothing of hands
    return Hold(gate, reason, from_text(until) if until else None, bool(forbids), by_hand=any(by_hand))


def holds_of(row: Row) -> tuple[Hold, ...]:
    """Return the holds of a row of `decisions`."""
    holds = unpack(row["holds"])
    return tuple(map(_hold, holds)) if isinstance(holds, list) else ()


def decision(reader: Reader, case_id: int) -> Decision | None:
    """Return the newest decision of a case."""
    row = reader.one("SELECT * FROM decisions WHERE case_id = :id ORDER BY id DESC LIMIT 1", id=case_id)
    if row is None:
        return None
    actions, trace = (unpack(row[column]) for column in ("actions", "trace"))
    return Decision(
        route=text(row, "route"),
        rule_version=text(row, "rule_version"),
        actions=tuple(actions) if isinstance(actions, list) else (),
        holds=holds_of(row),
        trace=(steps := tuple(map(shadows.step, trace)) if isinstance(trace, list) else ()),
        shadows=shadows.of(reader, number(row, "id"), steps),
    )


def brands_decided(reader: Reader, network: str, post_id: str) -> frozenset[str]:
    """Return for which brands a post was decided before; what comes then is an edit, and no second post."""
    return brands_decided_among(reader, network, [post_id]).get(post_id, frozenset())


def brands_decided_among(reader: Reader, network: str, post_ids: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return the same for some posts, by their ids."""
    rows = reader.all(
        """SELECT DISTINCT post_id, brand FROM decisions WHERE network = :network
        AND post_id IN (SELECT value FROM json_each(:ids))""",
        network=network,
        ids=pack(post_ids),
    )
    found: dict[str, frozenset[str]] = {}
    for row in rows:
        found[text(row, "post_id")] = found.get(text(row, "post_id"), frozenset()) | {text(row, "brand")}
    return found


def decided_post(reader: Reader, case_id: int) -> tuple[str, str, str] | None:
    """Return what the newest decision of a case is about: the network, the post's id and the brand."""
    row = reader.one("SELECT network, post_id, brand FROM decisions WHERE case_id = :id ORDER BY id DESC LIMIT 1", id=case_id)
    return None if row is None else (text(row, "network"), text(row, "post_id"), text(row, "brand"))
