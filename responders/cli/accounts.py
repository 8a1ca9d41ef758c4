"""Our own accounts as `earnest status` tells of them: which one rests and why, and which one goes as fast as its network allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from listener.clock import in_words, to_text
from listener.store import mentions as heard_ledger
from listener.store.base import Reader, number, text
from listener.text import one_line
from responders.cli.phrases import counted, local
from responders.ledger import moves
from responders.ledger.people import Pause

_WIDTH = 200  # columns of a foreign line
_LONGEST_SPAN = timedelta(days=1)  # no network counts over more


@dataclass(frozen=True, slots=True)
class OurAccount:
    """One account of ours. `used` of `most` attempts were made in the last `per` (None: none was made in the last day).

    `waiting` answers are approved and have not left; of those only urgent ones may where `urgent_only`.
    """

    network: str
    handle: str
    rest: Pause | None
    waiting: int
    used: int = 0
    most: int | None = None
    per: timedelta | None = None
    urgent_only: bool = False

    @property
    def full(self) -> bool:
        """Whether the network's pace leaves no room at all."""
        return self.most is not None and self.used >= self.most

    def to_json(self) -> dict[str, object]:
        """Return its entry in `status --json`."""
        rest, pace = self.rest, None
        if self.most is not None and self.per is not None:
            pace = {"used": self.used, "most": self.most, "per_s": round(self.per.total_seconds()), "urgent_only": self.urgent_only}
        return {
            "network": self.network,
            "handle": self.handle or None,
            "resting": rest is not None,
            "reason": rest.reason if rest else None,
            "since": to_text(rest.since) if rest else None,
            "until": to_text(rest.until) if rest and rest.until else None,
            "waiting": self.waiting,
            "pace": pace,
        }


def our_accounts(reader: Reader, resting: Mapping[str, Pause], *, at: datetime) -> tuple[OurAccount, ...]:
    """Return every account that we know or that rests, by network."""
    handles = {account.network: account.handle for account in heard_ledger.accounts(reader)}
    rows = reader.all("SELECT network, COUNT(*) AS n FROM deliveries WHERE state = 'ready' GROUP BY network")
    waiting = {text(row, "network"): number(row, "n") for row in rows}
    networks = sorted({*handles, *resting})
    known = (OurAccount(one, handles.get(one, ""), resting.get(one), waiting.get(one, 0)) for one in networks)
    return tuple(_paced(reader, one, at) for one in known)


def _paced(reader: Reader, one: OurAccount, at: datetime) -> OurAccount:
    """Add how much of its network's pace is used up, where it spoke in the last day."""
    if not moves.tries(reader, one.network, since=at - _LONGEST_SPAN):
        return one
    from responders.house import pace_of  # noqa: PLC0415  # most of the time nobody spoke
    from responders.sending.means import KEPT_FOR_URGENT  # noqa: PLC0415

    pace = pace_of(one.network)
    if pace is None:
        return one
    per, most = timedelta(seconds=pace.per), pace.posts
    used = moves.tries(reader, one.network, since=at - per)
    return replace(one, used=used, most=most, per=per, urgent_only=used >= most * (1 - KEPT_FOR_URGENT))


def account_words(one: OurAccount, at: datetime) -> Iterator[tuple[str, list[str]]]:
    """Yield what a person should know of an account, a title and lines each: nothing where it may speak freely."""
    name = f"Our account on {one.network}" + (f" (@{one_line(one.handle, 60)})" if one.handle else "")
    waits = [f"{counted(one.waiting, 'approved answer waits', 'approved answers wait')} for it."] if one.waiting else []
    if one.rest:
        until = f"until {local(one.rest.until)}, for {in_words(one.rest.until - at)}" if one.rest.until else "until it may speak again"
        lines = [
            f"why: {one_line(one.rest.reason, _WIDTH)}",
            "Then Earnest tries again by itself. Is its key right? earnest doctor",
            *waits,
        ]
        yield f"{name} RESTS {until}", lines
    elif one.urgent_only and one.per is not None:
        rest = "nothing leaves there" if one.full else "only urgent answers leave there"
        used = f"{one.used} of {one.most} attempts in {in_words(one.per)} are used up, which is the network's own limit"
        yield f"{name} goes as fast as it may: {rest}", [f"{used}; the others leave later by themselves.", *waits]
