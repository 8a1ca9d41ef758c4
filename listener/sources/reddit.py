"""Hear Reddit through an account: its inbox, whole subreddits, and a search of all submissions.

Lists and parameters: www.reddit.com/dev/api, "listings", "messages" and "search", and the exchanges recorded for praw 8.0.3. The inbox
holds answers to us and posts that name u/us; private messages in it are not read, and nothing is marked as read. Only submissions can
be searched. The refresh token needs the scopes identity, read, privatemessages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from listener.model import Account, Gap, Page, Post
from listener.queries.networks import REDDIT as DIALECT
from listener.reddit_session import Options, Session, open_session
from listener.reddit_wire import COMMENT, NETWORK, WireThing, is_by, is_id, post_of
from listener.rules.rulebook import Rulebook
from listener.settings import reading_secret
from listener.shapes import Wire
from listener.sources import _reddit_again
from listener.sources._reddit_lists import PAGE_SIZE, Mark, Part, Stream, read_stream, things
from listener.sources._search import Search, search, search_for_brands
from listener.sources.base import Asked, Looked, SourceKind, bounded

_MOST_REMEMBERED = 10_000
_MENTION = "username_mention"
_SEARCHED = "the search for"
_INBOX = Stream("the inbox", "/message/inbox", (("mark", "false"),))


class _Cursor(Wire):
    """Where each list was left, for the account that was heard through."""

    at: str
    lists: Annotated[dict[str, Mark], Field(strict=False)]


_cursor = TypeAdapter(_Cursor)


def _streams(options: Options, searched: Search) -> tuple[Stream, ...]:
    whole = [
        Stream(f"r/{name}, {what}", f"/r/{name}/{path}")
        for name in dict.fromkeys(options.subreddits)
        for what, path in (("comments", "comments"), ("submissions", "new"))
    ]
    found = [
        Stream(f"{_SEARCHED} {words}", "/search", (("q", words), ("sort", "new"), ("type", "link")))
        for words in dict.fromkeys(searched.questions)
    ]
    return (*whole, *found, _INBOX)


class Reddit:
    """Reddit, heard. A source of another name than its network reads its own secret, `<name>_read`."""

    network = NETWORK
    most_at_once = _reddit_again.MOST
    slowest = _reddit_again.SLOWEST
    ids_everywhere = True

    def __init__(
        self, name: str, options: Options, own_handles: Sequence[str], session: Session, *, searched: Search | None = None
    ) -> None:
        """Keep what to hear; nothing is asked yet. `searched` stands in for the queries of `options`."""
        self.name = name
        self._session = session
        self._search = searched or search(options.search or (), DIALECT)
        self._streams = _streams(options, self._search)
        self._own_handles = frozenset(handle.removeprefix("u/").casefold() for handle in own_handles)
        self._authors: dict[str, str | None] = {}

    async def identify(self) -> Account:
        """Return our own account.

        Raises:
            SignInNeeded: Reddit refuses us, or the account is suspended.
            NetworkError: it could not be asked.
        """
        return await self._session.account()

    async def fetch(self, cursor: str | None) -> Page:
        """Return what is new or edited since `cursor`, oldest first, and what is gone; on the first poll each list's newest page.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """
        account = await self.identify()
        marks, lost = self._read_cursor(cursor, account)
        parts = {stream.name: await read_stream(self._session, stream, marks.get(stream.name)) for stream in self._streams}
        found = {thing.name: thing for name, part in reversed(parts.items()) for thing in self._kept(name, part)}
        ordered = sorted(found.values(), key=lambda thing: (thing.created_utc, len(thing.name), thing.name))
        await self._ask_parents(ordered)
        named = {thing.name for thing in parts[_INBOX.name].things if thing.type == _MENTION}
        gaps = [lost, *(words for part in parts.values() for words in part.gaps)]
        reason = "; ".join(words for words in gaps if words)
        return Page(
            posts=tuple(self._post(thing, account, named=thing.name in named) for thing in ordered),
            cursor=_write_cursor(account, parts),
            gap=Gap(reason, until=ordered[0].created_at if ordered else None) if reason else None,
            gone=tuple(dict.fromkeys(name for part in parts.values() for name in part.gone)),
        )

    def asks(self) -> tuple[Asked, ...]:
        """Return what the search is asked for."""
        return self._search.asked

    def _kept(self, stream: str, part: Part) -> Iterator[WireThing]:
        """Yield what a list brought; of a search, what satisfies the query as it was written."""
        for thing in part.things:
            question = stream.removeprefix(f"{_SEARCHED} ")
            if question == stream or self._search.keeps(question, post_of(thing, own=False)):
                yield thing

    async def look_again(self, ids: Sequence[str]) -> Looked:
        """Read comments and submissions once more; whom each answers is not asked for.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """
        account = await self.identify()
        return await _reddit_again.look(
            self._session, bounded(ids, self.most_at_once), lambda thing: self._post(thing, account, named=False)
        )

    async def close(self) -> None:
        """Let go of the thread and of connections."""
        await self._session.close()

    def _read_cursor(self, cursor: str | None, account: Account) -> tuple[Mapping[str, Mark], str]:
        """Return where each list was left, and what a cursor that cannot be used means."""
        if cursor is None:
            return {}, ""
        try:
            left = _cursor.validate_json(cursor)
        except ValueError:
            return {}, "where listening stopped cannot be read, so it starts again at the newest posts"
        if left.at != account.id:
            return {}, "the account is another one than before, so listening starts at the newest posts"
        return left.lists, ""

    async def _ask_parents(self, heard: Sequence[WireThing]) -> None:
        """Learn who wrote what is answered: Reddit tells only its name."""
        self._authors |= {thing.name: thing.author_fullname for thing in heard}
        wanted = dict.fromkeys(thing.parent_id for thing in heard if thing.parent_id and thing.parent_id not in self._authors)
        asked = [name for name in wanted if is_id(name)]
        for start in range(0, len(asked), PAGE_SIZE):
            batch = asked[start : start + PAGE_SIZE]
            told = await things(self._session, batch)
            self._authors |= {name: told[name].author_fullname if name in told else None for name in batch}
        for old in list(self._authors)[: max(0, len(self._authors) - _MOST_REMEMBERED)]:
            del self._authors[old]

    def _post(self, thing: WireThing, account: Account, *, named: bool) -> Post:
        own = is_by(thing, account) or (thing.author or "").casefold() in self._own_handles
        above = self._authors.get(thing.parent_id or "") if thing.name.startswith(COMMENT) else None
        return post_of(thing, own=own, parent_author_id=above, mentions=(account.handle, account.id) if named else ())


def _write_cursor(account: Account, parts: Mapping[str, Part]) -> str:
    lists: dict[str, Any] = {name: part.mark.model_dump() for name, part in parts.items()}
    return json.dumps({"at": account.id, "lists": lists}, ensure_ascii=False)


def _make(name: str, options: Mapping[str, object], book: Rulebook) -> Reddit:
    chosen = Options.model_validate(dict(options))
    handles = [brand.handles[NETWORK] for brand in book.brands.values() if NETWORK in brand.handles]
    searched = search_for_brands(DIALECT, book, NETWORK) if chosen.search is None else None
    return Reddit(name, chosen, handles, open_session(Session, chosen, book, reading_secret(name)), searched=searched)


def _addresses(options: Mapping[str, object]) -> tuple[str, ...]:
    chosen = Options.model_validate(dict(options))
    return (chosen.service, chosen.sign_in)


KIND = SourceKind(
    network=NETWORK,
    options=Options,
    make=_make,
    public=False,
    secrets=(reading_secret(NETWORK),),
    hears="our account's inbox, subreddits, and what a search finds",
    asks=("subreddits", "search"),
    addresses=_addresses,
)
