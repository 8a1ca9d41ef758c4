"""The facts that deciding needs besides the mention: what left already, whom we may not write to, whether sending is paused.

Gathered here, from the store, for the first decision and again just before an answer leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from listener.clock import from_text
from listener.model import Assessment, Intent, Level, Mention, Mood, Post, Sentiment, Urgency
from listener.rules.rulebook import Rulebook
from listener.store import mentions as heard_ledger
from listener.store.base import Reader, text
from responders import lately, policies
from responders.ledger import deliveries, lowered, people, places, said
from responders.ledger.nearby import Nearby
from responders.ledger.tallies import Counting
from responders.model import NOTHING_ASKED, Asked, Circumstances, Heard, Past
from responders.policies import PolicyGate

_HOUR = timedelta(hours=1)
_LATELY = timedelta(days=2)  # the longest span in which all answers that leave by themselves are counted
_NO_PAST = Past()
_UNJUDGED = Assessment("und", Sentiment(Mood.UNKNOWN, 0.0), (), Urgency(Level.LOW, 0), Intent.OTHER, needs_reply=False)

LOOKED_AT = ("switches", "deliveries", "accounts", "facts", "closed_places", "lowered")
"""The tables that `world` reads: while they stand as they are, it tells the same until what it counts grows too old (`lasts`)."""


@dataclass(frozen=True, slots=True)
class World:
    """What is the same for every mention decided at one moment: the pause, our accounts, what left by itself lately, lowered routes."""

    at: datetime
    paused: str
    ours: frozenset[tuple[str, str]]
    alone: tuple[tuple[str, datetime], ...]
    texts: tuple[str, ...]
    labelled: Mapping[str, bool]
    closed: Mapping[tuple[str, str], str]
    asked: Asked = NOTHING_ASKED
    lowered: Mapping[str, str] = field(default_factory=dict)


def world(reader: Reader, *, at: datetime, without: int | None = None, asked: Asked = NOTHING_ASKED) -> World:
    """Look around once for a whole batch of mentions; what a draft (`without`) has sent or is about to does not count.

    `asked` is what the conditions of the rules ask about the past, where a route is still to be found.
    """
    pause = people.paused(reader, at=at)
    alone = deliveries.left_by_itself(reader, since=at - _LATELY, without=without)
    return World(
        at=at,
        paused=pause.reason if pause else "",
        ours=frozenset((account.network, account.id) for account in heard_ledger.accounts(reader)),
        alone=tuple((text(row, "route"), from_text(text(row, "at"))) for row in alone),
        texts=tuple(said.texts_alone(reader, since=at - _HOUR, without=without)),
        asked=asked,
        labelled=places.labelled(reader),
        closed=places.closed(reader),
        lowered={one.route: one.reason for one in lowered.now(reader)},
    )


def lasts(around: World, pause: people.Pause | None) -> datetime | None:
    """Return until when a world stands, `pause` being the one in force, while nothing is changed; None for ever."""
    ends = [moment + (_HOUR if around.at - moment <= _HOUR else _LATELY) for _, moment in around.alone]
    ends += [pause.until] if pause and pause.until else []
    return min(ends, default=None)


def circumstances(
    reader: Reader, mention: Mention, around: World, *, late: bool, without: int | None = None, mute: bool = False
) -> Circumstances:
    """Gather what deciding needs to know besides the mention, for it alone; see `among`.

    `without` is a draft whose own deliveries do not count: it is asked about just before it leaves.
    """
    near = Nearby(reader, [mention.post], at=around.at, without=without)
    return among(near, Counting(reader), reader, mention, around, late=late, mute=mute, asking=without is not None)


def among(
    near: Nearby,
    counting: Counting,
    reader: Reader,
    mention: Mention,
    around: World,
    *,
    late: bool,
    mute: bool,
    asking: bool = False,
) -> Circumstances:
    """Gather what deciding needs to know besides the mention, from what is `near` a page of them and was counted by now.

    `late` marks history that was taken in. `mute` says that Earnest cannot speak on the network. `asking` says that the answer to the
    mention is about to leave, and is asked about once more.
    """
    post = mention.post
    to_author, in_thread = near.to_author(post), near.in_thread(post)
    return Circumstances(
        now=around.at,
        suppressed=near.suppressed(post),
        paused=around.paused,
        heard_late=late,
        author_is_us=post.own or (post.network, post.author.id) in around.ours,
        answered=near.answered(post),
        sent_to_author=tuple([one.at for one in to_author]),
        sent_in_thread=tuple([one.at for one in in_thread]),
        sent_automatically=tuple([moment for _, moment in around.alone]),
        sent_by_route_to_author=tuple([(one.route, one.at) for one in to_author]),
        sent_by_route=around.alone,
        answers_ours_alone=near.answers_alone(post, by_us=(post.network, post.parent_author_id) in around.ours),
        crowd=_crowd(near, post, {one.author_id for one in in_thread}, asking=asking),
        our_thread=near.our_thread(post),
        texts_alone=around.texts,
        past=_NO_PAST if around.asked is NOTHING_ASKED else lately.past(reader, around.asked, mention, counting, at=around.at),
        mute=mute,
        labelled=around.labelled.get(post.network),
        lowered=around.lowered,
        place_closed=around.closed.get((post.network, policies.place_of(post)), ""),
    )


def closed_gates(reader: Reader, book: Rulebook, post: Post, brand: str, *, at: datetime, mute: bool) -> tuple[PolicyGate, ...]:
    """Return what a network asks that stands between us and answering a stored post now; `mute` as above."""
    mention = heard_ledger.mention(reader, post.network, post.id, brand) or Mention(post, brand, (), addressed=False)
    judged = heard_ledger.assessment(reader, post.network, post.id) or _UNJUDGED
    facts = circumstances(reader, mention, world(reader, at=at), late=False, mute=mute)
    found = policies.gates(post.network, policies.standing(book, Heard(mention, judged), facts))
    return (*found, *(gate for gate in _learned(reader, post) if gate not in found))


def _learned(reader: Reader, post: Post) -> list[PolicyGate]:
    """Return the gates by which the network itself refused an answer to this post: it saw what we could not."""
    rows = reader.all(
        "SELECT reason FROM deliveries WHERE network = :network AND parent_id = :id AND state = 'refused'", network=post.network, id=post.id
    )
    return [gate for gate in policies.of_network(post.network) if any(gate.says in text(row, "reason") for row in rows)]


def _crowd(near: Nearby, post: Post, answered: set[str], *, asking: bool) -> bool:
    """Return whether we speak to others in this thread, and not to this author (what is asked about aside)."""
    if post.author.id in answered or not (answered or near.waits_for_others(post)):
        return False
    return asking or not near.waits_for(post)
