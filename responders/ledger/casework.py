"""Cases as a page of mentions changes them: values that are worked on, and the statements that store many of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from listener.clock import to_text
from listener.model import Assessment, Level, Mention
from listener.store.base import Reader, Tx, Value, pack
from responders.ledger import cases, shadows
from responders.ledger.cases import SET_CLOCKS, UNANSWERED, Case, clock_values, moved_clocks
from responders.ledger.clocks import Clocks
from responders.model import Decision, Hold
from responders.tracing import kept

_NO_CLOCKS = Clocks()
_Plain = tuple[str | bool | None, ...]
_VALUES = ("network", "thread_id", "author_id", "handle", "brand", "post_id", "route", "rule_version", "state", "level", "points", "team")
_CHANGING = ("handle", "post_id", "route", "rule_version", "state", "level", "points", "team")
_COLUMNS = (*_VALUES, "assignee", "opened_at", "updated_at", "respond_by", "resolve_by", "responded_at", "paused_at", "schedule")
_OPEN = f"INSERT INTO cases (id, {', '.join(_COLUMNS)}) VALUES (:id, {', '.join(f':{name}' for name in _COLUMNS)})"
_SET = ", ".join(f"{name} = :{name}" for name in (*_CHANGING, "updated_at", "snoozed_until"))
_CHANGE = f"UPDATE cases SET {_SET}, {SET_CLOCKS} WHERE id = :id"


_DECIDE = """INSERT INTO decisions (id, case_id, network, post_id, brand, route, rule_version, actions, holds, trace, decided_at, raised)
    VALUES (:id, :case_id, :network, :post_id, :brand, :route, :version, :actions, :holds, :trace, :at, :raised)"""


def opened(case_id: int, mention: Mention, *, at: datetime) -> Case:
    """Return a case that a mention opens, before anything was decided."""
    post = mention.post
    return Case(
        id=case_id,
        network=post.network,
        thread_id=post.thread_id,
        author_id=post.author.id,
        handle=post.author.handle,
        brand=mention.brand,
        post_id=post.id,
        route="",
        rule_version="",
        state="noted",
        level=Level.LOW,
        points=0,
        team="",
        assignee="",
        opened_at=at,
        updated_at=at,
        clocks=_NO_CLOCKS,
        snoozed_until=None,
        looked_at_by="",
        looked_at_until=None,
    )


def of_authors(reader: Reader, network: str, authors: Sequence[str], threads: Sequence[str]) -> list[tuple[Case, bool]]:
    """Return the cases of some authors in some threads, and whether a draft of each waits."""
    rows = reader.all(  # by author alone: of a thread that everybody joins, most cases are not wanted
        """SELECT c.*, EXISTS (SELECT 1 FROM drafts d WHERE d.case_id = c.id AND d.state = 'waiting') AS has_waiting FROM cases c
        WHERE c.network = :network AND c.author_id IN (SELECT value FROM json_each(:authors))
        AND (c.thread_id || '') IN (SELECT value FROM json_each(:threads))""",
        network=network,
        authors=pack(authors),
        threads=pack(threads),
    )
    return [(cases.read(row), bool(row["has_waiting"])) for row in rows]


def open_all(tx: Tx, found: Sequence[Case]) -> None:
    """Store new cases."""
    tx.run_many(_OPEN, [_row(case) for case in found])


def change_all(tx: Tx, found: Sequence[Case]) -> None:
    """Store what became of cases: all that deciding changes of them."""
    tx.run_many(_CHANGE, [_row(case) for case in found])


def _row(case: Case) -> dict[str, Value]:
    return {
        "id": case.id,
        "network": case.network,
        "thread_id": case.thread_id,
        "author_id": case.author_id,
        "handle": case.handle,
        "brand": case.brand,
        "post_id": case.post_id,
        "route": case.route,
        "rule_version": case.rule_version,
        "state": case.state,
        "level": case.level.value,
        "points": case.points,
        "team": case.team,
        "assignee": case.assignee,
        "opened_at": to_text(case.opened_at),
        "updated_at": to_text(case.updated_at),
        "snoozed_until": to_text(case.snoozed_until) if case.snoozed_until else None,
        **clock_values(case.clocks),
    }


def updated(
    case: Case,
    before: Case,
    mention: Mention,
    assessment: Assessment,
    decision: Decision,
    *,
    state: str,
    team: str,
    running: Clocks,
    at: datetime,
) -> Case:
    """Return a case with its newest post, route, urgency and clocks. While it is unanswered its urgency never falls.

    `before` is how it stood when the post came.
    """
    calm = before.state not in UNANSWERED or assessment.urgency.points >= before.points
    return Case(  # written out: `replace` takes three times as long
        id=case.id,
        network=case.network,
        thread_id=case.thread_id,
        author_id=case.author_id,
        handle=mention.post.author.handle,
        brand=case.brand,
        post_id=mention.post.id,
        route=decision.route,
        rule_version=decision.rule_version,
        state=state,
        level=assessment.urgency.level if calm else before.level,
        points=assessment.urgency.points if calm else before.points,
        team=team or case.team,
        assignee=case.assignee,
        opened_at=case.opened_at,
        updated_at=at,
        clocks=running,
        snoozed_until=None,
        looked_at_by=case.looked_at_by,
        looked_at_until=case.looked_at_until,
    )


def moved(case: Case, state: str, *, at: datetime) -> Case:
    """Return a case in another state, with its clocks: answering stops or pauses them, closing ends them."""
    return replace(case, state=state, updated_at=at, clocks=moved_clocks(case.clocks, state, at))


def decision_row(
    decision_id: int, case_id: int, mention: Mention, decision: Decision, *, at: datetime, raised: str = "", brief: bool = False
) -> dict[str, Value]:
    """Return what was decided of a mention, and why, for `decide_all`: of the other routes, what nobody could find out again (`retracing`).

    `raised` is what a storm added to its judgement (`judged.kept`); `brief` leaves out why.
    """
    return {
        "id": decision_id,
        "case_id": case_id,
        "network": mention.post.network,
        "post_id": mention.post.id,
        "brand": mention.brand,
        "route": decision.route,
        "version": decision.rule_version,
        "actions": _packed(decision.actions),
        "holds": "[]" if brief else _packed(tuple(map(_kept, decision.holds))),
        "trace": "[]" if brief else _packed(tuple(map(shadows.kept_step, kept(decision.trace)))),
        "at": to_text(at),
        "raised": raised,
    }


def decide_all(tx: Tx, rows: Sequence[Mapping[str, Value]]) -> None:
    """Store what was decided."""
    tx.run_many(_DECIDE, rows)


def _kept(hold: Hold) -> _Plain:
    return hold.gate, hold.reason, to_text(hold.until) if hold.until else None, hold.forbids, hold.by_hand


@lru_cache(maxsize=1_024)
def _packed(found: tuple[str, ...] | tuple[_Plain, ...]) -> str:
    """Write what was decided as JSON. Most of it was decided of another mention before; only texts and yes or no stand in it."""
    return pack(found)
