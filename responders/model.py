"""The records of deciding, drafting, approving and sending. Frozen and free of input and output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from listener.model import Assessment, Mention, Post, Visibility

REASONS = ("tone", "facts", "not ours", "no reply needed", "other")
"""Why people reject a draft, in the words that are counted; "no reply needed" also closes the case."""


class Mode(StrEnum):
    """How far Earnest may go; a ceiling, in this order."""

    OBSERVE = "observe"
    DRAFT = "draft"
    SEND = "send"

    @property
    def rank(self) -> int:
        """0 for observe to 2 for send."""
        return _MODES.index(self)


_MODES = tuple(Mode)


class Kind(StrEnum):
    """The two things that may be said to one post: each at most once."""

    PUBLIC = "public"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Hold:
    """Not now, and why. `gate` is the boundary's name; `until` is None where only a person can end it.

    `forbids` is true where the hold rules out any answer at all (the person said stop), not only an automatic one. `on_request` is
    true where a draft is made only when a person asks for one. `by_hand` is true where a person must post the answer, since the network
    takes none from a program; `public_only` where nothing may be said in private.
    """

    gate: str
    reason: str
    until: datetime | None = None
    forbids: bool = False
    on_request: bool = False
    by_hand: bool = False
    public_only: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One route looked at: whether it took the mention, and the words that say why or why not. A `shadow` route never takes one."""

    route: str
    matched: bool
    because: str
    shadow: bool = False


@dataclass(frozen=True, slots=True)
class Shadow:
    """A shadow route that matched a mention, what it would have made of it, and the words that say why.

    `above` is the live route above it that takes the mention all the same, or "" where the shadow route would have taken it. Only then
    `actions` and `held_by` (gates) are what would have been decided, and `drafts` says whether a draft would have been made unasked.
    """

    route: str
    above: str
    because: str
    actions: tuple[str, ...] = ()
    held_by: tuple[str, ...] = ()
    drafts: bool = False

    def to_json(self) -> dict[str, object]:
        """Return what `--json` prints of it; its words may be the author's."""
        return {
            "route": self.route,
            "would_take": not self.above,
            "above": self.above or None,
            "because": self.because,
            "actions": list(self.actions),
            "held_by": list(self.held_by),
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """The route that took a mention, what it wants done, what holds it back, and every route looked at on the way.

    `actions` are words such as `escalate:on-call`, `draft:sorry-billing`, `private:ask-details`, `team:billing`, `send` (may leave
    by itself), `nothing`. `shadows` are the shadow routes that matched: they change nothing.
    """

    route: str
    rule_version: str
    actions: tuple[str, ...]
    holds: tuple[Hold, ...]
    trace: Sequence[Step]
    shadows: tuple[Shadow, ...] = ()

    @property
    def forbidden(self) -> bool:
        """True where nothing may be said to this person at all."""
        return any(hold.forbids for hold in self.holds)

    @property
    def speaks(self) -> bool:
        """True where something is wanted to be said to the author."""
        return any(action.startswith(("draft:", "private:")) for action in self.actions)

    @property
    def by_hand(self) -> bool:
        """True where a person posts the answer, if there is one."""
        return any(hold.by_hand for hold in self.holds)


@dataclass(frozen=True, slots=True)
class Counted:
    """Something that conditions count: `of` is "mentions", "negative" or a signal's name, `by` is "author", "thread" or "brand".

    `most` is as far as anybody counts. With `usual` it is not the count but the mean of the same span on the last seven days.
    """

    of: str
    by: str
    within: timedelta
    most: int
    usual: bool = False


@dataclass(frozen=True, slots=True)
class Fresh:
    """New terms that are asked for: in at least so many posts of so many authors within `over`, and not used before."""

    over: timedelta
    at_least: int
    authors: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rules of a rulebook ask about the past: of the person (`known`), of the thread, what they count, and which terms are new.

    `zone` is the timezone of the file, in which an hour of a day is meant. `terms` says whether terms are kept at all, and `own_words`
    by brand what is no news about it.
    """

    known: bool = False
    thread: bool = False
    counts: frozenset[Counted] = frozenset()
    fresh: frozenset[Fresh] = frozenset()
    terms: bool = False
    own_words: Mapping[str, frozenset[str]] = field(default_factory=dict)
    zone: str = "UTC"


NOTHING_ASKED = Asked()


@dataclass(frozen=True, slots=True)
class Past:
    """What came before a mention, as far as conditions ask for it.

    `known` is true where its author had a conversation with the brand before this one, `answered` where an answer of ours to them stands in
    the thread. `waiting` counts their posts in it since, this one included. `counts` holds what was counted, this mention included: at most
    `most` of each, and None where nothing is usual yet. `fresh` holds the new terms of the post, and None while no day can be compared.
    """

    known: bool = False
    answered: bool = False
    waiting: int = 1
    counts: Mapping[Counted, float | None] = field(default_factory=dict)
    fresh: Mapping[Fresh, tuple[str, ...] | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What deciding needs to know besides the mention itself; gathered at the edge, passed in as plain facts.

    `suppressed` holds the words by which the author asked us to stop. `heard_late` is true for what a first poll or an outage
    brought from the past. `sent_to_author`, `sent_in_thread` and `sent_automatically` are the times of answers that left (or may
    have left), newest first. `author_is_us` is true for our own accounts, `answered` where the post has our answer already.
    `answers_ours_alone` is true where the post answers something that we said by ourselves. `crowd` is true where an answer of ours to
    somebody else stands in the thread, or waits there, and none to this author; `our_thread` where we began the thread. `texts_alone`
    are the texts that left by themselves within the last hour, or are about to. `mute` is true where Earnest cannot speak on the
    network, `labelled` says whether our account there is marked as automated (None: nobody can tell), and `place_closed` why no program
    may answer in this part of the network. `lowered` names the routes that lost the right to send by themselves, and why.
    """

    now: datetime
    suppressed: str = ""
    paused: str = ""
    heard_late: bool = False
    author_is_us: bool = False
    answered: bool = False
    sent_to_author: tuple[datetime, ...] = ()
    sent_in_thread: tuple[datetime, ...] = ()
    sent_automatically: tuple[datetime, ...] = ()
    sent_by_route_to_author: tuple[tuple[str, datetime], ...] = ()
    sent_by_route: tuple[tuple[str, datetime], ...] = ()
    answers_ours_alone: bool = False
    crowd: bool = False
    our_thread: bool = False
    texts_alone: tuple[str, ...] = ()
    past: Past = Past()
    mute: bool = False
    labelled: bool | None = None
    place_closed: str = ""
    lowered: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heard:
    """A mention with its assessment: what routing and drafting look at. The thread was read when it was judged."""

    mention: Mention
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class Offered:
    """The written answer that a draft tells: its file, what it is about, who says so, and until which day it counts."""

    file: str
    title: str
    source: str
    review_by: date
    score: float
    question: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.file}: {self.title} · source: {self.source} · to be looked at again by {self.review_by.isoformat()}"

    def to_json(self) -> dict[str, object]:
        """Return it for a script."""
        return {
            "file": self.file,
            "title": self.title,
            "source": self.source,
            "review_by": self.review_by.isoformat(),
            "score": self.score,
            "question": self.question,
        }


