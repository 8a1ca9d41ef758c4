"""The machines ledger: which daemons work on a shared store, what each does, and by which program and rules.

What leaves by itself rests on it (`differing`, asked in the transaction that claims), so it goes by the store's clock, is written in one
transaction with the look at the others, and is empty on a store that one daemon has alone. How a process fares, on any store, is told by
`responders.ledger.beats`, by which nothing is decided.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from listener.clock import from_text, to_text
from listener.store.base import Reader, Row, Tx, names, pack, text

BEAT = timedelta(seconds=5)
GONE = timedelta(seconds=30)
"""A machine that was not seen for so long does not count any more."""
LATE = 2.5 * BEAT
"""A machine that was not seen for so long has missed its word: it may be gone."""
_MISSED = timedelta(hours=1)
_FORGOTTEN = timedelta(days=1)
_NAMED = 4
_UNDONE = {"think": "no machine decides, drafts or tells teams", "send": "no machine sends what is approved"}
PARTS = tuple(_UNDONE)
"""The parts of the work that some machine must do."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A daemon as it was last seen. `rules` names its rules with whatever else decides: its written answers, its mode."""

    name: str
    roles: tuple[str, ...]
    version: str
    rules: str
    mode: str
    since: datetime
    seen_at: datetime

    @property
    def fingerprint(self) -> str:
        """The fingerprint of its rules, as people see it elsewhere."""
        return self.rules.partition(" ")[0]


def beat(tx: Tx, name: str, *, roles: Iterable[str], version: str, rules: str, mode: str) -> None:
    """Say that a machine is there, and how it works."""
    at = tx.now()
    tx.run(
        """INSERT INTO machines (name, roles, version, rules, mode, since, seen_at)
        VALUES (:name, :roles, :version, :rules, :mode, :at, :at)
        ON CONFLICT (name) DO UPDATE SET roles = excluded.roles, version = excluded.version, rules = excluded.rules, mode = excluded.mode,
        seen_at = excluded.seen_at""",
        name=name,
        roles=pack(list(roles)),
        version=version,
        rules=rules,
        mode=mode,
        at=to_text(at),
    )
    tx.run("DELETE FROM machines WHERE seen_at < :old", old=to_text(at - _FORGOTTEN))


def gone(tx: Tx, name: str) -> None:
    """Forget a machine that ends."""
    tx.run("DELETE FROM machines WHERE name = :name", name=name)


def there(reader: Reader) -> list[Machine]:
    """Return the machines that are there now, by name."""
    rows = reader.all("SELECT * FROM machines WHERE seen_at > :since ORDER BY name", since=to_text(reader.now() - GONE))
    return [_machine(row) for row in rows]


def lost(reader: Reader) -> list[Machine]:
    """Return the machines that went within the last hour without a word, by name; one that ends in order is forgotten at once."""
    now = reader.now()
    rows = reader.all(
        "SELECT * FROM machines WHERE seen_at <= :gone AND seen_at > :since ORDER BY name",
        gone=to_text(now - GONE),
        since=to_text(now - _MISSED),
    )
    return [_machine(row) for row in rows]


class Undone(NamedTuple):
    """A part of the work that no machine does: its name, in words, and what to do."""

    part: str
    words: str
    hint: str


def undone(found: Collection[Machine]) -> list[Undone]:
    """Return what none of the machines does; nothing where none is there, which is said elsewhere.

    Hearing is none of it: `python -m listener` hears too and is not among them. Where nobody does, the sources show it.
    """
    done = {role for one in found for role in one.roles}
    return [Undone(role, words, f"start one: earnest run --only {role}") for role, words in _UNDONE.items() if found and role not in done]


def by_rules(found: Iterable[Machine]) -> dict[str, list[Machine]]:
    """Return the machines that decide or send, by their rules; those that only listen may have others."""
    by: dict[str, list[Machine]] = {}
    for one in found:
        if {"think", "send"} & set(one.roles):
            by.setdefault(one.rules, []).append(one)
    return by


def differing(reader: Reader) -> str:
    """Say how the rules of the machines that decide or send differ, or "" where they are the same everywhere."""
    by = by_rules(there(reader))
    if len(by) < 2:  # noqa: PLR2004  # two are different
        return ""
    parts = (
        f"{found[0].fingerprint} (mode {found[0].mode}) on {', '.join(one.name for one in found[:_NAMED])}"
        for _, found in sorted(by.items())
    )
    return f"machines work by different rules: {'; '.join(parts)}"


def _machine(row: Row) -> Machine:
    return Machine(
        name=text(row, "name"),
        roles=names(row["roles"]),
        version=text(row, "version"),
        rules=text(row, "rules"),
        mode=text(row, "mode"),
        since=from_text(text(row, "since")),
        seen_at=from_text(text(row, "seen_at")),
    )
