"""Hear X: what mentions our account, and what a search finds.

Addresses and limits: X's published description of its API (version 2.167, July 2026); docs.x.com, "recent search", "timelines" and
"edit posts" (August 2026). Pages come newest first, so all that is new is read in one go, up to a bound; what lies beyond is told as a
gap, since X offers no way to begin at the older end. Search reaches back seven days. Reposts are left alone: they are not the
reposter's words. With `stream` what X's filtered stream brings is heard at once; the lists are still read, so nothing rests on it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from pydantic import TypeAdapter

from listener.clock import Clock, from_text, now, to_text
from listener.errors import Malformed, SignInNeeded
from listener.http import Answer
from listener.model import Account, Author, Gap, Page, Post, Visibility
from listener.queries.networks import X as DIALECT
from listener.rules.rulebook import Rulebook
from listener.settings import Secret, reading_secret, secret, secret_variable
from listener.sources import _x_again
from listener.sources._search import Search, search, search_for_brands
from listener.sources._x_stream import Rests, XStream
from listener.sources.base import Asked, Looked, SourceKind, bounded
from listener.x_client import POST_FIELDS, ReadingClient
from listener.x_stream import Patience, Rule, StreamClient, WireStreamed
from listener.x_wire import (
    FORBIDDEN,
    NETWORK,
    Options,
    WireIncludes,
    WirePost,
    page,
    problem_of,
    read,
    single,
    url_of,
)

PAGE_SIZE = 100  # the most a page gives at once
MOST_PAGES = 10  # read in one fetch

_MENTIONS_REACH = 8  # pages: X shows the newest 800 mentions only, and a list that is cut off there ends like one that is whole
_SEARCH_REACH = timedelta(days=6, hours=23)  # X refuses a search that begins at a post of more than seven days ago
_MENTIONS, _SEARCH, _AT, _STREAM = "mentions", "search", " at", "stream"
_USUAL = 60.0
_TWO_LETTERS = 2

_marks = TypeAdapter(dict[str, str])
_Question = Callable[[Mapping[str, object]], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class _Part:
    """What one list brought: its posts, where it stands now, and what may have been missed."""

    posts: tuple[Post, ...]
    mark: str
    at: str
    gaps: tuple[str, ...]


class X:
    """X, heard by one account or app. A source of another name than its network reads its own secret, `<name>_read`."""

    network = NETWORK
    most_at_once = _x_again.MOST
    slowest = _x_again.SLOWEST
    ids_everywhere = True

    def __init__(
        self,
        name: str,
        options: Options,
        own_handles: Sequence[str],
        keys: Secret | None,
        clock: Clock = now,
        *,
        every: float = _USUAL,
        patience: Patience | None = None,
        rests: Rests | None = None,
        searched: Search | None = None,
    ) -> None:
        """Keep what to hear; nothing is opened yet. However much a stream brings, the lists are read `every` seconds.

        `searched` stands in for the query of `options`.

        Raises:
            UsageError: the service is no usable address.
            SignInNeeded: the keys are not what X gives.
        """
        self.name = name
        self._secret = reading_secret(name)
        self._client = ReadingClient(options.service, keys, self._secret) if keys else None
        self._tag = f"earnest:{name}:"
        self._search = searched or search([options.query or ""], DIALECT)
        self._searches = dict(zip(_names(), self._search.questions, strict=False))
        self._own_handles = frozenset(handle.casefold() for handle in own_handles)
        self._handle = options.handle.removeprefix("@") or (own_handles[0] if len(own_handles) == 1 else "")
        self._clock = clock
        self._every = every
        self._lists_due = 0.0
        self._account: Account | None = None
        self._stream, self._no_stream = (
            self._streaming(options, keys, patience or Patience(), rests or Rests()) if options.stream and keys else (None, "")
        )

    @property
    def remark(self) -> str:
        """Why the stream is not heard, for whoever asks how listening goes, or ""."""
        away = self._stream.away if self._stream else self._no_stream
        return f"mentions and search are heard, the stream not: {away}" if away else ""

    async def stir(self) -> None:
        """Return once the stream brought something, or the lists should be read.

        Whoever waits goes on listening, so this begins the stream: a look at one page touches neither the app's rules nor its connection.
        """
        if self._stream and self._account:
            self._stream.begin(self._rules(self._account), self._tag)
        await (self._stream.stir() if self._stream else asyncio.Event().wait())

    async def identify(self) -> Account:
        """Return our own account: the one the keys belong to, or for an app's keys the one the brand's handle names.

        Raises:
            SignInNeeded: there are no keys, or X refuses them.
            NetworkError: X could not be asked.
        """
        if self._account is None:
            client = self._signed_in()
            me = await client.get_me(user_auth=False)
            of_an_app = me.status == FORBIDDEN and problem_of(me).kind == "unsupported-authentication"
            self._account = await client.account_of(self._handle) if of_an_app else client.account(me)
        return self._account

    async def fetch(self, cursor: str | None) -> Page:
        """Return what came after `cursor`, oldest first; on the first poll the newest page of each list.

        What the stream brought goes first, and moves no list's place: whatever it missed comes with the lists.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """
        account, client = await self.identify(), self._signed_in()
        marks, lost = _read_cursor(cursor)
        if (streamed := self._streamed(marks)) is not None:
            return streamed
        page = await self._lists(account, client, marks, lost)
        self._lists_due = asyncio.get_running_loop().time() + self._every
        return page

    async def _lists(self, account: Account, client: ReadingClient, marks: Mapping[str, str], lost: str) -> Page:
        asked: list[tuple[str, _Question]] = [
            (_MENTIONS, lambda more: client.get_users_mentions(account.id, user_auth=False, **more)),
        ]
        asked += [(name, _searching(client, words)) for name, words in self._searches.items()]
        parts = {name: await self._read_list(name, question, marks) for name, question in asked}
        found = [post for name, part in parts.items() for post in part.posts if self._keeps(name, post)]
        reason = "; ".join(words for words in (lost, *(gap for part in parts.values() for gap in part.gaps)) if words)
        posts = _in_order(found)
        places = {key: value for name, part in parts.items() for key, value in ((name, part.mark), (name + _AT, part.at))}
        places |= {_STREAM: marks[_STREAM]} if _STREAM in marks else {}
        gap = Gap(reason, until=posts[0].created_at if posts else None) if reason else None
        return Page(posts=posts, cursor=json.dumps(places, sort_keys=True), gap=gap)

    def asks(self) -> tuple[Asked, ...]:
        """Return what the search is asked for."""
        return self._search.asked

    async def look_again(self, ids: Sequence[str]) -> Looked:
        """Read posts once more, in their newest versions.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """
        await self.identify()
        return await _x_again.look(self._signed_in(), bounded(ids, self.most_at_once), self._post)

    async def close(self) -> None:
        """Let go of connections."""
        if self._stream:
            await self._stream.close()
        if self._client:
            await self._client.close()

    def _signed_in(self) -> ReadingClient:
        if self._client is None:
            message = "hearing X needs keys"
            raise SignInNeeded(message, f"Put them into the secret {self._secret} ({secret_variable(self._secret)}).")
        return self._client

    def _streaming(self, options: Options, keys: Secret, patience: Patience, rests: Rests) -> tuple[XStream | None, str]:
        try:
            client = StreamClient(options.service, keys, self._secret, patience)
        except SignInNeeded as problem:
            return None, f"{problem.message}. {problem.hint}"
        return XStream(self.name, client, self._read_line, rests=rests), ""

    def _rules(self, account: Account) -> list[Rule]:
        """Say what the stream is to bring: what the lists bring, as far as its rules can say it."""
        rules = [Rule(f"@{account.handle} -from:{account.handle} -is:retweet", self._tag + _MENTIONS)]
        return rules + [Rule(words, self._tag + name) for name, words in self._searches.items()]

    def _read_line(self, line: WireStreamed) -> Post | None:
        _, posts, _ = self._posts([line.data], line.includes, _STREAM)
        lists = [(rule.tag or "").removeprefix(self._tag) for rule in line.matching_rules]
        return next((post for post in posts if any(self._keeps(name, post) for name in lists)), None)

    def _keeps(self, name: str, post: Post) -> bool:
        """Return whether what a list or rule of that name brought is what was wanted."""
        return name == _MENTIONS or (name in self._searches and self._search.keeps(self._searches[name], post))

    def _streamed(self, marks: Mapping[str, str]) -> Page | None:
        """Return what the stream brought, or None where it is the lists' turn."""
        if self._stream is None:
            return None
        posts, mark = self._stream.take(marks.get(_STREAM, "")) if marks else ((), "")
        if posts:
            places = json.dumps({**marks, _STREAM: mark}, sort_keys=True)
            due = asyncio.get_running_loop().time() >= self._lists_due
            return Page(_in_order(posts), places, more=due or self._stream.behind)
        self._stream.behind, self._lists_due = False, 0.0
        return None

    async def _read_list(self, name: str, question: _Question, marks: Mapping[str, str]) -> _Part:
        mark, at = marks.get(name), marks.get(name + _AT, "")
        told: list[Post] = []
        gaps: list[str] = []
        token: str | None = None
        newest, newest_at = mark or "", at
        since = mark if mark and not (name.startswith(_SEARCH) and self._is_out_of_reach(at)) else None
        most = min(MOST_PAGES, _MENTIONS_REACH) if name == _MENTIONS else MOST_PAGES
        for number in range(most):
            place = "next_token" if name.startswith(_SEARCH) else "pagination_token"
            more = {"max_results": PAGE_SIZE, "since_id": since, place: token, **POST_FIELDS}
            answer = await self._signed_in().ask(page, _with(question, more), f"the {name}")
            wires, posts, odd = self._posts(answer.data, answer.includes, name)
            told += [post for post in posts if not mark or _is_newer(post.version, mark)]
            gaps += odd
            if number == 0 and wires:
                newest, newest_at = max(((wire.id, to_text(wire.created_at)) for wire in wires), key=lambda one: _rank(one[0]))
            token = answer.meta.next_token
            ended = not token and number + 1 < _MENTIONS_REACH if name == _MENTIONS else not token
            if ended or mark is None:
                break
        else:
            gaps.append(f"{PAGE_SIZE * most} posts or more came in the {name} since the last poll, and older ones cannot be read")
        return _Part(tuple(told), newest, newest_at, tuple(gaps))

    def _is_out_of_reach(self, at: str) -> bool:
        try:
            return self._clock() - from_text(at) > _SEARCH_REACH
        except (ValueError, OverflowError):
            return True

    def _posts(self, entries: Sequence[object], includes: WireIncludes, name: str) -> tuple[list[WirePost], list[Post], list[str]]:
        """Return what can be read of a page. One odd post must not silence those around it: it is left out and told as a gap.

        Raises:
            Malformed: nothing of it can be read.
        """
        wires: list[WirePost] = []
        posts: list[Post] = []
        odd: list[Malformed] = []
        for number, entry in enumerate(entries):
            try:
                wire = read(single, entry, f"the {name}, entry {number}")
                if not wire.refers("retweeted"):
                    posts.append(self._post(wire, includes))
                wires.append(wire)
            except Malformed as problem:
                odd.append(problem)
        if odd and not wires:
            raise odd[0]
        return wires, posts, [problem.message for problem in odd[:1]]

    def _post(self, post: WirePost, includes: WireIncludes) -> Post:
        made = post_of(post, includes, own=False)
        ours = self._account is not None and self._account.id == made.author.id
        return post_of(post, includes, own=True) if ours or made.author.handle.casefold() in self._own_handles else made


