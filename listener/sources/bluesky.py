"""Bluesky: who mentions, answers or quotes our account, or (`stream: public`, in `_bluesky_stream`) all that is public.

Through notifications nothing is heard without an account. Facts come from the lexicon of
`app.bsky.notification.listNotifications` and from trying the servers' own code (November 2026). Three of them shape this file:

- The list is sorted by the time that the author's device claims, if that is not in the future. A post from a phone whose clock is
  slow stands below posts that we already know, so every poll reads the newest page and one hour more than it would need.
- An account may be set to show only people it follows; `priority=false` asks for all.
- Posts can be edited, and then their content id changes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field, ValidationError

from listener.bluesky_session import NETWORK, Options, Session, open_session
from listener.bluesky_wire import PLACE, PROFILES, START, Moment, Person, Profiles, Record, author_of, post_of, read
from listener.clock import from_text, to_text
from listener.errors import NetworkError
from listener.http import Http
from listener.model import Account, Gap, Page, Post
from listener.queries.networks import BLUESKY as DIALECT
from listener.rules.rulebook import Rulebook
from listener.settings import reading_secret
from listener.shapes import Wire
from listener.sources import _bluesky_again
from listener.sources._bluesky_search import BlueskySearch
from listener.sources._bluesky_stream import BlueskyStream
from listener.sources._search import search
from listener.sources.base import Looked, SourceKind, bounded

_REASONS = ("mention", "reply", "quote")
_PAGE = 100
_MOST_PAGES = 100
_OVERLAP = timedelta(hours=1)
_MOST_KNOWN = 500


class _Notice(Wire):
    uri: Annotated[str, Field(pattern=PLACE.pattern)]
    cid: str
    author: Person
    reason: str
    record: dict[str, object]
    at: Moment = Field(alias="indexedAt")


class _Listing(Wire):
    notices: list[_Notice] = Field(alias="notifications")
    onward: str | None = Field(default=None, alias="cursor")


@dataclass(frozen=True, slots=True)
class _Place:
    """How far we have heard.

    `seen` is the time of the newest post heard (None before the first poll). `known` are short hashes of what was heard last, so
    that what is read twice is not judged twice. While a round of several pages is under way, `onward` is the network's own
    cursor, `newest` becomes `seen` at its end, and `pages` counts.
    """

    seen: datetime | None = None
    known: tuple[str, ...] = ()
    onward: str = ""
    newest: datetime = START
    pages: int = 0

    def text(self) -> str:
        facts = {
            "seen": to_text(self.seen) if self.seen else None,
            "known": self.known,
            "onward": self.onward,
            "newest": to_text(self.newest),
            "pages": self.pages,
        }
        return json.dumps(facts, separators=(",", ":"))


class _Stored(Wire):
    seen: Moment | None
    known: list[str]
    onward: str
    newest: Moment
    pages: int


def _place(cursor: str | None) -> tuple[_Place, Gap | None]:
    """Read what an earlier poll stored. What cannot be read is a gap, and hearing begins anew."""
    if cursor is None:
        return _Place(), None
    try:
        stored = _Stored.model_validate_json(cursor)
    except ValidationError:
        return _Place(), Gap("where we stopped hearing Bluesky could not be read, so posts may be missing")
    return _Place(stored.seen, tuple(stored.known), stored.onward, stored.newest, stored.pages), None


def _hash(notice: _Notice) -> str:
    return hashlib.blake2b(f"{notice.uri} {notice.cid}".encode(), digest_size=6).hexdigest()


def _advance(place: _Place, listing: _Listing) -> tuple[_Place, Gap | None]:
    """Return where to go on after this page, and what may have been missed."""
    oldest = min((notice.at for notice in listing.notices), default=None)
    newest = max([place.newest, *(notice.at for notice in listing.notices)])
    known = tuple(dict.fromkeys([*map(_hash, listing.notices), *place.known]))[:_MOST_KNOWN]
    done = _Place(max(newest, place.seen or START), known)
    if place.seen is None or not listing.onward or (oldest and oldest < place.seen - _OVERLAP):
        return done, None
    if place.pages + 1 >= _MOST_PAGES:
        reason = f"Bluesky had more than {_MOST_PAGES * _PAGE:,} new posts for us, and the older ones were not read"
        return done, Gap(reason, place.seen, oldest)
    onward = _onward(listing.onward, listing.notices)
    crowded = None
    if onward == place.onward:  # no further: this is the end, or a whole page of one instant
        onward = listing.onward
        if len(listing.notices) >= _PAGE:
            crowded = Gap("Bluesky had more posts for us from one instant than it gives at once", oldest, oldest)
    return _Place(place.seen, known, onward, newest, place.pages + 1), crowded


def _onward(cursor: str, notices: Sequence[_Notice]) -> str:
    """Return the cursor of the next page, where the network gave `cursor` with `notices`.

    Bluesky's is the time of the page's last post, and the next page begins strictly before it, so that posts of the same instant
    would fall between the pages (tried on AppView 0.0.280). One millisecond more, and they stand on both.
    """
    try:
        before = from_text(cursor)
    except (ValueError, OverflowError):
        return cursor
    return to_text(before + timedelta(milliseconds=1)) if notices and before == notices[-1].at else cursor


def _post(notice: _Notice, own: str) -> Post | None:
    """Return the post, or None where its record is not one we can read."""
    try:
        record = Record.model_validate(notice.record)
    except ValidationError:
        return None
    named = (own,) if notice.reason == "quote" else ()  # who quotes us speaks to us, though no handle says so
    mine = notice.author.did == own
    return post_of(record, notice.uri, notice.cid, author_of(notice.author), notice.at, named=named, own=mine)


class Bluesky:
    """What Bluesky tells our account."""

    network = NETWORK
    most_at_once = _bluesky_again.MOST
    slowest = _bluesky_again.SLOWEST
    ids_everywhere = True

    def __init__(self, name: str, session: Session, appview: str) -> None:
        """Hear through `session` under the name that rules.yaml gives; `appview` shows posts to nobody in particular.

        Raises:
            UsageError: `appview` is no usable address.
        """
        self.name = name
        self._session = session
        self._view = Http(appview)

    async def identify(self) -> Account:
        """Return our own account.

        Raises:
            SignInNeeded, RateLimited, NetworkError
        """
        return await self._session.account()

    async def fetch(self, cursor: str | None) -> Page:
        """Return one page of at most 100 posts, oldest first; `more` says that another page, of older ones, waits behind it.

        The first poll takes the newest page only.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """
        place, lost = _place(cursor)
        own = await self._session.account()
        params = [("limit", str(_PAGE)), ("priority", "false"), *(("reasons", reason) for reason in _REASONS)]
        if place.onward:
            params.append(("cursor", place.onward))
        body = await self._session.ask("app.bsky.notification.listNotifications", params)
        listing = read(_Listing, body, "list of notifications")
        after, capped = _advance(place, listing)
        known = set(place.known)
        oldest_first = sorted(listing.notices, key=lambda notice: (notice.at, notice.uri.rpartition("/")[2]))
        fresh = [notice for notice in oldest_first if notice.reason in _REASONS and _hash(notice) not in known]
        posts = [post for notice in fresh if (post := _post(notice, own.id))]
        return Page(
            posts=tuple(await self.with_followers(posts)),
            cursor=after.text(),
            more=bool(after.onward),
            ahead=True,
            gap=lost or capped or _unreadable(len(fresh) - len(posts)),
        )

    async def with_followers(self, posts: Sequence[Post]) -> list[Post]:
        """Fill in how many follow each author; where that cannot be asked, the posts matter more."""
        people = list(dict.fromkeys(post.author.id for post in posts))
        counts: dict[str, int | None] = {}
        try:
            for start in range(0, len(people), PROFILES):
                params = [("actors", did) for did in people[start : start + PROFILES]]
                body = await self._session.ask("app.bsky.actor.getProfiles", params)
                counts |= {person.did: person.followers for person in read(Profiles, body, "list of profiles").profiles}
        except NetworkError:
            pass
        return [replace(post, author=replace(post.author, followers=counts.get(post.author.id))) for post in posts]

    async def look_again(self, ids: Sequence[str]) -> Looked:
        """Read posts once more.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """

        async def ask(params: Sequence[tuple[str, str]]) -> Mapping[str, object]:
            return await self._session.ask(_bluesky_again.METHOD, list(params))

        own = await self._session.account()
        ways = (ask, _bluesky_again.publicly(self._view))
        return await _bluesky_again.look(bounded(ids, self.most_at_once), ways, (own,))

    async def close(self) -> None:
        """Let go of connections."""
        await self._view.close()
        await self._session.close()


def _unreadable(count: int) -> Gap | None:
    return Gap(f"Bluesky sent {count} posts that could not be read") if count else None


def _make(name: str, options: Mapping[str, object], book: Rulebook) -> Bluesky | BlueskySearch | BlueskyStream:
    wanted = Options.model_validate(options)
    if wanted.stream:
        return BlueskyStream(name, wanted, book)
    session = open_session(Session, wanted, book, reading_secret(name))
    heard = Bluesky(name, session, wanted.appview)
    searched = search(wanted.search, DIALECT)
    return BlueskySearch(heard, session, searched) if searched.questions else heard


def _addresses(options: Mapping[str, object]) -> tuple[str, ...]:
    wanted = Options.model_validate(options)
    return (wanted.jetstream, wanted.appview) if wanted.stream else (wanted.service,)


KIND = SourceKind(
    network=NETWORK,
    options=Options,
    make=_make,
    public=True,
    public_with={"stream": "public"},
    hears="what is public and names a brand; or what our account is told",
    asks=("stream",),
    addresses=_addresses,
    secrets=(reading_secret(NETWORK),),
)
