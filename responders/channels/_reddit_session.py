"""The writing half of a Reddit session. It lives here and not beside the rest, so that nothing in `listener` can publish."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from listener.errors import NetworkError, NotConnected, RateLimited
from listener.http import Answer
from listener.reddit_session import Session
from listener.reddit_thread import Call, Request
from responders.channels.base import TOO_LATE, MayLeave, always


@dataclass(slots=True, eq=False)
class _Write(Call):
    """A write on its way. `may_leave` has the last word."""

    may_leave: MayLeave = always


class WritingSession(Session):
    """A session that can also write: once for each call, whatever is answered."""

    async def write(self, path: str, fields: Mapping[str, str], timeout: float, may_leave: MayLeave = always) -> Answer:
        """Make one POST, once, within `timeout` seconds, and return whatever Reddit answers.

        Raises:
            NotConnected: nothing was sent, also where `may_leave` said no or what comes before a POST failed.
            SignInNeeded, RateLimited: nothing was sent; see `Session.ask`.
            NetworkError: whether Reddit acted cannot be told.
        """
        loop = asyncio.get_running_loop()
        call = _Write(loop, loop.time() + timeout, may_leave=may_leave)
        try:
            return await self._make(call, method="POST", path=path, data=dict(fields))
        except RateLimited:
            raise
        except NetworkError as failure:
            if call.left or isinstance(failure, NotConnected):
                raise
            reason = f"nothing was sent: {failure.message}"
        raise NotConnected(reason)

    async def _write(self, call: Call, request: Request) -> Answer:
        if not isinstance(call, _Write) or not call.may_leave():
            raise NotConnected(TOO_LATE)
        call.left = True  # nothing is awaited between the yes and the request
        api, seconds = self._api, call.seconds
        return await api.call("POST", request.path, params=request.params, data=request.data, headers=request.headers, timeout=seconds)
