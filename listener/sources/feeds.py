"""Hear RSS and Atom feeds: news, reviews, forums. No account is needed, and nobody can be answered there.

Each feed is asked only for what changed (`ETag`, `If-Modified-Since`: RFC 9110, 13.1) and goes its own way: one that is down, broken or
asks to be left alone does not silence the others. A feed holds its newest entries only, so one that holds none of those known from the
last time may have lost some in between. What a feed no longer lists is not deleted, only older: deletions cannot be told.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated
from urllib.parse import urljoin, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from listener import logs
from listener.clock import Clock, now
from listener.downloads import Download, Downloads
from listener.errors import Malformed, NetworkError, RateLimited
from listener.http import retry_after
from listener.model import Author, Gap, Page, Post
from listener.rules.kinds import Strict, Words
from listener.rules.rulebook import Rulebook
from listener.sources._feed_document import Document, Entry, read_document
from listener.sources.base import SourceKind

NETWORK = "feeds"
MOST_ENTRIES = 1_000  # looked at in one feed

_MOST_AT_ONCE = 8  # so that one that hangs keeps no other waiting
_LATE = timedelta(days=1)  # older than this when listening begins: heard, but not as news
_ACCEPT = "application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
_UNCHANGED, _TOO_MANY, _GONE = 304, 429, 410
_REFUSED = frozenset({401, 403})
_DIGEST = 12
_LONGEST_ID = 300
_LONGEST_TAG = 300
_UNREADABLE = "where listening stopped cannot be read, so it starts again with what the feeds hold"

_log = logs.get("feeds")


class _Mark(BaseModel):
    """Where a feed was left: what its server calls this state of it, its entries, and what was wrong.

    `known` are ids and texts, as digests; None where the feed was never heard.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    etag: str = ""
    modified: str = ""
    known: dict[str, str] | None = None
    trouble: str = ""


_marks = TypeAdapter(dict[str, _Mark])


def _addresses(urls: tuple[str, ...]) -> tuple[str, ...]:
    for url in urls:
        try:
            parts = urlsplit(url)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            # What stands before "@" may be a password.
            message = (
                f'"{url.rpartition("@")[2]}" is no address of a feed: write it as https://host.example/feed.xml, without a name or password'
            )
            raise ValueError(message)
    return tuple(dict.fromkeys(urls))


class Options(Strict):
    """Which feeds to hear."""

    urls: Annotated[Words, AfterValidator(_addresses)] = Field(min_length=1, description="the addresses of RSS or Atom feeds")


@dataclass(frozen=True, slots=True)
class _Part:
    """What one feed brought: its posts, which of them are old, where it stands now, and what may have been missed."""

    mark: _Mark
    posts: tuple[Post, ...] = ()
    late: tuple[str, ...] = ()
    gap: str = ""
    problem: NetworkError | None = None


