"""Hear a Mastodon server: the public timeline of hashtags without an account, and our own mentions with one.

Endpoints and parameters: docs.joinmastodon.org, "timelines" and "notifications" (November 2026). `min_id` gives the page just after a
known id, so a poll goes from the oldest to the newest and skips nothing. Boosts are left alone: they are not the booster's words.

With `stream: true` the server's stream rings as soon as there is news, and names posts that were edited or deleted (`_mastodon_bell`).
What is stored is what these lists and pages say, with the stream or without.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import quote

from pydantic import AfterValidator, Field, TypeAdapter

from listener.errors import Malformed, SignInNeeded
from listener.http import Answer, Http
from listener.mastodon_wire import (
    NETWORK,
    Checked,
    WireAccount,
    WireContext,
    WireNotification,
    WireStatus,
    base_url,
    check,
    names_of,
    post_of,
    read,
)
from listener.model import Account, Gap, Page, Post
from listener.rules.kinds import Strict, Words
from listener.rules.rulebook import Rulebook
from listener.settings import Secret, reading_secret, secret, secret_variable
from listener.sources import _mastodon_again
from listener.sources._mastodon_bell import PATIENCE, Bell, Patience, Wanted
from listener.sources._mastodon_changes import MARK, Again
from listener.sources.base import Looked, SourceKind, bounded

PAGE_SIZE = 40  # the most a timeline gives at once
SMALLEST_PAGE = 15  # some servers give less than they are asked for: so many posts may be all they give at once
MOST_PAGES = 10  # read behind one full page, where a server took `min_id` for "newer than"

_MOST_THREADS = 20  # thread beginnings asked for in one fetch
_MOST_REMEMBERED = 10_000
_HIDDEN_FROM_US = frozenset({401, 403, 404, 410})
_TAG = re.compile(r"\w{1,100}")

_account = TypeAdapter(WireAccount)
_context = TypeAdapter(WireContext)
_status = TypeAdapter(WireStatus)
_notification = TypeAdapter(WireNotification)
_list = TypeAdapter(list[object])
_marks = TypeAdapter(dict[str, str])


def _tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    bare = tuple(tag.strip().removeprefix("#") for tag in tags)
    for tag in bare:
        if not _TAG.fullmatch(tag):
            message = f'"{tag}" is no hashtag: one word, without # and spaces'
            raise ValueError(message)
    return bare


class Options(Strict):
    """What a Mastodon source can be told in rules.yaml."""

    instance: Annotated[str, Field(min_length=1)] = Field(description="the server, such as mastodon.social")
    tags: Annotated[Words, AfterValidator(_tags)] = Field(default=(), description="hashtags to hear, without #")
    stream: bool = Field(default=False, description="true: be told of news at once, over the server's stream; needs a token")


@dataclass(frozen=True, slots=True)
class _Stream:
    """One list of posts on the server. `name` is its name in the cursor."""

    name: str
    path: str
    params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """What one stream brought: its posts, where it stands now, whether more waits, and what may have been missed."""

    statuses: tuple[WireStatus, ...]
    mark: str
    more: bool = False
    gap: str = ""


# The account's filters may put mentions by people it does not follow aside (Mastodon 4.3); a cry for help is among them.
_MENTIONS = _Stream("mentions", "/api/v1/notifications", (("types[]", "mention"), ("include_filtered", "true")))
_Entry = tuple[str, WireStatus | None]


class Mastodon:
    """A Mastodon server, heard. A source of another name than its network reads its own secret, `<name>_read`."""

    network = NETWORK
    most_at_once = _mastodon_again.MOST
    slowest = _mastodon_again.SLOWEST
    ids_everywhere = False

    def __init__(
        self, name: str, options: Options, own_handles: Sequence[str], token: Secret | None, patience: Patience = PATIENCE
    ) -> None:
        """Keep what to hear; nothing is opened yet.

        Raises:
            UsageError: the instance is no usable address.
        """
        self.name = name
        self._secret = reading_secret(name)
        self._http = Http(base_url(options.instance), token=token, reader=True)
        self._signed_in = token is not None
        self._again = _mastodon_again.Reader(self._http, base_url(options.instance), self._secret, signed_in=self._signed_in)
        tags = tuple(_Stream(f"#{tag}", f"/api/v1/timelines/tag/{quote(tag, safe='')}") for tag in options.tags)
        self._streams = (_MENTIONS, *tags) if token else tags
        self._own_handles = frozenset(handle.casefold() for handle in own_handles)
        self._account: Account | None = None
        self._beginnings: dict[str, str] = {}
        self._odd: list[str] = []
        self._full: dict[str, str] = {}  # by stream, the newest id of a page that was full: the next one begins there
        self._tags = frozenset(tag.casefold() for tag in options.tags)
        self._patience = patience
        self._asked = 0
        self._rested = 0.0
        self._bell = self._hung(options, token) if options.stream and token else None
        self._unfit = f"the stream needs a token: set the secret {self._secret}" if options.stream and not token else ""

    def _hung(self, options: Options, token: Secret) -> Bell:
        wanted = (Wanted("user"), *(Wanted("hashtag", tag) for tag in options.tags))
        base = base_url(options.instance)
        return Bell(self._http, wanted, self._concerns, secret=self._secret, token=token, base=base, patience=self._patience)

    async def identify(self) -> Account | None:
        """Return the account the token belongs to, or None where there is no token: hashtags need none.

        Raises:
            SignInNeeded: the server refuses the token, or nothing can be heard without one.
            NetworkError: the server could not be asked.
        """
        if not self._streams:
            message = f"{self.name} has no hashtags and no access token, so there is nothing to hear"
            raise SignInNeeded(message, f"Add tags, or set the secret {self._secret} ({secret_variable(self._secret)}).")
        if self._signed_in and self._account is None:
            account = read(_account, await self._get("/api/v1/accounts/verify_credentials", ()), "our own account")
            self._account = Account(NETWORK, account.id, account.acct, account.url or "")
        return self._account

    async def fetch(self, cursor: str | None) -> Page:
        """Return what came after `cursor`, oldest first; on the first poll the newest page of each stream.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """
        if self._bell:
            self._bell.heard()
        await self.identify()
        self._odd.clear()
        marks, gap = self._read_cursor(cursor)
        parts = [await self._read_stream(stream, marks.get(stream.name)) for stream in self._streams]
        again = await self._read_again(marks.get(MARK, ""))
        heard = [*(status for part in parts for status in part.statuses), *again.statuses]
        found = {status.id: status for status in heard if status.reblog is None and status.id not in again.gone}
        ordered = sorted(found.values(), key=lambda status: (status.created_at, len(status.id), status.id))
        threads = await self._threads(ordered)
        gaps = [gap, *(part.gap for part in parts), *self._odd]
        reason = "; ".join(words for words in gaps if words)
        self._rested = max(self._rested, asyncio.get_running_loop().time()) + self._asked * self._patience.per_request
        self._asked = 0
        return Page(
            posts=tuple(self._post(status, thread) for status, thread in zip(ordered, threads, strict=True)),
            cursor=self._write_cursor(parts, again.mark),
            more=any(part.more for part in parts),
            gap=Gap(reason, until=ordered[0].created_at if ordered else None) if reason else None,
            gone=again.gone,
            ahead=again.mark == marks.get(MARK, ""),  # changes that were read are let go of by asking again
        )

    async def stir(self) -> None:
        """Return once the stream tells of news, and the server has had a rest since the last fetch; without a stream, never."""
        if self._bell is None:
            await asyncio.Event().wait()
            return
        self._bell.begin()
        await self._bell.rung()
        await asyncio.sleep(self._rested - asyncio.get_running_loop().time())

    @property
    def remark(self) -> str:
        """Say what is wrong with the stream, or ""."""
        return self._bell.remark if self._bell else self._unfit

    async def look_again(self, ids: Sequence[str]) -> Looked:
        """Read posts once more; the place in its thread of each is not asked for.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """
        await self.identify()
        there, gone, left = await self._again.look(bounded(ids, self.most_at_once))
        return Looked(tuple(self._post(status, status.in_reply_to_id or status.id) for status in there), tuple(gone), tuple(left))

    async def close(self) -> None:
        """Let go of connections."""
        if self._bell:
            await self._bell.close()
        await self._again.close()
        await self._http.close()

    async def _ask(self, path: str, params: Sequence[tuple[str, str]] = ()) -> Answer:
        self._asked += 1
        return await self._http.call("GET", path, params=params)

    async def _get(self, path: str, params: Sequence[tuple[str, str]]) -> object:
        return check(await self._ask(path, params), self._http.host, self._secret).body

    def _read_cursor(self, cursor: str | None) -> tuple[Mapping[str, str], str]:
        """Return where each stream stands, and what a cursor that cannot be used means."""
        if cursor is None:
            return {}, ""
        try:
            marks = _marks.validate_json(cursor, strict=True)
        except ValueError:
            return {}, "where listening stopped cannot be read, so it starts again at the newest posts"
        if marks.get("at") != self._http.host:
            return {}, "the server is another one than before, so listening starts at its newest posts"
        return marks, ""

    def _write_cursor(self, parts: Sequence[_Part], changed: str) -> str:
        marks = {stream.name: part.mark for stream, part in zip(self._streams, parts, strict=True)}
        if changed:
            marks[MARK] = changed
        return json.dumps({"at": self._http.host, **marks}, ensure_ascii=False, sort_keys=True)

    async def _read_stream(self, stream: _Stream, mark: str | None) -> _Part:
        if mark is None:
            newest = await self._entries(stream, ())
            # "0" lies below every id, so that a stream that was empty is read from its beginning.
            return _Part(_written(newest), newest[0][0] if newest else "0")
        going_on = self._full.pop(stream.name, "") == mark and mark.isdecimal()
        page = await self._entries(stream, (("min_id", str(int(mark) - 1) if going_on else mark),))
        follows = going_on and bool(page) and page[-1][0] == mark
        new = page[:-1] if follows else page
        if not new:
            return _Part((), mark)
        if len(page) < SMALLEST_PAGE:
            return _Part(_written(new), new[0][0])
        # A page that begins with the post that ended the one before has left nothing out.
        behind, capped = ([], False) if follows else await self._behind(stream, mark, new)
        gap = f"more than {PAGE_SIZE * MOST_PAGES} posts came in {stream.name} since the last poll" if capped else ""
        self._full[stream.name] = new[0][0]
        return _Part(_written([*new, *behind]), new[0][0], more=new[0][0] != mark, gap=gap)

    async def _read_again(self, mark: str) -> Again:
        """Read the posts that changed, as the stream says."""
        if self._bell is None:
            return Again(mark=mark)
        self._asked += 1
        again = await self._bell.changes.read(mark, self._again.look)
        if again.more:
            self._bell.ring()
        return replace(again, statuses=tuple(filter(self._is_ours, again.statuses)))

    def _is_ours(self, status: WireStatus) -> bool:
        """Return whether a post that changed may have been heard: what only people say whom our account follows, was not."""
        us = self._account.id if self._account else ""
        named = any(mention.id == us for mention in status.mentions)
        return named or status.id in self._beginnings or any(tag.name.casefold() in self._tags for tag in status.tags)

    def _concerns(self, post_id: str, status: Mapping[str, object]) -> bool:
        """Return the same of a post as the stream sent it, unchecked."""
        us = self._account.id if self._account else ""
        mentions = status.get("mentions")
        named = isinstance(mentions, list) and any(isinstance(one, dict) and one.get("id") == us for one in mentions)
        return named or post_id in self._beginnings

    async def _behind(self, stream: _Stream, mark: str, page: Sequence[_Entry]) -> tuple[list[_Entry], bool]:
        """Read what lies between the mark and a full page: nothing, unless the server took `min_id` for "newer than"."""
        seen = {entry[0] for entry in page}
        found: list[_Entry] = []
        oldest = page[-1][0]
        for _ in range(MOST_PAGES):
            older = await self._entries(stream, (("since_id", mark), ("max_id", oldest)), behind=True)
            fresh = [entry for entry in older if entry[0] not in seen]
            if not fresh:
                return found, False
            found += fresh
            seen.update(entry[0] for entry in fresh)
            oldest = fresh[-1][0]
        return found, True

    async def _entries(self, stream: _Stream, params: Sequence[tuple[str, str]], *, behind: bool = False) -> list[_Entry]:
        """Return one page, newest first: the id that pages it, and the status. It may be all odd where it stands `behind` another."""
        body = await self._get(stream.path, (*stream.params, *params, ("limit", str(PAGE_SIZE))))
        if stream is _MENTIONS:
            told = self._readable(_notification, body, "the mentions", behind=behind)
            return [(each.id, each.status if each.type == "mention" else None) for each in told]
        return [(status.id, status) for status in self._readable(_status, body, f"the timeline {stream.name}", behind=behind)]

    def _readable(self, kind: TypeAdapter[Checked], body: object, what: str, *, behind: bool) -> list[Checked]:
        """Return what can be read of a list. One odd post must not silence those around it: it is left out and told as a gap.

        Raises:
            Malformed: it is no list, or nothing of it can be read and it does not stand `behind` a page of which something can.
        """
        told: list[Checked] = []
        odd: Malformed | None = None
        entries: list[object] = read(_list, body, what)
        for number, each in enumerate(entries):
            try:
                told.append(read(kind, each, f"{what}, entry {number}"))
            except Malformed as problem:
                odd = odd or problem
        if odd and not (told or behind):
            raise odd
        if odd:
            self._odd.append(odd.message)
        return told

    async def _threads(self, statuses: Sequence[WireStatus]) -> list[str]:
        """Return the id of the post that begins each one's thread; asked for only where it is not known yet."""
        threads: list[str] = []
        asked = 0
        for status in statuses:
            parent = status.in_reply_to_id
            if parent is None:
                self._beginnings[status.id] = status.id
            elif parent in self._beginnings:
                self._beginnings[status.id] = self._beginnings[parent]
            elif status.id not in self._beginnings and asked < _MOST_THREADS:
                asked += 1
                await self._ask_thread(status)
            threads.append(self._beginnings.get(status.id, parent or status.id))
        for old in list(self._beginnings)[: max(0, len(self._beginnings) - _MOST_REMEMBERED)]:
            del self._beginnings[old]
        return threads

    async def _ask_thread(self, status: WireStatus) -> None:
        try:
            answer = await self._ask(f"/api/v1/statuses/{status.id}/context")
            if answer.status in _HIDDEN_FROM_US:
                return
            body = check(answer, self._http.host, self._secret).body
            above = read(_context, body, "a thread").ancestors
        except Malformed:  # a thread of thousands is too large to read; its newest post must still be heard
            return
        beginning = above[0].id if above else status.in_reply_to_id or status.id
        self._beginnings.update(dict.fromkeys([*(each.id for each in above), status.id], beginning))

    def _post(self, status: WireStatus, thread_id: str) -> Post:
        handles = {name.casefold() for name in names_of(status.account.acct, status.account.url)}
        ours = self._account is not None and self._account.id == status.account.id
        return post_of(status, thread_id, own=ours or bool(handles & self._own_handles))


def _written(entries: Sequence[_Entry]) -> tuple[WireStatus, ...]:
    return tuple(status for _, status in entries if status is not None)


def _make(name: str, options: Mapping[str, object], rulebook: Rulebook) -> Mastodon:
    handles = [brand.handles[NETWORK] for brand in rulebook.brands.values() if NETWORK in brand.handles]
    return Mastodon(name, Options.model_validate(dict(options)), handles, secret(reading_secret(name)))


def _addresses(options: Mapping[str, object]) -> tuple[str, ...]:
    return (base_url(Options.model_validate(dict(options)).instance),)


KIND = SourceKind(
    network=NETWORK,
    options=Options,
    make=_make,
    public=True,
    secrets=(reading_secret(NETWORK),),
    hears="hashtags on a server; with its key who mentions our account",
    asks=("instance", "tags"),
    server="instance",  # its ids are running numbers of each server
    addresses=_addresses,
)
