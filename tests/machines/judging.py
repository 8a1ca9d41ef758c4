"""What must hold at the end of every story: the store and the witness say the same, and each reply is there once or said to be in doubt."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from responders.ledger import audit
from tests.machines.fleet import Fleet, Machine

_SHOWN = 5
_IN_ORDER = frozenset({0, -signal.SIGTERM})  # the second one of a machine that was only just starting
_FINAL = frozenset({"sent", "parked", "refused"})

REFUSED_LATER = "an earlier try broke off, and now"
"""What is said of one that was refused after a doubt: a network may look at the words before it looks at the key, so nobody can tell."""


@dataclass
class Verdict:
    """What was found: `bad` says in words what is wrong."""

    replies: int = 0
    doubled: int = 0
    unfinished: int = 0
    wrong: int = 0
    parked: int = 0
    parked_there: int = 0
    bad: list[str] = field(default_factory=list)

    def line(self) -> dict[str, object]:
        told: dict[str, object] = {"replies": self.replies, "doubled": self.doubled, "unfinished": self.unfinished, "wrong": self.wrong}
        told |= {"parked": self.parked}
        return told | ({"found": self.bad[:_SHOWN]} if self.bad else {})

    def with_(self, other: Verdict) -> Verdict:
        """Return this with what else was found."""
        self.wrong += other.wrong
        self.bad += other.bad
        return self

    def note(self, what: str) -> None:
        self.wrong += 1
        self.bad.append(what)

    def demand(self, what: str, *, true: bool) -> None:
        """Note that something is wrong, unless it is true."""
        if not true:
            self.note(f"not so: {what}")


def _wrong(row: Mapping[str, Any], there: Mapping[str, list[str]], *, keys: bool) -> str:
    """Say what a state says that is not so, or ""."""
    state, name, ours = row["state"], row["parent_id"], there.get(row["parent_id"], [])
    if state == "sent" and row["remote_id"] not in ours:
        return f"{name} is sent as {row['remote_id'] or 'nothing'}, and the network has {ours or 'nothing'}"
    if state == "parked" and keys and REFUSED_LATER not in row["reason"]:
        return f"{name} is parked where a key would have told: {row['reason']}"
    if state == "parked" and not row["reason"]:
        return f"{name} is parked without a reason"
    if state in {"refused", "held", "ready"} and ours:
        return f"{name} is {state}, and the network has it"
    return ""


def compare(rows: Sequence[Mapping[str, Any]], copies: Sequence[Mapping[str, str]], replies: int, *, keys: bool) -> Verdict:
    """Compare what the store says of so many replies with what the witness has; `keys` says whether the network knows a key again."""
    there: dict[str, list[str]] = {}
    for copy in copies:
        there.setdefault(copy["parent"], []).append(copy["id"])
    found = Verdict(len(rows), parked=Counter(row["state"] for row in rows)["parked"])
    found.parked_there = sum(row["state"] == "parked" and row["parent_id"] in there for row in rows)
    for name, ids in there.items():
        if len(ids) > 1:
            found.doubled += 1
            found.bad.append(f"{name} is there {len(ids)} times")
    for row in rows:
        if row["state"] not in _FINAL:
            found.unfinished += 1
            found.bad.append(f"{row['parent_id']} is {row['state']}: {row['reason']}")
        if why := _wrong(row, there, keys=keys):
            found.note(why)
    found.demand(f"there are {replies} replies, not {len(rows)}", true=len(rows) == replies)
    strangers = set(there) - {row["parent_id"] for row in rows}
    found.demand(f"nobody approved an answer to {sorted(strangers)[:_SHOWN]}", true=not strangers)
    return found


async def judge(fleet: Fleet, replies: int, *, keys: bool, ended: Sequence[Machine]) -> Verdict:
    """End machines, which must still be alive, in order; then compare, and look at the log's seals and at what the machines said."""
    codes = [await one.stop() if one.alive else "gone" for one in ended]
    rows = fleet.rows("SELECT id, parent_id, state, remote_id, reason FROM deliveries ORDER BY id")
    found = compare(rows, (await fleet.square("/witness"))["copies"], replies, keys=keys)
    found.demand(f"machines live on, and end in order: {codes}", true=set(codes) <= _IN_ORDER)
    store = fleet.store()
    broken = audit.broken_at(store.read())
    store.close()
    found.demand(f"the log is broken at line {broken}", true=broken is None)
    for line in fleet.rough():
        found.note(f"not for people: {line[:4_000]}")
    fleet.kept = bool(found.bad)
    return found
