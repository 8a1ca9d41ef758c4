"""The records of hearing and judging: what flows from a network's page to an assessment.

All records are frozen and free of input and output. Times are aware datetimes in UTC. Ids are opaque text: a Mastodon id may be a
ULID, and X's ids do not fit a float.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Visibility(StrEnum):
    """Who can see a post, from widest to narrowest."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    FOLLOWERS = "followers"
    DIRECT = "direct"


class Level(StrEnum):
    """How soon a person must look, whatever the mood; ordered by `rank`."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low to 3 for critical."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(Level)}


class Mood(StrEnum):
    """Sentiment towards the brand; `UNKNOWN` where the text cannot be judged."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"
    UNKNOWN = "unknown"


class Intent(StrEnum):
    """What the author mainly wants."""

    COMPLAINT = "complaint"
    QUESTION = "question"
    REQUEST = "request"
    PRAISE = "praise"
    BUYING = "buying"
    SUGGESTION = "suggestion"
    SPAM = "spam"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Author:
    """The account that wrote a post. `handle` is its name without "@"; `bio` is plain text."""

    network: str
    id: str
    handle: str
    display_name: str = ""
    followers: int | None = None
    bot: bool = False
    bio: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """Anything written on a network, as the network gave it, with its markup removed.

    `thread_id` is the id of the first post of the public thread and equals `id` for a post that starts one. `mentions` holds the
    handles (without "@") and account ids the post addresses; `tags` its hashtags without "#". `version` changes when the text is
    edited (the network's own version, or an edit time). `own` is true for what our own accounts wrote. `about` names brands that the
    place itself is about, such as a brand's own review page; it is not stored, since it is looked at only when the post is heard.
    """

    network: str
    id: str
    text: str
    author: Author
    created_at: datetime
    thread_id: str
    url: str = ""
    visibility: Visibility = Visibility.PUBLIC
    parent_id: str | None = None
    parent_author_id: str | None = None
    mentions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str | None = None
    version: str = ""
    own: bool = False
    about: tuple[str, ...] = ()


class Ground(StrEnum):
    """Because of what a post counts as a mention."""

    HANDLE = "handle"
    NAME = "name"
    HASHTAG = "hashtag"
    QUERY = "query"
    REPLY = "reply"
    PLACE = "place"
    IMPORT = "import"
    COMPETITOR = "competitor"  # a note on a mention that names one too; it never makes a mention


@dataclass(frozen=True, slots=True)
class Because:
    """One reason why a post is a mention, with the words that gave it away."""

    ground: Ground
    text: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A post about one of our brands. `addressed` is true where the author spoke to us, not only of us."""

    post: Post
    brand: str
    because: tuple[Because, ...]
    addressed: bool


@dataclass(frozen=True, slots=True)
class Signal:
    """A named finding with its points (0 to 100) and the author's own words that caused it."""

    name: str
    points: int
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sentiment:
    """Mood with a score from -1 (negative) to 1 (positive); the score of `UNKNOWN` is 0.

    `sure` is how probable it is, from 0 to 1, that the label is right; None where nobody can tell.
    """

    label: Mood
    score: float
    sure: float | None = None

    def to_json(self) -> dict[str, object]:
        """Return it as every `--json` prints it; `sure` is there only where it is known."""
        known = {} if self.sure is None else {"sure": round(self.sure, 4)}
        return {"label": self.label.value, "score": round(self.score, 4), **known}

    @property
    def surely(self) -> str:
        """How sure it is, in words that stand behind the score: ", 83 % sure"; nothing where it is not known."""
        return "" if self.sure is None else f", {self.sure * 100:.0f} % sure"


@dataclass(frozen=True, slots=True)
class Urgency:
    """The level, and the points (0 to 100) that made it."""

    level: Level
    points: int


@dataclass(frozen=True, slots=True)
class Labels:
    """What a person says of a post; None for what they leave to Earnest."""

    mood: Mood | None = None
    level: Level | None = None
    intent: Intent | None = None
    sarcasm: bool | None = None

    def over(self, earlier: Labels) -> Labels:
        """Return these labels, and those of an earlier correction where these say nothing."""
        return Labels(
            self.mood or earlier.mood,
            self.level or earlier.level,
            self.intent or earlier.intent,
            earlier.sarcasm if self.sarcasm is None else self.sarcasm,
        )


@dataclass(frozen=True, slots=True)
class Corrected:
    """A person's word on how a post is judged: who said it, when, and what it changed.

    Each change is what was changed ("mood", "urgency", "intent" or "sarcasm"), what Earnest had judged, and what the person says.
    """

    who: str
    at: datetime
    changes: tuple[tuple[str, str, str], ...]

    def __str__(self) -> str:
        """Say it in one line: "anna says: positive (was negative)"."""
        return f"{self.who} says: {', '.join(f'{_named(what, now)} (was {_named(what, was)})' for what, was, now in self.changes)}"

    def to_json(self) -> dict[str, object]:
        """Return it for scripts."""
        changes = {what: {"was": was, "is": now} for what, was, now in self.changes}
        return {"who": self.who, "at": self.at.isoformat().replace("+00:00", "Z"), "changes": changes}


def _named(what: str, value: str) -> str:
    return f"{'' if value == 'yes' else 'no '}sarcasm" if what == "sarcasm" else value


@dataclass(frozen=True, slots=True)
class Assessment:
    """All that was judged of one post.

    `language` is ISO 639-1 or "und". `wishes` are what the author asks of us about being contacted (`stop`, `no_dm`), each with
    the words that prove it. `hidden` is true where the text carries invisible or direction-changing characters. `failed` says, in
    words for a person, why a scorer could not judge; a failed assessment always asks for a person. `learned` is how much of the
    mood's score people's corrections of other posts added, and `corrected` what a person said of this one.
    """

    language: str
    sentiment: Sentiment
    signals: tuple[Signal, ...]
    urgency: Urgency
    intent: Intent
    needs_reply: bool
    moment_of_truth: bool = False
    sarcasm: bool = False
    informal: bool = False
    wishes: tuple[Signal, ...] = ()
    hidden: bool = False
    failed: str = ""
    learned: float = 0.0
    corrected: Corrected | None = None

    @property
    def unhappy(self) -> bool:
        """Whether its author is unhappy: in a bad mood, or calmly complaining."""
        return self.sentiment.label is Mood.NEGATIVE or self.intent is Intent.COMPLAINT


@dataclass(frozen=True, slots=True)
class Account:
    """One of our own accounts on a network, as the network names it."""

    network: str
    id: str
    handle: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time or a run of posts that a source knows it may have missed, and why."""

    reason: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What one fetch brought: posts (any order), the cursor to store with them, and whether more waits behind it.

    `gone` are the ids of posts that the network says are deleted; `late` those of posts from before listening began. `ahead` says that
    more, if there is more, may be asked for before this page is stored: to ask acknowledges nothing, and whoever asks again is told it
    again.
    """

    posts: tuple[Post, ...]
    cursor: str | None
    more: bool = False
    gap: Gap | None = None
    gone: tuple[str, ...] = field(default=())
    late: tuple[str, ...] = field(default=())
    ahead: bool = False
