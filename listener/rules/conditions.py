"""What a route may ask of a mention: its `when`, and the parts that stand in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from listener.model import Intent, Level, Mood, Visibility
from listener.rules.kinds import Flag, OneOrMore, SomeWords, Span, Strict, Word

MOST_COUNTED = 10_000
MOST_OF_A_TERM = 100
"""How many posts with one new term are counted in an hour."""
COUNTED = frozenset({"mentions", "negative"})
"""What can be counted besides signals."""

_AtLeast = Annotated[int, Field(strict=True, ge=1, le=MOST_COUNTED)]


class AuthorIs(Strict):
    """Who wrote it."""

    followers: Annotated[int, Field(strict=True, ge=1)] | None = Field(
        default=None, description="at least so many, as far as the network says"
    )
    list: SomeWords | None = Field(default=None, description="on any of these lists (see `lists`)")
    bot: Flag | None = Field(default=None, description="whether the account says that it is automated")


class ThreadIs(Strict):
    """Where in a conversation it stands."""

    ours: Flag | None = Field(default=None, description="whether we began the conversation")
    answered: Flag | None = Field(default=None, description="whether an answer of ours to this person stands in it")
    waiting: _AtLeast | None = Field(
        default=None, description="so many posts of this person stand in it since our last answer, this one included"
    )


class Often(Strict):
    """So many of a kind in a span, this one included."""

    of: Word = Field(default="mentions", description="`mentions`, `negative`, or the name of a signal")
    by: Literal["author", "thread", "brand"] = Field(default="brand", description="of the same person, in the same thread, or of the brand")
    at_least: _AtLeast = Field(description="how many")
    within: Span = Field(description="the span that is counted, at most seven days")


class Spike(Strict):
    """More of a kind about a brand than is usual at that hour."""

    of: Word = Field(default="mentions", description="`mentions`, `negative`, or the name of a signal")
    over: Span = Field(default=timedelta(hours=1), description="the span that is counted and compared, at most a day")
    times: Annotated[float, Field(strict=True, ge=1, le=1_000)] = Field(
        default=4.0, description="so many times the mean of the same span on the last seven days"
    )
    at_least: _AtLeast = Field(default=10, description="fewer than this are no spike, whatever is usual")


_Few = Annotated[int, Field(strict=True, ge=2, le=MOST_OF_A_TERM)]


class NewTerm(Strict):
    """A word or hashtag that several people use about a brand now, and hardly anybody used in the seven days before."""

    over: Span = Field(default=timedelta(hours=6), description="the span in which it is new, at most a day")
    at_least: _Few = Field(default=5, description="so many posts hold it")
    authors: _Few = Field(default=3, description="so many people wrote them")


class When(Strict):
    """What a mention must be for a route to take it. Keys together mean and; lists mean or."""

    signals: Literal["none"] | SomeWords | None = Field(default=None, description='any of these signals, or "none" at all')
    urgency: Annotated[tuple[Level, ...], Field(min_length=1), OneOrMore] | None = Field(default=None, description="any of these levels")
    sentiment: Annotated[tuple[Mood, ...], Field(min_length=1), OneOrMore] | None = Field(default=None, description="any of these moods")
    intent: Annotated[tuple[Intent, ...], Field(min_length=1), OneOrMore] | None = Field(default=None, description="any of these intents")
    text: SomeWords | None = Field(default=None, description="any of these words or phrases stands in it, matched whole, in any script")
    language: SomeWords | None = Field(default=None, description="any of these languages (ISO 639-1, or und)")
    network: SomeWords | None = Field(default=None, description="any of these networks")
    brand: SomeWords | None = Field(default=None, description="any of these brands")
    visibility: Annotated[tuple[Visibility, ...], Field(min_length=1), OneOrMore] | None = Field(
        default=None, description="who can see it: public, unlisted, followers, direct"
    )
    author: AuthorIs | None = Field(default=None, description="who wrote it")
    customer: Literal["known", "new"] | None = Field(
        default=None, description="whether this person had a conversation with the brand before this one"
    )
    thread: ThreadIs | None = Field(default=None, description="where in a conversation it stands")
    hours: Literal["open", "closed"] | None = Field(default=None, description="whether it was written in business hours (see `hours`)")
    count: Often | None = Field(default=None, description="so many of a kind in a span")
    spike: Spike | None = Field(default=None, description="more of a kind than is usual at that hour")
    new_term: NewTerm | None = Field(
        default=None, description="it holds a word or hashtag that several people use now and that was not used in the days before"
    )
    addressed: Flag | None = Field(default=None, description="whether the author spoke to us, not only of us")
    moment_of_truth: Flag | None = Field(default=None, description="whether the outcome decides if the person stays")
    sarcasm: Flag | None = Field(default=None, description="whether the words say the opposite of what is meant")
    any: Annotated[tuple[When, ...], Field(min_length=1)] | None = Field(default=None, description="at least one of these holds")
    not_: When | None = Field(default=None, alias="not", description="this does not hold")
