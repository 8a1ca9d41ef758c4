"""Hear X: what mentions our account, and what a search finds.

Addresses and limits: X's published description of its API (version 2.167, July 2026); docs.x.com, "recent search", "timelines" and
"edit posts" (August 2026). Pages come newest first, so all that is new is read in one go, up to a bound; what lies beyond is told as a
gap, since X offers no way to begin at the older end. Search reaches back seven days. Reposts are left alone: they are not the
reposter's words.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import TypeAdapter

from listener.clock import Clock, from_text, now, to_text
from listener.errors import Malformed, SignInNeeded
from listener.http import Answer
from listener.model import Account, Author, Gap, Page, Post, Visibility
from listener.rules.rulebook import Rulebook
from listener.settings import Secret, reading_secret, secret, secret_variable
from listener.sources.base import SourceKind
from listener.x_client import POST_FIELDS, ReadingClient
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

_SEARCH_REACH = timedelta(days=6, hours=23)  # X refuses a search that begins at a post of more than seven days ago
_MENTIONS, _SEARCH, _AT = "mentions", "search", " at"
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

    def __init__(self, name: str, options: Options, own_handles: Sequence[str], keys: Secret | None, clock: Clock = now) -> None:
        """Keep what to hear; nothing is opened yet.

        Raises:
            UsageError: the service is no usable address.
            SignInNeeded: the keys are not what X gives.
        """
        self.name = name
        self._secret = reading_secret(name)
        self._client = ReadingClient(options.service, keys, self._secret) if keys else None
        self._query = options.query.strip()
        self._own_handles = frozenset(handle.casefold() for handle in own_handles)
        self._handle = options.handle.removeprefix("@") or (own_handles[0] if len(own_handles) == 1 else "")
        self._clock = clock
        self._account: Account | None = None

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

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """
        account, client = await self.identify(), self._signed_in()
        marks, lost = _read_cursor(cursor)
        asked: list[tuple[str, _Question]] = [
            (_MENTIONS, lambda more: client.get_users_mentions(account.id, user_auth=False, **more)),
        ]
        if self._query:
            asked.append((_SEARCH, lambda more: client.search_recent_tweets(self._query, user_auth=False, **more)))
        parts = {name: await self._read_list(name, question, marks) for name, question in asked}
        found = {(post.id, post.version): post for part in parts.values() for post in part.posts}
        reason = "; ".join(words for words in (lost, *(gap for part in parts.values() for gap in part.gaps)) if words)
        posts = tuple(sorted(found.values(), key=lambda post: (post.created_at, len(post.version), post.version)))
        places = {key: value for name, part in parts.items() for key, value in ((name, part.mark), (name + _AT, part.at))}
        gap = Gap(reason, until=posts[0].created_at if posts else None) if reason else None
        return Page(posts=posts, cursor=json.dumps(places, sort_keys=True), gap=gap)

    async def close(self) -> None:
        """Let go of connections."""
        if self._client:
            await self._client.close()

    def _signed_in(self) -> ReadingClient:
        if self._client is None:
            message = "hearing X needs keys"
            raise SignInNeeded(message, f"Put them into the secret {self._secret} ({secret_variable(self._secret)}).")
        return self._client

    async def _read_list(self, name: str, question: _Question, marks: Mapping[str, str]) -> _Part:
        mark, at = marks.get(name), marks.get(name + _AT, "")
        told: list[Post] = []
        gaps: list[str] = []
        token: str | None = None
        newest, newest_at = mark or "", at
        since = mark if mark and not (name == _SEARCH and self._is_out_of_reach(at)) else None
        for number in range(MOST_PAGES):
            place = "next_token" if name == _SEARCH else "pagination_token"
            more = {"max_results": PAGE_SIZE, "since_id": since, place: token, **POST_FIELDS}
            answer = await self._signed_in().ask(page, _with(question, more), f"the {name}")
            wires, posts, odd = self._posts(answer.data, answer.includes, name)
            told += [post for post in posts if not mark or _is_newer(post.version, mark)]
            gaps += odd
            if number == 0 and wires:
                newest, newest_at = max(((wire.id, to_text(wire.created_at)) for wire in wires), key=lambda one: _rank(one[0]))
            token = answer.meta.next_token
            if not token or mark is None:
                break
        else:
            gaps.append(f"more than {PAGE_SIZE * MOST_PAGES} posts came in the {name} since the last poll")
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
        version=post.version,
        own=own,
    )


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
    return X(name, Options.model_validate(dict(options)), handles, secret(reading_secret(name)))


KIND = SourceKind(network=NETWORK, options=Options, make=_make, public=False, secrets=(reading_secret(NETWORK),))
