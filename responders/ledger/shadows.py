"""Which shadow routes matched the mentions that were decided: beside each decision, gone with it, and nothing where there are none.

Why one matched quotes the author's words, so it stands in the decision's trace alone, where it is erased with the post.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from listener.clock import to_text
from listener.store.base import Reader, Row, Tx, Value, names, number, pack, text, unpack
from responders.model import DraftState, Shadow, Step


def keep(tx: Tx, found: Sequence[tuple[int, Shadow]]) -> None:
    """Keep the shadow routes that matched, each beside the decision (its id) that was made."""
    rows: list[dict[str, Value]] = [
        {
            "decision": decision_id,
            "route": one.route,
            "above": one.above,
            "actions": pack(one.actions),
            "held_by": pack(one.held_by),
            "drafts": one.drafts,
        }
        for decision_id, one in found
    ]
    if rows:
        tx.run_many(
            """INSERT INTO shadows (decision_id, route, above, actions, held_by, drafts)
            VALUES (:decision, :route, :above, :actions, :held_by, :drafts)""",
            rows,
        )


def of(reader: Reader, decision_id: int, trace: Sequence[Step]) -> tuple[Shadow, ...]:
    """Return the shadow routes that matched a stored decision, with the words of its trace."""
    if not any(step.shadow for step in trace):
        return ()
    said = {step.route: step.because for step in trace if step.shadow}
    rows = reader.all("SELECT * FROM shadows WHERE decision_id = :id", id=decision_id)
    found = {text(row, "route"): read(row, said.get(text(row, "route"), "")) for row in rows}
    return tuple(found[route] for route in said if route in found)


def read(row: Row, because: str) -> Shadow:
    """Build a verdict from a row of `shadows`."""
    return Shadow(
        text(row, "route"), text(row, "above"), because, names(row["actions"]), names(row["held_by"]), drafts=bool(number(row, "drafts"))
    )


def kept_step(step: Step) -> tuple[str | bool, ...]:
    """Return what is stored of a step; that it is a shadow route's is said only where it is."""
    return (step.route, step.matched, step.because, True) if step.shadow else (step.route, step.matched, step.because)


def step(kept: Sequence[Any]) -> Step:
    """Build a step from what is stored of it."""
    route, matched, because, *shadow = kept
    return Step(route, bool(matched), because, shadow=any(shadow))


@dataclass(frozen=True, slots=True)
class Matched:
    """A mention that a shadow route matched: its case, the live route that took it, and what became of the newest draft for it.

    `outcome` is "" where no draft was made, else `approved` or `edited` (and then approved), `rejected`, `by itself` (no person was asked),
    `by hand` (a person wrote it), `waiting`, or `lapsed` (nobody decided, or it was overtaken). `reason` is why it was rejected.
    """

    case_id: int
    live: str
    shadow: Shadow
    outcome: str
    reason: str


# That a decision (alias `d`) is the newest of its mention since a moment, by some versions of the rules.
_COUNTS = "{0}.decided_at >= :since AND {0}.rule_version IN (SELECT value FROM json_each(:versions))"
_NEWEST = f"""{_COUNTS.format("d")} AND NOT EXISTS (SELECT 1 FROM decisions n WHERE n.network = d.network AND n.post_id = d.post_id
    AND n.id > d.id AND n.brand = d.brand AND {_COUNTS.format("n")})"""
_DRAFT = """SELECT f.id FROM drafts f WHERE f.case_id = d.case_id AND f.network = d.network AND f.post_id = d.post_id
    AND f.brand = d.brand ORDER BY f.id DESC LIMIT 1"""


def matched(reader: Reader, route: str, versions: Sequence[str], *, since: datetime | None) -> list[Matched]:
    """Return the mentions that a shadow route matched by these versions of the rules, oldest first."""
    rows = reader.all(
        f"""SELECT s.*, d.case_id, d.trace, d.route AS live, f.state, f.reason,
        f.public_template IS NULL AND f.private_template IS NULL AS by_hand,
        EXISTS (SELECT 1 FROM approvals a WHERE a.draft_id = f.id AND a.verdict = 'edited') AS edited,
        EXISTS (SELECT 1 FROM deliveries y WHERE y.draft_id = f.id AND y.automatic = 1) AS alone
        FROM shadows s JOIN decisions d ON d.id = s.decision_id LEFT JOIN drafts f ON f.id = ({_DRAFT})
        WHERE s.route = :route AND {_NEWEST} ORDER BY d.id""",
        route=route,
        **_since(versions, since),
    )
    return [_matched(row) for row in rows]


def _matched(row: Row) -> Matched:
    trace = unpack(row["trace"])
    steps = tuple(map(step, trace)) if isinstance(trace, list) else ()
    because = next((one.because for one in steps if one.shadow and one.route == text(row, "route")), "")
    outcome = _outcome(row)
    reason = text(row, "reason") if outcome == "rejected" else ""
    return Matched(number(row, "case_id"), text(row, "live"), read(row, because), outcome, reason)


def _outcome(row: Row) -> str:
    state = "" if row["state"] is None else text(row, "state")
    if state == DraftState.APPROVED:
        ways = (("alone", "by itself"), ("by_hand", "by hand"), ("edited", "edited"))
        return next((words for column, words in ways if row[column]), "approved")
    return "lapsed" if state in {DraftState.EXPIRED, DraftState.DROPPED} else state


def decided(reader: Reader, versions: Sequence[str], *, since: datetime | None) -> int:
    """Return how many mentions were decided by these versions of the rules."""
    row = reader.one(f"SELECT COUNT(*) AS n FROM decisions d WHERE {_NEWEST}", **_since(versions, since))
    return number(row, "n") if row else 0


def by_others(reader: Reader, route: str, versions: Sequence[str], *, since: datetime | None) -> int:
    """Return how many decisions by other versions of the rules a shadow route of that name matched."""
    row = reader.one(
        """SELECT COUNT(*) AS n FROM shadows s JOIN decisions d ON d.id = s.decision_id WHERE s.route = :route
        AND d.decided_at >= :since AND d.rule_version NOT IN (SELECT value FROM json_each(:versions))""",
        route=route,
        **_since(versions, since),
    )
    return number(row, "n") if row else 0


def _since(versions: Sequence[str], since: datetime | None) -> dict[str, str]:
    return {"versions": pack(list(versions)), "since": to_text(since) if since else ""}
