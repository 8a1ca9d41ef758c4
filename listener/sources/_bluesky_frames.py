"""One message of Bluesky's public stream: is it about us, and what does it say?

The shape is that of Jetstream's `/subscribe` (github.com/bluesky-social/jetstream, docs/README.md, 5.1, read in November 2026): one JSON
object, its envelope first. Most messages are set aside by their first characters and one search, without being decoded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from listener.bluesky_session import NETWORK, POSTS
from listener.bluesky_wire import PLACE, Record, post_of
from listener.decoding import tidy
from listener.matching import Matcher
from listener.model import Account, Author, Post
from listener.rules.rulebook import Rulebook
from listener.sifting import Sieve
from listener.streaming import Told, moment

# What Jetstream writes before a post's words; anything written otherwise is decoded. A later field cannot come before these.
_NEW_POST = re.compile(
    r'\{"did":"did:[a-z]+:[A-Za-z0-9._:%-]+","time_us":(\d{1,18}),(?:"cursor":\d+,)?"kind":"commit",'
    r'"commit":\{"rev":"[a-z0-9]*","operation":"create","collection":"app\.bsky\.feed\.post",'
)
_DEEPEST = 16


@dataclass(frozen=True, slots=True)
class Gone:
    """A post that is deleted."""

    id: str


class Frames:
    """Reads messages for the brands of one rulebook."""

    def __init__(self, book: Rulebook, accounts: Sequence[Account]) -> None:
        """Make ready to know what is about the brands of `book`, of which `accounts` are our own."""
        self._accounts = tuple(accounts)
        self._handles = {account.id: account.handle for account in accounts}
        self._sieve = Sieve(book.brands, self._accounts)
        self._matcher = Matcher(book.brands)

    def read(self, message: str) -> Told[Post | Gone]:
        """Return when the message was sent, with a post that speaks of us or is ours, or with what is gone.

        Raises:
            ValueError: it makes no sense.
        """
        envelope = _NEW_POST.match(message)
        if envelope and self._sieve.clears(message):
            return Told(int(envelope[1]))
        event = json.loads(message)
        if not isinstance(event, Mapping) or not isinstance(event.get("kind"), str):
            raise _odd()
        at = event.get("time_us")
        if not isinstance(at, int) or isinstance(at, bool):
            raise _odd()
        commit = event.get("commit")
        if event["kind"] != "commit":
            return Told(at)
        if not isinstance(commit, Mapping):
            raise _odd()
        return self._commit(at, str(event.get("did")), commit) if commit.get("collection") == POSTS else Told(at)

    def _commit(self, at: int, did: str, commit: Mapping[str, object]) -> Told[Post | Gone]:
        uri = f"at://{did}/{POSTS}/{commit.get('rkey')}"
        operation = commit.get("operation")
        if not PLACE.fullmatch(uri) or operation not in {"create", "update", "delete"}:
            raise _odd()
        if operation == "delete":
            return Told(at, Gone(uri), f"{uri} {operation} {commit.get('rev')}")
        # An edit is told whatever it says: it may have taken our name out of a post that we heard.
        post = self._post(at, did, uri, commit, whatever=operation == "update")
        return Told(at, post, f"{uri} {post.version}") if post else Told(at)

    def _post(self, at: int, did: str, uri: str, commit: Mapping[str, object], *, whatever: bool) -> Post | None:
        """Return the post if it speaks of us, or is ours; or `whatever` it says.

        Raises:
            ValueError: it seems to, but is no post.
        """
        wire, cid = commit.get("record"), commit.get("cid")
        if not isinstance(wire, Mapping) or not isinstance(cid, str) or not cid.isascii():
            raise _odd()
        own = did in self._handles
        if not own and not whatever and not self._sieve.passes(_texts(wire)):
            return None
        try:
            record = Record.model_validate(tidy(wire))
        except ValidationError:
            raise _odd() from None
        author = Author(NETWORK, did, self._handles.get(did, did))
        post = post_of(record, uri, cid, author, moment(at), named=self._spoken_to(record, wire), own=own)
        about = own or whatever or self._matcher.match(post, self._accounts) or self._matcher.others(post)
        return post if about else None

    def _spoken_to(self, record: Record, wire: Mapping[str, object]) -> Iterator[str]:
        """Yield those of our accounts that the post quotes, or answers; who does that speaks to us, though no handle says so."""
        linked = [*_texts(wire.get("embed")), record.reply.parent.uri if record.reply and len(self._accounts) > 1 else ""]
        for uri in linked:
            place = PLACE.fullmatch(uri)
            if place and place["did"] in self._handles:
                yield place["did"]
                yield self._handles[place["did"]]


def _odd() -> ValueError:
    return ValueError("this is no message of Jetstream's")


def _texts(value: object, depth: int = 0) -> Iterator[str]:
    """Yield every text within."""
    if isinstance(value, str):
        yield value
    elif depth < _DEEPEST and isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part, depth + 1)
    elif depth < _DEEPEST and isinstance(value, list):
        for part in value:
            yield from _texts(part, depth + 1)
