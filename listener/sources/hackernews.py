"""Hear Hacker News by its public search: stories and comments. No account is needed; nobody can be answered there by a program.

Addresses and parameters: hn.algolia.com/api and the source of that service (github.com/algolia/hn-search), read in November 2026; the
words of a query as in Algolia's own "advancedSyntax". A search ends at a thousand posts and comes newest first, so what is new is read
in slices of time. Posts reach the search late and out of order, and their authors may edit them for two hours, so each poll asks again
for the last two hours: what came late or reads otherwise by then is heard, later edits are not. A post of those hours that the search
no longer brings is asked for by its id; it is gone where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html import unescape
from typing import Annotated, TypeVar
from urllib.parse import quote

from pydantic import Field, TypeAdapter, ValidationError

from listener.clock import Clock, now
from listener.errors import Malformed, NetworkError, RateLimited, UsageError
from listener.http import Answer, Http, retry_after
from listener.markup import plain
from listener.model import Author, Gap, Page, Post
from listener.queries.networks import HACKERNEWS as DIALECT
from listener.rules.kinds import Strict, Word, query_for
from listener.rules.rulebook import Rulebook
from listener.shapes import Wire
from listener.sources import _hackernews_again
from listener.sources._search import Search, search, search_for_brands
from listener.sources.base import Asked, Looked, SourceKind, bounded

NETWORK = "hackernews"
PAGE_SIZE = 100
MOST_PAGES = 10  # read in one fetch
OVERLAP = int(timedelta(hours=2).total_seconds())

_SEARCH, _ITEM = "/api/v1/search_by_date", "/api/v1/items/"
_SITE = "https://news.ycombinator.com"
_LATE = timedelta(days=1)  # older than this when listening begins: heard, but not as news
_MOST_LOOKS = 10  # posts asked for by id in one fetch
_LAST_MOMENT = 253_402_300_799  # the end of the year 9999
_TOO_MANY, _NOT_FOUND = 429, 404
_REFUSED = frozenset({401, 403})
_DIGEST = 12


class Options(Strict):
    """What to search Hacker News for, and where its search is."""

    query: Annotated[Word, query_for(DIALECT)] | None = Field(
        default=None, description='what to search for, such as: "acme shoes" OR acmebot -jobs; all that the brands say where it is left out'
    )
    service: str = Field(default="https://hn.algolia.com", description="where the search is; only a test server is elsewhere")


_Number = Annotated[int, Field(ge=0)]


class _Hit(Wire):
    """A story or a comment. A comment has `comment_text`, and says which story and which post it is under."""

    objectID: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,100}$")]  # noqa: N815 - Algolia's own name
    created_at_i: Annotated[int, Field(ge=0, le=_LAST_MOMENT)]
    author: Annotated[str, Field(min_length=1, max_length=255)]
    title: str | None = None
    story_text: str | None = None
    comment_text: str | None = None
    story_id: _Number | None = None
    parent_id: _Number | None = None


class _Found(Wire):
    hits: list[object]


class _Cursor(Wire):
    """Where the search was left: which it was, the time of its newest post, and the posts of the last hours.

    `known` are their ids and digests of their texts; `odd` is what was told of an entry that could not be read.
    """

    at: str
    query: str
    newest: _Number
    known: dict[str, str]
    odd: str = ""


_found, _hit, _cursor = TypeAdapter(_Found), TypeAdapter(_Hit), TypeAdapter(_Cursor)
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class _Slice:
    """What was read: posts by id, whether it was read to its end, what could not be read, and what may have been missed."""

    posts: Mapping[str, Post]
    whole: bool
    odd: str = ""
    gap: str = ""


class HackerNews:
    """Hacker News, searched. It has no account, so which posts are our own is not known."""

    network = NETWORK
    most_at_once = _hackernews_again.MOST
    slowest = _hackernews_again.SLOWEST
    ids_everywhere = True

    def __init__(self, name: str, options: Options, clock: Clock = now, *, searched: Search | None = None) -> None:
        """Keep what to search for; nothing is opened yet. `searched` stands in for the query of `options`.

        Raises:
            UsageError: the service is no usable address, or there is nothing to search for.
        """
        self.name = name
        self._search = searched or search([options.query or ""], DIALECT)
        if not self._search.questions:
            message = f"nothing says what {name} is to search for"
            raise UsageError(message, "Give it a query, or give a brand names.")
        self._query = "\n".join(self._search.questions)
        self._http = Http(options.service)
        self._clock = clock

    async def identify(self) -> None:
        """Return None: the search is open to everybody."""

    async def fetch(self, cursor: str | None) -> Page:
        """Return what is new or edited since `cursor`, oldest first, and what is gone; on the first poll the newest page.

        Raises:
            RateLimited, Malformed, NotConnected, NetworkError
        """
        left, lost = self._read_cursor(cursor)
        since = max(0, left.newest - OVERLAP) if left else 0
        slices = {words: await (self._since(words, since) if left else self._newest(words)) for words in self._search.questions}
        read = _together(tuple(slices.values()))
        known = left.known if left else {}
        wanted = {post.id for words, one in slices.items() for post in one.posts.values() if self._search.keeps(words, post)}
        fresh = [post for post in read.posts.values() if known.get(post.id) != post.version and post.id in wanted]
        posts = tuple(sorted(fresh, key=lambda post: (post.created_at, len(post.id), post.id)))
        gone, unsure = await self._missing([each for each in known if each not in read.posts] if read.whole else [])
        kept = {each: known[each] for each in (unsure if read.whole else known)}
        odd = read.odd if left is None or read.odd != left.odd else ""
        reason = "; ".join(words for words in (lost, odd, read.gap) if words)
        late = [post.id for post in posts if cursor is None and self._clock() - post.created_at > _LATE]
        return Page(
            posts=posts,
            cursor=self._write_cursor(left.newest if left else 0, read, kept),
            gap=Gap(reason, until=posts[0].created_at if posts else None) if reason else None,
            gone=tuple(gone),
            late=tuple(late),
        )

    def asks(self) -> tuple[Asked, ...]:
        """Return what the search is asked for."""
        return self._search.asked

    async def look_again(self, ids: Sequence[str]) -> Looked:
        """Read posts once more.

        Raises:
            RateLimited, Malformed, NotConnected, NetworkError
        """

        async def ask(each: str) -> Answer:
            return await self._http.call("GET", _ITEM + quote(each, safe=""))

        there, gone = await _hackernews_again.look(bounded(ids, self.most_at_once), ask, self._check)
        return Looked(tuple(_post(_hit_of(item)) for item in there), tuple(gone))

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.close()

    def _read_cursor(self, cursor: str | None) -> tuple[_Cursor | None, str]:
        """Return where the search was left, and what a cursor that cannot be used means."""
        if cursor is None:
            return None, ""
        try:
            left = _cursor.validate_json(cursor)
        except ValueError:
            return None, "where listening stopped cannot be read, so it starts again at the newest posts"
        if (left.at, left.query) != (self._http.host, self._query):
            return None, "the search is another one than before, so listening starts at its newest posts"
        return left, ""

    def _write_cursor(self, newest: int, read: _Slice, kept: Mapping[str, str]) -> str:
        """Write down the newest moment, and the posts that the next poll will meet again."""
        times = {each: int(post.created_at.timestamp()) for each, post in read.posts.items()}
        # A clock that runs ahead there must not make us deaf to what is written meanwhile.
        newest = max((newest, *(min(moment, int(self._clock().timestamp())) for moment in times.values())))
        again = {each: post.version for each, post in read.posts.items() if times[each] >= newest - OVERLAP}
        known = dict(sorted({**kept, **again}.items()))
        left = _Cursor(at=self._http.host, query=self._query, newest=newest, known=known, odd=read.odd)
        return left.model_dump_json()

    async def _newest(self, words: str) -> _Slice:
        posts, odd, _ = await self._page(words, [])
        return _Slice(posts, whole=False, odd=odd)

    async def _since(self, words: str, since: int) -> _Slice:
        """Read all from `since` (seconds since 1970) on, the newest first, in slices that end where the one before began."""
        posts: dict[str, Post] = {}
        odd = ""
        bounds = [f"created_at_i>={since}"]
        for _ in range(MOST_PAGES):
            page, strange, oldest = await self._page(words, bounds)
            odd = odd or strange
            new = page.keys() - posts.keys()
            posts.update(page)
            if oldest is None:
                return _Slice(posts, whole=True, odd=odd)
            if not new:
                return _Slice(posts, whole=False, odd=odd, gap=f"more than {PAGE_SIZE} posts came within one second")
            bounds = [f"created_at_i>={since}", f"created_at_i<={oldest}"]
        return _Slice(posts, whole=False, odd=odd, gap=f"more than {PAGE_SIZE * MOST_PAGES} posts came since the last poll")

    async def _page(self, words: str, bounds: Sequence[str]) -> tuple[dict[str, Post], str, int | None]:
        """Return one page: its posts, what could not be read, and the time of its oldest post where more may wait behind it.

        Raises:
            Malformed: nothing of it can be read.
        """
        params = {
            "query": words,
            "tags": "(story,comment)",
            "hitsPerPage": str(PAGE_SIZE),
            "advancedSyntax": "true",
            "typoTolerance": "false",
        }
        if bounds:
            params["numericFilters"] = ",".join(bounds)
        answer = self._check(await self._http.call("GET", _SEARCH, params=params))
        entries = _read(_found, answer.body, "the search").hits
        hits: list[_Hit] = []
        odd: list[Malformed] = []
        for entry in entries:
            # One odd post must not silence those around it: it is left out and told as a gap.
            try:
                hits.append(_read(_hit, entry, "an entry of the search"))
            except Malformed as problem:
                odd.append(problem)
        if odd and not hits:
            raise odd[0]
        oldest = min(hit.created_at_i for hit in hits) if len(entries) >= PAGE_SIZE else None
        return {hit.objectID: _post(hit) for hit in hits}, odd[0].message if odd else "", oldest

    async def _missing(self, ids: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return which of the posts that the search no longer brings are gone, and of which that is not known yet."""
        gone: list[str] = []
        for number, each in enumerate(ids[:_MOST_LOOKS]):
            try:
                answer = await self._http.call("GET", _ITEM + quote(each, safe=""))
                if answer.status == _NOT_FOUND:
                    gone.append(each)
                else:
                    self._check(answer)
            except NetworkError:  # what was found must be heard all the same; the next poll looks again
                return gone, list(ids[number:])
        return gone, list(ids[_MOST_LOOKS:])

    def _check(self, answer: Answer) -> Answer:
        host = self._http.host
        if answer.ok:
            return answer
        if answer.status == _TOO_MANY:
            message = f"{host} asks us to wait"
            raise RateLimited(message, retry_after(answer.headers, self._clock()))
        message = f"{host} answered {answer.status}"
        if answer.status in _REFUSED:
            raise NetworkError(
                message + ": it does not want to be asked from here", "It takes 10,000 questions an hour; ask less often with `every`."
            )
        raise NetworkError(message)