def post_of(post: WirePost, includes: WireIncludes, *, own: bool) -> Post:
    """Return our record of a post. Its id stays the same through edits; whoever it quotes counts as named.

    Raises:
        Malformed: the answer does not hold its author.
    """
    users = {user.id: user for user in includes.users}
    author = users.get(post.author_id)
    if author is None:
        message = "X shows a post without its author"
        raise Malformed(message)
    named = [part for each in post.entities.mentions or () for part in (each.username, each.id) if part]
    quoted = next((each.author_id for each in includes.posts if each.id == post.refers("quoted")), None)
    if quoted:
        named += [users[quoted].username, quoted] if quoted in users else [quoted]
    followers = author.public_metrics.followers_count
    return Post(
        network=NETWORK,
        id=post.first,
        text=post.text,
        author=Author(NETWORK, author.id, author.username, author.name, followers, bio=author.description),
        created_at=post.created_at,
        thread_id=post.conversation_id or post.first,
        url=url_of(author.username, post.version),
        visibility=Visibility.FOLLOWERS if author.protected else Visibility.PUBLIC,
        parent_id=post.refers("replied_to"),
        parent_author_id=post.in_reply_to_user_id if post.refers("replied_to") else None,
        mentions=tuple(dict.fromkeys(named)),
        tags=tuple(each.tag for each in post.entities.hashtags or ()),
        language=post.lang if post.lang and len(post.lang) == _TWO_LETTERS else None,
        version=post.id,  # the words are this version's, whatever newer ones it names
        own=own,
    )


