"""The writing half of a Bluesky session. It lives here and not beside the rest, so that nothing in `listener` can publish."""

from __future__ import annotations

from collections.abc import Mapping

from listener.bluesky_session import Session, is_bad_token
from listener.errors import NotConnected
from listener.http import Answer


class WritingSession(Session):
    """A session that can also write."""

    async def write(self, method: str, record: Mapping[str, object], timeout: float) -> Answer:
        """Make one write, once, and return whatever the server answers. Ask something first: nobody is signed in here.

        Raises:
            NotConnected: nothing was sent, also where nobody is signed in.
            Malformed, NetworkError: see `listener.http`.
        """
        tokens = self._tokens
        if tokens is None:
            message = "the sign-in was lost just before the reply was sent"
            raise NotConnected(message)
        answer = await self._call("POST", method, tokens.access, timeout, json=record)
        if is_bad_token(answer) and self._tokens is tokens:
            self._tokens = None
        return answer
