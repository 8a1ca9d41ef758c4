"""The life of a delivery as one table: every state it can be in, and every arrow between two of them.

The ledger moves rows by these arrows only, docs/architecture.md draws and explains them, and a test that makes up histories sees to it that
no row moves otherwise. An arrow says where it begins, so that of two senders (or a sender and a person) only one can take it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from responders.model import DeliveryState as State


@dataclass(frozen=True, slots=True)
class Way:
    """From one state to another, and when. No source: it is made. No target: it is removed."""

    letter: str
    source: State | None
    target: State | None
    when: str


class Arrow(Enum):
    """Every way a delivery can go."""

    ORDER = Way("a", None, State.READY, "approved; it waits ten seconds, and longer where the post cannot be read again just now")
    CLAIM = Way(
        "b",
        State.READY,
        State.CLAIMED,
        "every gate was asked again and said yes, the limits have room, nothing is paused; the claim is stored before a byte leaves",
    )
    SEND = Way("c", State.CLAIMED, State.SENT, "the network answered with the id of the new post")
    REFUSE = Way("d", State.CLAIMED, State.REFUSED, "the network said no in a way known to mean that nothing was published")
    RETURN = Way(
        "e",
        State.CLAIMED,
        State.READY,
        "surely nothing was published: no connection, the network asked us to wait, or our account may not speak now",
    )
    HOLD = Way(
        "f",
        State.READY,
        State.HELD,
        "a gate said no: the person asked us to stop, the post is gone, changed or answered, the words or the account are not the approved"
        " ones, the voice check objects, the yes is older than two hours, or what leaves by itself may not any more; the draft waits again",
    )
    DOUBT = Way(
        "g",
        State.CLAIMED,
        State.UNKNOWN,
        "a time-out, a reset, a 5xx, an answer that makes no sense; or the sender died (found at its next start, or a minute later)",
    )
    REMOVE = Way(
        "h",
        State.READY,
        None,
        "somebody took the approval back while nothing had left (`u` in the review, or `earnest undo`), or the post was deleted or edited",
    )
    REPLACE = Way(
        "i",
        State.HELD,
        None,
        "other words were approved for a post whose old answer was held, its approval was taken back, or the post was deleted or edited",
    )
    FIND = Way("j", State.UNKNOWN, State.SENT, "a look at the network found it, or the network's answer came after all")
    REPEAT = Way(
        "k",
        State.UNKNOWN,
        State.READY,
        "a look did not find it, long enough after the attempt, and the network publishes once for one key, which still counts there",
    )
    PARK = Way(
        "l",
        State.UNKNOWN,
        State.PARKED,
        "a look did not find it and there is no such key, no look succeeded for ten minutes, or the network now refuses what an earlier"
        " try may have published; never a second attempt by itself",
    )
    FIND_LATE = Way("m", State.READY, State.SENT, "what was tried before was looked for once more before it was sent, and found")
    STALE = Way("n", State.READY, State.UNKNOWN, "what came back by k waited until its key no longer counts")
    PARK_LATE = Way(
        "o", State.READY, State.PARKED, "a gate said no to what came back by k or q, which may be there; or its second yes was taken back"
    )
    CONFIRM = Way(
        "p", State.PARKED, State.SENT, "a person looked and found it there (`earnest found`), or the network's answer came after all"
    )
    RESEND = Way("q", State.PARKED, State.READY, "a person looked, it is not there, and they say yes again (`earnest resend`)")
    RECALL = Way("r", State.SENT, State.WITHDRAWING, "a person takes it back from the network (`earnest withdraw`)")
    WITHDRAW = Way("s", State.WITHDRAWING, State.WITHDRAWN, "the network has it no more")
    KEEP = Way("t", State.WITHDRAWING, State.SENT, "the network does not take it away, and says so")
    FOLLOW = Way("u", State.HELD, State.READY, "what it was held for (its private message in doubt) is sent again by a person (q)")
    SET_ASIDE = Way("v", State.PARKED, State.HELD, "a person looked, it is not there, and other words are wanted (`earnest absent`)")
    ORDER_BY_HAND = Way("w", None, State.BY_HAND, "approved where the network takes no program's answer: a person posts it by hand")
    POST = Way("x", State.BY_HAND, State.SENT, "a person posted it and said so (`earnest posted`), or our account's answer was heard there")
    GIVE_UP = Way("y", State.BY_HAND, None, "somebody took the approval back (`earnest undo`), or the post was deleted or edited")
    LAPSE = Way(
        "z",
        State.BY_HAND,
        State.HELD,
        "nobody posted it in time, a person will not post it (`earnest absent`), or a gate says no by now: the person asked us to stop, the"
        " post is gone or changed, the voice check objects; the draft waits again",
    )

    @property
    def source(self) -> State | None:
        """Where it begins."""
        return self.value.source

    @property
    def target(self) -> State | None:
        """Where it ends."""
        return self.value.target


FREE = frozenset({State.REFUSED, State.WITHDRAWN})
"""States that free the place for another answer to the same post: nothing of it is on the network."""

THERE = frozenset({State.CLAIMED, State.SENT, State.UNKNOWN, State.PARKED, State.WITHDRAWING})
"""States in which it is on the network, or may be."""

LEFT = THERE | {State.WITHDRAWN}
"""States in which an attempt was made that no network is known to have refused: a person may have read it."""

ABOUT_TO = LEFT | {State.READY, State.BY_HAND}
"""The same, with what is about to leave, or to be posted by a person."""


def listed(states: Iterable[State]) -> str:
    """Write states as SQL takes them between brackets."""
    return ", ".join(f"'{state.value}'" for state in sorted(states))


def explained() -> str:
    """Return the table of all arrows as docs/architecture.md shows it."""
    rows = [f"| {arrow.value.letter} | {arrow.value.when} |" for arrow in Arrow]
    return "\n".join(("| arrow | when |", "| --- | --- |", *rows))
