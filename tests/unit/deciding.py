"""What the tests of deciding and drafting build on: rulebooks as people write them, and posts as they are judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from listener.model import (
    Assessment,
    Author,
    Because,
    Ground,
    Intent,
    Level,
    Mention,
    Mood,
    Post,
    Sentiment,
    Signal,
    Urgency,
    Visibility,
)
from listener.rules.rulebook import Rulebook
from responders.model import Circumstances, Heard

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)

ROUTES: tuple[Mapping[str, object], ...] = (
    {
        "name": "safety",
        "moment_of_truth": True,
        "when": {"signals": ["safety"]},
        "reply": "holding",
        "private": "details",
        "escalate": "on-call",
        "approval": "two-people",
    },
    {"name": "billing", "when": {"signals": ["money"], "urgency": ["normal", "high"]}, "reply": "sorry-billing", "private": "details"},
    {
        "name": "upset",
        "when": {"any": [{"sentiment": ["negative"]}, {"signals": ["outage", "waiting"]}]},
        "reply": "sorry",
        "team": "care",
    },
    {
        "name": "thanks",
        "when": {"sentiment": "positive", "urgency": "low", "signals": "none", "addressed": True},
        "reply": "thanks",
        "approval": "none",
    },
    {"name": "everything-else", "when": "always"},
)

TEMPLATES: Mapping[str, object] = {
    "holding": "That should not happen, and we want to help right now. We have sent you a private message. ^{agent}",
    "details": "This is {agent} at {brand} about {case}. What is your order number?",
    "sorry-billing": "Sorry about the charge. Please see our private message so we can look at case {case}. ^{agent}",
    "sorry": ["Sorry for the trouble. What happened, and when? ^{agent}", {"informal": "Ugh, sorry! What happened? ^{agent}"}],
    "thanks": ["Thank you, that made our day!", {"de": "Vielen Dank, das freut uns sehr!"}],
}


def rulebook(**changes: object) -> Rulebook:
    """Return a rulebook of five routes that may send, with whatever is changed."""
    settings: dict[str, object] = {
        "version": 1,
        "mode": "send",
        "brands": {"acme": {"names": ["Acme"], "handles": {"mastodon": "acme@mastodon.example", "x": "acme"}}},
        "routes": ROUTES,
        "templates": TEMPLATES,
        "teams": {"on-call": {}, "care": {"members": ["ana", "jo"]}},
    }
    return Rulebook.model_validate(settings | changes).read_from("", "f00d")


def post(text: str = "@acme love the new shoes!!", **changes: object) -> Post:
    """Return a post written an instant before noon by a customer called marta."""
    author = Author("mastodon", "77", "marta@town.example", display_name="Marta Kowalska")
    settings: dict[str, object] = {
        "network": "mastodon",
        "id": "1",
        "text": text,
        "author": author,
        "created_at": NOON,
        "thread_id": "1",
        "visibility": Visibility.PUBLIC,
    }
    return Post(**settings | changes)  # type: ignore[arg-type]


def by(handle: str, **changes: object) -> Author:
    """Return an author with this handle."""
    return Author(**{"network": "mastodon", "id": "77", "handle": handle} | changes)  # type: ignore[arg-type]


def judged(
    *,
    mood: Mood = Mood.POSITIVE,
    score: float = 0.7,
    signals: Iterable[Signal] = (),
    level: Level = Level.LOW,
    points: int = 0,
    intent: Intent = Intent.PRAISE,
    **changes: object,
) -> Assessment:
    """Return the assessment of plain praise, with whatever is changed."""
    settings: dict[str, object] = {
        "language": "en",
        "sentiment": Sentiment(mood, score),
        "signals": tuple(signals),
        "urgency": Urgency(level, points),
        "intent": intent,
        "needs_reply": False,
    }
    return Assessment(**settings | changes)  # type: ignore[arg-type]


def heard(assessment: Assessment | None = None, *, said: Post | None = None, addressed: bool = True, brand: str = "acme") -> Heard:
    """Return a mention of acme with its assessment."""
    mention = Mention(said or post(), brand, (Because(Ground.HANDLE, "@acme"),), addressed)
    return Heard(mention, assessment or judged())


def at(now: datetime = NOON, **changes: object) -> Circumstances:
    """Return circumstances in which nothing holds, with whatever is changed."""
    return Circumstances(**{"now": now} | changes)  # type: ignore[arg-type]


def signal(name: str, *because: str, points: int = 30) -> Signal:
    """Return a signal with the words that caused it."""
    return Signal(name, points, because)