def _together(slices: Sequence[_Slice]) -> _Slice:
    """Put what several questions brought into one."""
    return _Slice(
        posts={each: post for one in slices for each, post in one.posts.items()},
        whole=all(one.whole for one in slices),
        odd=next((one.odd for one in slices if one.odd), ""),
        gap=next((one.gap for one in slices if one.gap), ""),
    )


def _read(kind: TypeAdapter[_Read], value: object, what: str) -> _Read:
    """Read a value by its shape.

    Raises:
        Malformed: it has another.
    """
    try:
        return kind.validate_python(value)
    except ValidationError as odd:
        first = odd.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        message = f"{what} of Hacker News makes no sense at {place or 'its beginning'}: {first['msg']}"
        raise Malformed(message) from None


def _hit_of(item: _hackernews_again.Item) -> _Hit:
    """Return what the search would tell of a post that was told by itself: only a story has a title."""
    story = item.parent_id is None
    return _Hit(
        objectID=str(item.id),
        created_at_i=item.created_at_i,
        author=item.author or "",
        title=item.title if story else None,
        story_text=item.text if story else None,
        comment_text=None if story else item.text or "",
        story_id=item.story_id,
        parent_id=item.parent_id,
    )


def _post(hit: _Hit) -> Post:
    words = hit.comment_text if hit.comment_text is not None else hit.story_text
    text = "\n\n".join(part for part in (unescape(hit.title or "").strip(), plain(words or "")) if part)
    below = hit.comment_text is not None
    story = str(hit.story_id) if below and hit.story_id is not None else hit.objectID
    return Post(
        network=NETWORK,
        id=hit.objectID,
        text=text,
        author=Author(NETWORK, hit.author, hit.author.removeprefix("@")),
        created_at=datetime.fromtimestamp(hit.created_at_i, UTC),
        thread_id=story,
        url=f"{_SITE}/item?id={hit.objectID}",
        parent_id=(str(hit.parent_id) if hit.parent_id is not None else story) if below else None,
        version=sha256(text.encode()).hexdigest()[:_DIGEST],
    )


def _make(name: str, options: Mapping[str, object], book: Rulebook) -> HackerNews:
    chosen = Options.model_validate(dict(options))
    return HackerNews(name, chosen, searched=search_for_brands(DIALECT, book, NETWORK) if chosen.query is None else None)


def _addresses(options: Mapping[str, object]) -> tuple[str, ...]:
    return (Options.model_validate(dict(options)).service,)


KIND = SourceKind(
    network=NETWORK,
    options=Options,
    make=_make,
    public=True,
    secrets=(),
    hears="stories and comments that a search finds",
    asks=("query",),
    every="5m",
    addresses=_addresses,
)
