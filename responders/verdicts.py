"""Verdicts: what a route's record means, in words, and on which rung it stands. Pure. Nothing here ever raises a route."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from listener.rules.kinds import write_span
from listener.rules.ladder import Ladder, LowerWhen
from listener.rules.rulebook import Route, Rulebook
from listener.text import one_line
from responders.earning import EDITED, REJECTED, REVERSED, UNCHANGED, Record

_LEAST_REJECTED = 2
"""One rejection alone lowers nothing, whatever its share."""
_WIDTH = 40


class Rung(StrEnum):
    """What is to be done with a route's `approval`."""

    SILENT = "silent"
    NEVER = "never"
    TOO_LITTLE = "too little"
    KEEP_ASKING = "keep asking"
    EARNED = "earned"
    KEEPS = "keeps"
    SHOULD_LOSE = "should lose"
    LOWERED = "lowered"


@dataclass(frozen=True, slots=True)
class Judged:
    """A rung, and why, in words for a person; nothing foreign is in them but texts of rules.yaml and names, on one line."""

    rung: Rung
    words: str


def trouble(lower_when: LowerWhen, *, reversals: int, upset: int, rejected: int, decided: int) -> str:
    """Say why a route loses the right to send by itself, or ""."""
    within = f"within {write_span(lower_when.within)}"
    if reversals >= lower_when.reversals:
        return f"{_many(reversals, 'answer was', 'answers were')} taken back {within}"
    if upset >= lower_when.upset_replies:
        return f"{_many(upset, 'answer', 'answers')} got an unhappy reply {within}"
    if rejected >= _LEAST_REJECTED and rejected >= lower_when.rejected * decided:
        return f"{rejected} of {decided} drafts rejected {within}"
    return ""


def _many(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def never(route: Route) -> str:
    """Say why a route can never earn the right to send by itself, or ""."""
    reasons = {
        "it is a moment of truth": route.moment_of_truth,
        f"it tells {route.escalate} at once": bool(route.escalate),
        "two people must agree": route.approval == "two-people",
        "it writes in private": bool(route.private_template),
    }
    return next((why for why, so in reasons.items() if so), "")


def judge(book: Rulebook, route: Route, record: Record, *, lowered: str = "", bad: str = "") -> Judged:
    """Return what a record means for a route.

    `lowered` says why it is lowered now, `bad` why its last days would lower it (see `trouble`), each "" where that is not so.
    """
    if route.shadow:
        return Judged(Rung.SILENT, "on trial, says nothing: earnest report shadow")
    if not route.speaks:
        return Judged(Rung.SILENT, "says nothing")
    if lowered:
        since = f"; {_faults(record)} since" if record.decided else ""
        return Judged(Rung.LOWERED, f"lowered: {lowered}{since}")
    if route.approval == "none":
        return _alone(record, bad)
    if why := never(route):
        return Judged(Rung.NEVER, f"always asks: {why}")
    return _asking(book.ladder, record)


def _alone(record: Record, bad: str) -> Judged:
    if bad:
        return Judged(Rung.SHOULD_LOSE, f"should lose `approval: none`: {bad}")
    if not record.alone and not record.decided:
        return Judged(Rung.TOO_LITTLE, "too little to say: nothing left by itself yet")
    return Judged(Rung.KEEPS, f"keeps `approval: none`: {record.alone} left by themselves, {_faults(record)}")


def _asking(ladder: Ladder, record: Record) -> Judged:
    if record.reversals or record.upset or record.counts.get(REJECTED):
        return Judged(Rung.KEEP_ASKING, f"keep asking: {_faults(record)}")
    if record.counted < ladder.decisions:
        of_which = "" if record.counted == record.decided else f" ({record.decided} were made; of one person and day, ten yeses count)"
        return Judged(Rung.TOO_LITTLE, f"too little to say: {record.counted} of {ladder.decisions} decisions{of_which}")
    if record.surely < ladder.unchanged:
        edited = record.counts.get(EDITED, 0)
        sure = f"surely {record.surely:.2f} unchanged, {ladder.unchanged:g} is asked"
        return Judged(Rung.KEEP_ASKING, f"keep asking: {edited} of {record.decided} edited, {sure}")
    if len(record.people) < ladder.people:
        known = ", ".join(one_line(name, _WIDTH) for name in record.people) or "nobody"
        return Judged(Rung.KEEP_ASKING, f"keep asking: {ladder.people} people must know it, and that is {known}")
    if record.unseen:
        text = one_line(record.unseen[0], _WIDTH)
        many = f"{len(record.unseen)} of its texts were" if len(record.unseen) > 1 else "one of its texts was"
        return Judged(Rung.KEEP_ASKING, f'keep asking: {many} hardly ever approved, such as "{text}"')
    return Judged(Rung.EARNED, f"has earned `approval: none`: {_faults(record)}")


def _faults(record: Record) -> str:
    """Say what people made of a route's drafts, and what came back."""
    rejected, reversed_ = record.counts.get(REJECTED, 0), max(record.reversals, record.counts.get(REVERSED, 0))
    why = ", ".join(f"{name} {many}" if many > 1 else name for name, many in record.reasons.items())
    parts = (
        f"{record.counts.get(UNCHANGED, 0)} of {record.decided} approved unchanged" if record.decided else "",
        f"{rejected} rejected ({why})" if rejected else "no rejection",
        _many(reversed_, "reversal", "reversals") if reversed_ else "no reversal",
        _many(record.upset, "upset reply", "upset replies") if record.upset else "no upset reply",
    )
    return ", ".join(filter(None, parts))