@dataclass(frozen=True, slots=True)
class Proposal:
    """What drafting proposes: text that may be said in public and in private, exactly as it would leave.

    `public` or `private` is None where nothing is to be said there. `problems` say, in words for a person, why the proposal cannot
    be sent as it stands (too long, a private message is not possible here, a voice check); a proposal with problems needs an edit.
    `answer` is the written answer it tells, if any; `unsure` says why it asks back instead of answering, which never leaves by itself.
    """

    public: str | None
    private: str | None
    public_template: str | None
    private_template: str | None
    problems: tuple[str, ...] = ()
    answer: Offered | None = None
    unsure: str = ""


class DraftState(StrEnum):
    """Where a draft stands; only `WAITING` asks for a person."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    DROPPED = "dropped"
    EXPIRED = "expired"


class DeliveryState(StrEnum):
    """Where one thing to say stands. See docs/architecture.md for the drawing."""

    HELD = "held"
    BY_HAND = "by_hand"
    READY = "ready"
    CLAIMED = "claimed"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    PARKED = "parked"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to say, once: what, to which post, by which account, at which visibility.

    `key` is made before the first attempt and never changes: the record key on Bluesky, the idempotency key on Mastodon.
    `created_at` goes into the record where the network lets us choose it. `bound` is the hash a person's approval covers.
    `attempts` numbers the claims; `first_attempt_at` is the first that may have published it, None where surely none has. `by_hand` is
    true for what a person posts, with any account of theirs; `account` is empty where we know of none there.
    """

    id: int
    case: str
    draft_id: int
    kind: Kind
    network: str
    account: str
    parent: Post
    visibility: Visibility
    text: str
    key: str
    created_at: datetime
    bound: str
    state: DeliveryState
    attempts: int = 0
    first_attempt_at: datetime | None = None
    remote_id: str = ""
    remote_url: str = ""
    reason: str = ""
    by_hand: bool = False
