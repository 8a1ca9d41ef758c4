"""Reading known posts of a Mastodon server once more: several at a time where the server can, else a few one by one.

docs.joinmastodon.org, "statuses", and the server's own code (app/controllers/api/v1/statuses_controller.rb), read in November 2026: since
4.3 `GET /api/v1/statuses?id[]=` gives up to 20 and leaves out what is gone; other servers may know the address and not the parameter, so
what is missing is asked for by itself. A 404 means that the post is deleted or that we may not see it. Where it comes to our token, it is
asked for once more without: shown there, its author has only blocked us, and nothing is told. Where nobody is shown anything without
signing in, that cannot be told apart, and the words go. 401 and 403 speak of the token or the server, not of a post.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import TypeAdapter

from listener.errors import Malformed
from listener.http import Answer, Http
from listener.mastodon_wire import Checked, WireStatus, check, is_id, read

MOST = 20
SLOWEST = timedelta(days=7)
MOST_SINGLE = 8  # posts asked for one by one in one go

_GONE = frozenset({404, 410})
_CLOSED = frozenset({401, 403, 422})
_NO_SUCH_ADDRESS = frozenset({404, 405})
_list = TypeAdapter(list[object])
_status = TypeAdapter(WireStatus)


class Reader:
    """Reads single posts by the connection that listens (`http`), and without its token where that matters."""

    def __init__(self, http: Http, base: str, secret: str, *, signed_in: bool) -> None:
        """Keep what is needed; nothing is asked yet.

        Raises:
            UsageError: `base` is no usable address.
        """
        self._http = http
        self._secret = secret
        self._stranger = Http(base) if signed_in else None
        self._singly = False

    async def look(self, ids: Sequence[str]) -> tuple[list[WireStatus], list[str], list[str]]:
        """Return those that are there, the ids of those that are gone, and those that were not asked for.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """
        usable = [each for each in ids if is_id(each)]
        there = [] if self._singly else await self._together(usable)
        seen = {status.id for status in there}
        missing = [each for each in usable if each not in seen]
        gone: list[str] = []
        for each in missing[:MOST_SINGLE]:
            answer = await self._http.call("GET", f"/api/v1/statuses/{each}")
            if answer.status in _GONE:
                gone += [each] if await self._is_gone_for_all(each) else []
            elif status := _readable(_status, self._check(answer).body):
                there.append(status)
        return there, gone, missing[MOST_SINGLE:]

    async def close(self) -> None:
        """Let go of the connection of its own."""
        if self._stranger:
            await self._stranger.close()

    async def _together(self, ids: Sequence[str]) -> list[WireStatus]:
        answer = await self._http.call("GET", "/api/v1/statuses", params=[("id[]", each) for each in ids])
        if answer.status in _NO_SUCH_ADDRESS:
            self._singly = True
            return []
        entries: list[object] = read(_list, self._check(answer).body, "the posts asked for")
        told = [status for entry in entries if (status := _readable(_status, entry))]
        if entries and not told:
            read(_status, entries[0], "the posts asked for, entry 0")
        return [status for status in told if status.id in ids]

    async def _is_gone_for_all(self, status_id: str) -> bool:
        if self._stranger is None:
            return True
        answer = await self._stranger.call("GET", f"/api/v1/statuses/{status_id}")
        return answer.status in _GONE | _CLOSED

    def _check(self, answer: Answer) -> Answer:
        return check(answer, self._http.host, self._secret)


def _readable(kind: TypeAdapter[Checked], body: object) -> Checked | None:
    try:
        return read(kind, body, "a post")
    except Malformed:
        return None
