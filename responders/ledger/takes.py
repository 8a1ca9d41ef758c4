"""A person's word for one exact text of the rules, and the highest mode that a person has allowed.

A word counts once, only while nobody has given a newer one, and only for exactly that text and the written answers beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from listener.clock import to_text
from listener.store.base import Reader, Tx, number, text
from responders.ledger import audit, facts
from responders.model import Mode

_CEILING = "mode_ceiling"


@dataclass(frozen=True, slots=True)
class Word:
    """What a person said of the rules that are `sealed` so (`responders.edits.seal`): their fingerprint, and all they are.

    `forced` is true where the person has seen what the last day would have been; `mode` is the mode that the person typed, or "".
    """

    sealed: str
    who: str
    forced: bool = False
    mode: str = ""

    @property
    def version(self) -> str:
        """The fingerprint of the rules, as people see it."""
        return self.sealed.partition(" ")[0]

    def allows(self, sealed: str, mode: Mode) -> bool:
        """Return whether the person typed this mode, or a higher one, for these rules."""
        return self.sealed == sealed and bool(self.mode) and Mode(self.mode).rank >= mode.rank


def give(tx: Tx, word: Word, *, reason: str, over: Sequence[str], before: Mode, at: datetime) -> None:
    """Keep a word; `over` names the objections it was given in spite of, `before` is the mode that was allowed until now."""
    tx.run(
        "INSERT INTO rule_takes (version, who, reason, forced, mode, at) VALUES (:sealed, :who, :reason, :forced, :mode, :at)",
        sealed=word.sealed,
        who=word.who,
        reason=reason,
        forced=int(word.forced),
        mode=word.mode,
        at=to_text(at),
    )
    if word.forced:
        audit.record(tx, word.who, "took rules", at=at, rule_version=word.version, over=", ".join(over), reason=reason)
    if word.mode and Mode(word.mode) is not before:
        audit.record(tx, word.who, "raised mode", at=at, rule_version=word.version, mode_before=before.value, mode=word.mode)


def newest(reader: Reader) -> int:
    """Return the number of the newest word, 0 where there is none."""
    row = reader.one("SELECT MAX(id) AS id FROM rule_takes")
    return number(row, "id") if row and row["id"] else 0


def waiting(reader: Reader) -> Word | None:
    """Return the newest word where it has not been used yet."""
    row = reader.one("SELECT * FROM rule_takes ORDER BY id DESC LIMIT 1")
    if row is None or row["used_at"]:
        return None
    return Word(text(row, "version"), text(row, "who"), bool(row["forced"]), text(row, "mode"))


def ceiling(reader: Reader) -> Mode:
    """Return the highest mode that a person has allowed: draft where nobody ever said anything."""
    known = facts.known(reader)
    if _CEILING in known:
        return Mode(known[_CEILING][0])
    worked_by = known.get("mode", ("", None))[0]  # by a version that did not ask yet
    return Mode.SEND if worked_by == Mode.SEND else Mode.DRAFT


def settle(tx: Tx, sealed: str, version: str, mode: Mode, *, at: datetime) -> None:
    """Note that rules of this seal, version and mode are in force: the word for them is used, and this mode is allowed from now on."""
    tx.run("UPDATE rule_takes SET used_at = :at WHERE version = :sealed AND used_at IS NULL", sealed=sealed, at=to_text(at))
    before = facts.known(tx).get(_CEILING, (mode.value, None))[0]
    if mode.rank < Mode(before).rank:
        audit.record(tx, audit.DAEMON, "lowered mode", at=at, rule_version=version, mode_before=before, mode=mode.value)
    facts.keep(tx, _CEILING, mode.value, at=at)