class Feeds:
    """Some feeds, heard. They have no account, so which entries are our own is not known."""

    network = NETWORK

    def __init__(self, name: str, options: Options, clock: Clock = now) -> None:
        """Keep what to hear; nothing is opened yet.

        Raises:
            UsageError: an address cannot be used.
        """
        self.name = name
        self._feeds = {url: Downloads(url, accept=_ACCEPT) for url in options.urls}
        self._clock = clock
        self._resting: dict[str, datetime] = {}
        self._told: dict[str, str] = {}
        self._at_once = asyncio.Semaphore(_MOST_AT_ONCE)

    async def identify(self) -> None:
        """Return None: a feed is read without an account."""

    async def fetch(self, cursor: str | None) -> Page:
        """Return the entries that are new or changed since `cursor`, oldest first; on the first poll all that the feeds hold.

        Raises:
            RateLimited, Malformed, NotConnected, NetworkError: no feed could be heard; what holds for the first of them.
        """
        marks, lost = _read_cursor(cursor)
        heard = await asyncio.gather(*(self._hear(url, marks.get(_digest(url), _NEVER)) for url in self._feeds))
        parts = dict(zip(self._feeds, heard, strict=True))
        problems = [part.problem for part in parts.values() if part.problem]
        if len(problems) == len(parts):
            raise problems[0]
        self._say(parts)
        found = {(post.id, post.version): post for part in parts.values() for post in part.posts}
        posts = tuple(sorted(found.values(), key=lambda post: post.created_at))
        reason = "; ".join(words for words in (lost, *(part.gap for part in parts.values())) if words)
        places = {_digest(url): part.mark.model_dump(exclude_defaults=True) for url, part in parts.items()}
        return Page(
            posts=posts,
            cursor=json.dumps(places, ensure_ascii=False, sort_keys=True),
            gap=Gap(reason, until=posts[0].created_at if posts else None) if reason else None,
            late=tuple(dict.fromkeys(late for part in parts.values() for late in part.late)),
        )

    def _say(self, parts: Mapping[str, _Part]) -> None:
        """Write to the log which feeds cannot be heard while others are, each once until that changes."""
        troubles = {url: part.problem.message for url, part in parts.items() if part.problem}
        for url, trouble in troubles.items():
            if self._told.get(url) != trouble:
                _log.warning("cannot hear a feed", source=self.name, host=self._feeds[url].host, problem=trouble)
        self._told = troubles

    async def close(self) -> None:
        """Let go of connections."""
        for feed in self._feeds.values():
            await feed.close()

    async def _hear(self, url: str, mark: _Mark) -> _Part:
        """Hear one feed. That it cannot be heard is said in the part, and told as a gap when it begins."""
        try:
            async with self._at_once:
                part = await self._ask(url, mark)
        except NetworkError as problem:
            gap = "" if mark.trouble == problem.message else f"{problem.message}; the other feeds are heard"
            return _Part(_with_trouble(mark, problem.message), gap=gap, problem=problem)
        return part

    async def _ask(self, url: str, mark: _Mark) -> _Part:
        feed, at = self._feeds[url], self._clock()
        if at < self._resting.get(url, at):
            message = f"{feed.host} asks us to wait"
            raise RateLimited(message, (self._resting[url] - at).total_seconds())
        wishes = {"If-None-Match": mark.etag, "If-Modified-Since": mark.modified}
        answer = await feed.get({name: value for name, value in wishes.items() if value})
        if answer.status == _UNCHANGED and mark.known is not None:
            return _Part(_with_trouble(mark, ""))
        self._check(url, answer)
        try:
            document = await asyncio.to_thread(read_document, answer.body, answer.headers.get("Content-Type", ""))
        except Malformed as odd:
            message = f"{feed.host}: {odd.message}"
            raise Malformed(message, "Is the address that of the feed itself, not of a page?") from None
        return self._heard(url, document, answer, mark)

    def _check(self, url: str, answer: Download) -> None:
        host = self._feeds[url].host
        if answer.status == _TOO_MANY:
            wait = retry_after(answer.headers, self._clock())
            self._resting[url] = self._clock() + timedelta(seconds=wait)
            message = f"{host} asks us to wait"
            raise RateLimited(message, wait)
        if answer.status in _REFUSED:
            message = f"{host} answered {answer.status}: it does not give this feed to everybody"
            raise NetworkError(message, "Earnest hears public feeds only; take the address out of rules.yaml, or ask whoever runs it.")
        if answer.status == _GONE:
            message = f"{host} answered {answer.status}: this feed is gone for good"
            raise NetworkError(message, "Take its address out of rules.yaml.")
        if answer.status != 200:  # noqa: PLR2004 - "OK"; a 304 that was not asked for says nothing
            message = f"{host} answered {answer.status}"
            raise NetworkError(message)

    def _heard(self, url: str, document: Document, answer: Download, mark: _Mark) -> _Part:
        posts = _posts(url, document, self._clock())
        known = {_digest(post.id): post.version for post, _ in posts}
        old = mark.known or {}
        fresh = [(post, dated) for post, dated in posts if old.get(_digest(post.id)) != post.version]
        gaps = []
        if old and known and not old.keys() & known.keys():
            gaps.append("the feed holds nothing of what it held last time, so entries in between may have been missed")
        if document.broken and document.broken != mark.trouble:
            gaps.append(f"{document.broken}, and what stands there cannot be heard")
        if len(document.entries) > MOST_ENTRIES:
            gaps.append(f"it holds more than {MOST_ENTRIES} entries, and the oldest of them are not heard")
        late = [post.id for post, dated in fresh if mark.known is None and (not dated or self._clock() - post.created_at > _LATE)]
        left = _Mark(
            etag=_kept(answer.headers.get("ETag", "")),
            modified=_kept(answer.headers.get("Last-Modified", "")),
            known=known or old,
            trouble=document.broken,
        )
        gap = f"{self._feeds[url].host}: {'; '.join(gaps)}" if gaps else ""
        return _Part(left, tuple(post for post, _ in fresh), tuple(late), gap)


