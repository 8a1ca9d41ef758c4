"""Bluesky's public stream: every public post that speaks of one of our brands, heard without an account.

Jetstream (github.com/bluesky-social/jetstream, docs/README.md, 5.1; read in November 2026) sends all that happens on the network as JSON.
It remembers 36 hours unless its operator says otherwise; asked for older things it silently begins at the oldest it has, so that the
first message shows what is lost. It is asked for posts only, and cannot be asked for words: what is not about us is let go unread. It
names people by their ids; who they are is asked of Bluesky's public view, for mentions only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from pydantic import ValidationError

from listener import logs
from listener.bluesky_session import NETWORK, POSTS, Options
from listener.bluesky_wire import PROFILES, Person, Profiles, author_of, read, url_of
from listener.clock import Clock, now
from listener.errors import Malformed, NetworkError, RateLimited
from listener.http import Http, retry_after
from listener.model import Account, Author, Gap, Page, Post
from listener.rules.rulebook import Rulebook
from listener.shapes import Wire
from listener.sockets import Sockets
from listener.sources import _bluesky_again
from listener.sources._bluesky_frames import Frames, Gone
from listener.sources.base import Looked, bounded
from listener.streaming import Limits, News, Stream

_log = logs.get("bluesky")
_PAGE = 500
_BEFORE = timedelta(minutes=1)  # where a first poll begins
_MOST_KNOWN = 10_000
_KNOWN_FOR = timedelta(hours=1)
_PATIENCE = 10.0
_TOO_MANY = 429
_EARLIEST = 10**15  # a cursor below is no moment, but a running number


class _Stored(Wire):
    at: int
    known: bool


class BlueskyStream:
    """Bluesky's public stream, heard for the brands of one rulebook."""

    network = NETWORK
    most_at_once = _bluesky_again.MOST
    slowest = _bluesky_again.SLOWEST
    ids_everywhere = True

    def __init__(self, name: str, options: Options, book: Rulebook, clock: Clock = now, limits: Limits | None = None) -> None:
        """Keep what to hear; nothing is opened yet.

        Raises:
            UsageError: an address cannot be used.
        """
        self.name = name
        self._book = book
        ours = [brand.handles[NETWORK].lower() for brand in book.brands.values() if NETWORK in brand.handles]
        self._own_handles = tuple(dict.fromkeys([*([options.handle.lower()] if options.handle else []), *ours]))
        self._view = Http(options.appview)
        self._sockets = Sockets(options.jetstream)
        self._limits = limits or Limits()
        self._clock = clock
        self._beginning = 0
        self._accounts: tuple[Account, ...] | None = None
        self._stream: Stream[Post | Gone] | None = None
        self._people: dict[str, tuple[Author, float]] = {}

    async def identify(self) -> Account | None:
        """Return our own account, where the brands' handles name just one that exists; None is fine, names are heard all the same.

        Raises:
            RateLimited, Malformed, NotConnected, NetworkError: nobody can be asked, so our own posts could not be told from others'.
        """
        if self._accounts is None:
            people = await self._profiles(self._own_handles)
            found = [Account(NETWORK, one.did, one.handle, f"https://bsky.app/profile/{one.did}") for one in people]
            if len(found) < len(self._own_handles):
                _log.warning("not every handle of ours exists on Bluesky", source=self.name, named=len(self._own_handles), found=len(found))
            self._accounts = tuple(found)
        return self._accounts[0] if len(self._accounts) == 1 else None

    async def fetch(self, cursor: str | None) -> Page:
        """Return what came since `cursor`, oldest first; on the first poll what came since a minute ago.

        Raises:
            RateLimited, Malformed, NotConnected, NetworkError
        """
        await self.identify()
        place, lost = self._place(cursor)
        stream = self._opened()
        news = await stream.news(place.at, _PAGE, known=place.known)
        last = {item.id: item for item in news.items}
        posts = [item for item in last.values() if isinstance(item, Post)]
        return Page(
            posts=tuple(await self._with_authors(posts)),
            cursor=_Stored(at=news.at, known=news.known).model_dump_json(),
            more=news.more,
            gap=_gap(lost, news),
            gone=tuple(item.id for item in last.values() if isinstance(item, Gone)),
        )

    async def look_again(self, ids: Sequence[str]) -> Looked:
        """Read posts once more, at the public view.

        Raises:
            RateLimited, Malformed, NotConnected, NetworkError
        """
        await self.identify()
        return await _bluesky_again.look(bounded(ids, self.most_at_once), (_bluesky_again.publicly(self._view),), self._accounts or ())

    async def close(self) -> None:
        """Let go of connections."""
        if self._stream:
            await self._stream.close()
        await self._sockets.close()
        await self._view.close()

    def _opened(self) -> Stream[Post | Gone]:
        if self._stream is None:
            frames = Frames(self._book, self._accounts or ())
            self._stream = Stream(self._sockets, "/subscribe", _params, frames.read, limits=self._limits, clock=self._clock)
        return self._stream

    def _place(self, cursor: str | None) -> tuple[_Stored, str]:
        """Read where we stopped. What cannot be read is a gap, and hearing begins anew."""
        if not self._beginning:
            self._beginning = int((self._clock() - _BEFORE).timestamp() * 1_000_000)
        anew = _Stored(at=self._beginning, known=False)
        if cursor is None:
            return anew, ""
        try:
            return _Stored.model_validate_json(cursor), ""
        except ValidationError:
            return anew, "where we stopped hearing Bluesky could not be read, so posts may be missing"

    async def _with_authors(self, posts: Sequence[Post]) -> list[Post]:
        """Fill in who wrote each post; where that cannot be asked, the post matters more, and its author goes by the id."""
        since = (self._clock() - _KNOWN_FOR).timestamp()
        fresh = {did for did, (_, at) in self._people.items() if at >= since}
        unknown = [did for did in dict.fromkeys(post.author.id for post in posts) if did not in fresh]
        try:
            for person in await self._profiles(unknown):
                self._people.pop(person.did, None)
                self._people[person.did] = (author_of(person), self._clock().timestamp())
        except NetworkError as problem:
            _log.warning("authors go by their ids", source=self.name, problem=problem.message)
        filled = [_by(post, self._people[post.author.id][0]) if post.author.id in self._people else post for post in posts]
        for old in list(self._people)[: max(0, len(self._people) - _MOST_KNOWN)]:
            del self._people[old]
        return filled

    async def _profiles(self, actors: Sequence[str]) -> list[Person]:
        people: list[Person] = []
        for start in range(0, len(actors), PROFILES):
            params = [("actors", actor) for actor in actors[start : start + PROFILES]]
            answer = await self._view.call("GET", "/xrpc/app.bsky.actor.getProfiles", params=params, timeout=_PATIENCE)
            if answer.status == _TOO_MANY:
                message = f"{self._view.host} asks us to wait"
                raise RateLimited(message, retry_after(answer.headers, now()))
            if not answer.ok:
                message = f"{self._view.host} does not say who is who (status {answer.status})"
                raise NetworkError(message)
            if not isinstance(answer.body, dict):
                message = f"{self._view.host} answered with something other than an object"
                raise Malformed(message)
            people += read(Profiles, answer.body, "list of profiles").profiles
        return people


def _params(place: int) -> list[tuple[str, str]]:
    return [("wantedCollections", POSTS), ("cursor", str(max(place, _EARLIEST)))]


def _by(post: Post, author: Author) -> Post:
    return replace(post, author=author, url=url_of(author, post.id))


def _gap(lost: str, news: News[Post | Gone]) -> Gap | None:
    reasons = [lost, *(one.reason for one in news.lost)]
    words = "; ".join(dict.fromkeys(reason for reason in reasons if reason))
    if not words:
        return None
    since = min((one.since for one in news.lost if one.since), default=None)
    return Gap(words, since, max((one.until for one in news.lost if one.until), default=None))