def _in_order(posts: Iterable[Post]) -> tuple[Post, ...]:
    once = {(post.id, post.version): post for post in posts}
    return tuple(sorted(once.values(), key=lambda post: (post.created_at, len(post.version), post.version)))


def _names() -> Iterator[str]:
    """Name the searches, for the cursor: search, search 2, ..."""
    yield _SEARCH
    yield from (f"{_SEARCH} {number}" for number in count(2))


def _searching(client: ReadingClient, words: str) -> _Question:
    return lambda more: client.search_recent_tweets(words, user_auth=False, **more)


def _with(question: _Question, more: Mapping[str, object]) -> Callable[[], Awaitable[Answer]]:
    return lambda: question(more)


def _rank(post_id: str) -> tuple[int, str]:
    """Order ids by age: they are numbers that never get shorter."""
    return len(post_id), post_id


def _is_newer(post_id: str, mark: str) -> bool:
    return _rank(post_id) > _rank(mark)


def _read_cursor(cursor: str | None) -> tuple[Mapping[str, str], str]:
    """Return where each list stands, and what a cursor that cannot be used means."""
    if cursor is None:
        return {}, ""
    try:
        return _marks.validate_json(cursor, strict=True), ""
    except ValueError:
        return {}, "where listening stopped cannot be read, so it starts again at the newest posts"


def _make(name: str, options: Mapping[str, object], rulebook: Rulebook) -> X:
    handles = [brand.handles[NETWORK] for brand in rulebook.brands.values() if NETWORK in brand.handles]
    every = rulebook.sources[name].every.total_seconds() if name in rulebook.sources else _USUAL
    chosen = Options.model_validate(dict(options))
    searched = search_for_brands(DIALECT, rulebook, NETWORK) if chosen.query is None else None
    return X(name, chosen, handles, secret(reading_secret(name)), every=every, searched=searched)


def _addresses(options: Mapping[str, object]) -> tuple[str, ...]:
    return (Options.model_validate(dict(options)).service,)


KIND = SourceKind(
    network=NETWORK,
    options=Options,
    make=_make,
    public=False,
    secrets=(reading_secret(NETWORK),),
    hears="who mentions our account, and what a search finds",
    asks=("query",),
    addresses=_addresses,
)