_NEVER = _Mark()


def _with_trouble(mark: _Mark, words: str) -> _Mark:
    return mark if mark.trouble == words else mark.model_copy(update={"trouble": words})


def _kept(tag: str) -> str:
    """Return a server's word for this state of its feed, unless it is too long to be sent back."""
    return tag if len(tag) <= _LONGEST_TAG and tag.isascii() and tag.isprintable() else ""


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:_DIGEST]


def _posts(url: str, document: Document, at: datetime) -> list[tuple[Post, bool]]:
    """Return the newest entries as posts, oldest first, each with whether it says when it was written.

    An entry without a date counts as written now, and so does one from the future. Of two with one id the upper one counts.
    """
    made: dict[str, tuple[Post, bool]] = {}
    for entry in document.entries:
        post = _post(url, document, entry, at)
        made.setdefault(post.id, (post, entry.at is not None))
    # Feeds write the newest first, so that of two written at once the lower one is the older.
    upwards = list(made.values())[::-1]
    return sorted(upwards, key=lambda one: one[0].created_at)[-MOST_ENTRIES:]


def _post(url: str, document: Document, entry: Entry, at: datetime) -> Post:
    host = urlsplit(url).hostname or ""
    text = entry.body if entry.body.startswith(entry.title) else f"{entry.title}\n\n{entry.body}".strip()
    link = _link(url, document, entry)
    # Two feeds may use one id for different things, and one must not be able to change what another said.
    entry_id = f"{_digest(url)}:{entry.guid or entry.link or _digest(text)}"
    post_id = entry_id if len(entry_id) <= _LONGEST_ID else f"{_digest(url)}:{_digest(entry_id)}"
    name = entry.author.lstrip("@") or document.title.lstrip("@")[:100] or host
    return Post(
        network=NETWORK,
        id=post_id,
        text=text,
        author=Author(NETWORK, f"{host}/{name}", name),
        created_at=min(entry.at, at) if entry.at else at,
        thread_id=post_id,
        url=link,
        version=_digest(text),
    )


def _link(url: str, document: Document, entry: Entry) -> str:
    for found in (entry.link, entry.guid if entry.guid.startswith(("http://", "https://")) else "", document.link):
        try:
            whole = urljoin(urljoin(url, document.link), found) if found else ""
            if urlsplit(whole).scheme in {"http", "https"}:
                return whole
        except ValueError:
            continue
    return url


def _read_cursor(cursor: str | None) -> tuple[Mapping[str, _Mark], str]:
    """Return where each feed was left, and what a cursor that cannot be used means."""
    if cursor is None:
        return {}, ""
    try:
        return _marks.validate_json(cursor), ""
    except ValueError:
        return {}, _UNREADABLE


def _make(name: str, options: Mapping[str, object], _book: Rulebook) -> Feeds:
    return Feeds(name, Options.model_validate(dict(options)))


def _where(options: Mapping[str, object]) -> tuple[str, ...]:
    return Options.model_validate(dict(options)).urls


KIND = SourceKind(
    network=NETWORK,
    options=Options,
    make=_make,
    public=True,
    secrets=(),
    hears="RSS and Atom: news, reviews, forums",
    asks=("urls",),
    every="15m",
    addresses=_where,
)
