"""Bluesky's search beside what our account is told: `search` of the source.

The lexicon of app.bsky.feed.searchPosts (read in November 2026): `sort=latest`, `since` (that moment too), at most 100 posts a page.
Its time is Bluesky's own, the earlier of when the author's device says a post was written and when it was first seen. So each look
asks for one hour more than it would need, as for notifications, and knows by short hashes what it had. Our account signs in for it:
without one Bluesky's public server searches for nobody.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Protocol

from pydantic import Field, ValidationError

from listener.bluesky_session import NETWORK, Session
from listener.bluesky_wire import PLACE, START, Moment, Person, Record, author_of, post_of, read
from listener.clock import to_text
from listener.model import Account, Gap, Page, Post
from listener.shapes import Wire
from listener.sources import _bluesky_again
from listener.sources._search import Search
from listener.sources.base import Asked, Looked

PAGE_SIZE = 100
MOST_PAGES = 10  # read for one question in one fetch

_OVERLAP = timedelta(hours=1)
_MOST_KNOWN = 2_000
_SEARCH = "app.bsky.feed.searchPosts"


class AccountSource(Protocol):
    """What our account is told by itself, without a search."""

    name: str

    async def identify(self) -> Account:
        """Return our own account."""

    async def fetch(self, cursor: str | None) -> Page:
        """Return what came after `cursor`."""

    async def with_followers(self, posts: Sequence[Post]) -> list[Post]:
        """Fill in how many follow each author."""

    async def look_again(self, ids: Sequence[str]) -> Looked:
        """Read posts once more."""

    async def close(self) -> None:
        """Let go of connections."""


class _Found(Wire):
    uri: Annotated[str, Field(pattern=PLACE.pattern)]
    cid: str
    author: Person
    record: dict[str, object]
    at: Moment = Field(alias="indexedAt")


class _Listing(Wire):
    posts: list[_Found]
    onward: str | None = Field(default=None, alias="cursor")


class _Mark(Wire):
    """Where the search was left: which it was, its newest moment, and short hashes of what stands in the hour before."""

    asked: str
    newest: Moment
    known: list[str]


class _Stored(Wire):
    search: _Mark | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    found: tuple[_Found, ...]
    gap: str = ""


class BlueskySearch:
    """What our account is told, and what a search finds; one cursor for both."""

    network = NETWORK
    most_at_once = _bluesky_again.MOST
    slowest = _bluesky_again.SLOWEST
    ids_everywhere = True

    def __init__(self, told: AccountSource, session: Session, searched: Search) -> None:
        """Search through `session` beside `told`."""
        self.name = told.name
        self._told = told
        self._session = session
        self._search = searched
        self._asked = hashlib.blake2b("\n".join(searched.questions).encode(), digest_size=6).hexdigest()

    async def identify(self) -> Account:
        """Return our own account.

        Raises:
            SignInNeeded, RateLimited, NetworkError
        """
        return await self._told.identify()

    async def fetch(self, cursor: str | None) -> Page:
        """Return what our account was told since `cursor`, and once that is read what the search finds.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """
        mark = _mark(cursor)
        page = await self._told.fetch(cursor)
        if page.more:
            return replace(page, cursor=_with(page.cursor, mark))
        own = (await self.identify()).id
        before = mark if mark and mark.asked == self._asked else None
        known = set(before.known) if before else set()
        answers = {words: await self._answer(words, before) for words in self._search.questions}
        fresh: dict[str, Post] = {}
        odd = 0
        for words, answer in answers.items():
            for found in answer.found:
                if _hash(found) not in known and found.author.did != own:
                    post = _post(found)
                    odd += post is None
                    if post and self._search.keeps(words, post):
                        fresh[post.id] = post
        everything = [found for answer in answers.values() for found in answer.found]
        newest = max([before.newest if before else START, *(found.at for found in everything)])
        posts = [*page.posts, *await self._told.with_followers(_unheard(fresh, page.posts))]
        return replace(
            page,
            posts=tuple(sorted(posts, key=lambda post: (post.created_at, post.id))),
            cursor=_with(page.cursor, self._left(newest, everything)),
            gap=_gap(page.gap, [answer.gap for answer in answers.values()], odd),
        )

    def asks(self) -> tuple[Asked, ...]:
        """Return what the search is asked for."""
        return self._search.asked

    async def look_again(self, ids: Sequence[str]) -> Looked:
        """Read posts once more, however they were heard.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """
        return await self._told.look_again(ids)

    async def close(self) -> None:
        """Let go of connections."""
        await self._told.close()

    async def _answer(self, words: str, before: _Mark | None) -> _Answer:
        """Read what a question finds since the last look, newest first; without one the newest page."""
        params = [("q", words), ("sort", "latest"), ("limit", str(PAGE_SIZE))]
        if before:
            params.append(("since", to_text(before.newest - _OVERLAP)))
        found: list[_Found] = []
        onward: list[tuple[str, str]] = []
        for _ in range(MOST_PAGES):
            listing = read(_Listing, await self._session.ask(_SEARCH, [*params, *onward]), "search")
            found += listing.posts
            if not before or not listing.onward or not listing.posts:
                return _Answer(tuple(found))
            onward = [("cursor", listing.onward)]
        return _Answer(tuple(found), f"more than {PAGE_SIZE * MOST_PAGES} posts came in the search for {words} since the last look")

    def _left(self, newest: datetime, found: Sequence[_Found]) -> _Mark:
        kept = sorted((one for one in found if one.at >= newest - _OVERLAP), key=lambda one: one.at, reverse=True)
        return _Mark.model_construct(asked=self._asked, newest=newest, known=list(dict.fromkeys(map(_hash, kept)))[:_MOST_KNOWN])


def _mark(cursor: str | None) -> _Mark | None:
    """Return where the search was left; None where it begins. A cursor that nobody can read is told by those who are told first."""
    try:
        return _Stored.model_validate_json(cursor or "{}").search
    except ValidationError:
        return None


def _with(cursor: str | None, mark: _Mark | None) -> str:
    """Put the mark of the search into the other cursor, which passes over it."""
    kept: Mapping[str, object] = {"search": {**mark.model_dump(), "newest": to_text(mark.newest)}} if mark else {}
    return json.dumps({**json.loads(cursor or "{}"), **kept}, separators=(",", ":"))


def _hash(found: _Found) -> str:
    return hashlib.blake2b(f"{found.uri} {found.cid}".encode(), digest_size=6).hexdigest()


def _post(found: _Found) -> Post | None:
    try:
        record = Record.model_validate(found.record)
    except ValidationError:
        return None
    return post_of(record, found.uri, found.cid, author_of(found.author), found.at)


def _unheard(found: Mapping[str, Post], heard: Sequence[Post]) -> list[Post]:
    """Leave out what our account was told of besides: that says more, such as that it quotes us."""
    told = {post.id for post in heard}
    return [post for post in found.values() if post.id not in told]


def _gap(told: Gap | None, gaps: Sequence[str], odd: int) -> Gap | None:
    strange = f"Bluesky's search sent {odd} posts that could not be read" if odd else ""
    reasons = [words for words in (told.reason if told else "", *gaps, strange) if words]
    return Gap("; ".join(reasons), told.since if told else None, told.until if told else None) if reasons else None
