"""The writing half of a Bluesky session. It lives here and not beside the rest, so that nothing in `listener` can publish."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from listener.bluesky_session import Session, closed, is_spent, what_to_do
from listener.errors import NotConnected
from listener.http import Answer

_UNAUTHORIZED = 401


class WritingSession(Session):
    """A session that can also write."""

    @property
    def mending(self) -> str:
        """What to do where the sign-in is refused, for people."""
        return what_to_do(self._secret_name)

    async def write(self, method: str, record: Mapping[str, object], timeout: float, *, via: str = "") -> Answer:
        """Make one write, once, within `timeout` seconds, and return whatever the server answers. `via` as in `ask`.

        Ask for the account first: nobody is signed in here, and a token that might run out during the write is not used. After a
        refusal the token is renewed, or the sign-in made again, by whoever asks for the account next.

        Raises:
            NotConnected: nothing was sent, also where nobody is signed in.
            Malformed, NetworkError: see `listener.http`.
        """
        held = self._tokens
        if held is None or not held.lasts(self._clock(), timedelta(seconds=timeout)):
            message = "the sign-in ran out just before the write"
            raise NotConnected(message)
        answer = await self._call("POST", method, held.access, timeout, json=record, via=via)
        if self._tokens is held:
            if is_spent(answer):
                self._tokens = held.used_up()
            elif not via and (answer.status == _UNAUTHORIZED or closed(answer)):
                self._tokens = None
        return answer
