"""The `tests:` of rules.yaml: a post with what came before it, and all that must come of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from listener.model import Intent, Level, Mood, Visibility
from listener.rules.kinds import Flag, Handle, Name, Span, Strict, Word, Words

NOON = "2026-11-18 12:00"
"""When a test or an example happens that says nothing of it: a Wednesday, in the timezone of the file."""

Times = Annotated[int, Field(strict=True, ge=1, le=1_000)]
Followers = Annotated[int, Field(strict=True, ge=0)]
Where = Literal["same", "other"]


class Before(Strict):
    """Something that was said before the post of a test: by somebody (`post`), or by us (`ours`)."""

    post: Word | None = Field(default=None, description="what somebody wrote; it is heard and decided as any post")
    ours: Word | None = Field(default=None, description="what we answered")
    ago: Span = Field(default=timedelta(hours=1), description="how long before the post of the test")
    by: Handle | None = Field(default=None, description="with `post`: who wrote it; somebody new each time unless said otherwise")
    to: Handle | None = Field(default=None, description="with `ours`: whom we answered; the author of the test unless said otherwise")
    by_itself: Flag = Field(default=False, description="with `ours`: it left without a person")
    thread: Where = Field(default="other", description="whether it stands in the thread of the post of the test, or in another")
    times: Times = Field(default=1, description="with `post`: so many of them, a second apart, the last one at `ago`")


class Trial(Strict):
    """A post with a past, and what must come of it. The whole file is at work: routes, boundaries, limits and brakes."""

    name: Word = Field(description="what it shows, in words; `earnest rules test --run` finds it by them")
    post: Word = Field(description="the post")
    at: str | None = Field(default=None, description='when, in the timezone of the file: "2026-11-20 23:30"; else noon on a Wednesday')
    network: str | None = Field(default=None, description="where it was written; mastodon unless said otherwise")
    author: Handle | None = Field(default=None, description="who wrote it, without @; customer unless said otherwise")
    followers: Followers | None = Field(default=None, description="how many followers its author has")
    visibility: Visibility | None = Field(default=None, description="who can see it; public unless said otherwise")
    history: tuple[Before, ...] = Field(default=(), description="what came before it, in the order of time whatever the order here")
    brand: Name | None = Field(default=None, description="the brand it must be about")
    route: str | None = Field(default=None, description="the route it must take")
    urgency: Level | None = Field(default=None, description="the level it must get")
    sentiment: Mood | None = Field(default=None, description="the mood it must get")
    intent: Intent | None = Field(default=None, description="what its author must be found to want")
    held_by: Words = Field(default=(), description="the boundaries that must hold an automatic answer back")
    sends: Flag | None = Field(default=None, description="whether an answer must leave by itself, or must not")
    says: Words = Field(default=(), description="words that the draft must hold, in public or in private")
    private: Flag | None = Field(default=None, description="whether the draft must hold a private message, or must not")
    not_heard: Flag = Field(default=False, description="it must not count as a mention at all")


EXPECTED = ("brand", "route", "urgency", "sentiment", "intent", "held_by", "sends", "says", "private", "not_heard")
"""The keys of a test that say what must come of it."""
