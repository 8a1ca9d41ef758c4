"""praw with the network taken out of its hands: it composes and signs requests, and something else carries them.

Left to itself praw 8.0.3 (with prawcore 4.0.0, as their sources stand) makes a POST up to three times where it is answered 5xx or
breaks off, makes it again where the token is refused, sleeps and repeats where a 200 says RATELIMIT, and sleeps on its thread where
the limits run low. None of that can happen here: whatever the network answers but a 2xx reaches praw as an exception it does not
know, and it never sees the headers it would sleep by. It also reads `praw.ini` in the working directory; every setting that could
send keys elsewhere, or sign in as somebody else, is therefore given by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import praw
import prawcore

Carry = Callable[..., "Carried"]
"""Carries one request (method, url, and what prawcore gives by name) and returns the answer, or raises what praw must not catch."""


class Carried:
    """A 2xx answer as prawcore wants to see it: the decoded body, and no headers."""

    status_code = 200
    headers: Mapping[str, str] = {}

    def __init__(self, body: object) -> None:
        """Keep the body."""
        self._body = body

    def json(self) -> object:
        """Return the decoded body."""
        return self._body


class _NoNetwork:
    """Stands where prawcore keeps its HTTP client, and can reach nothing."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}

    def close(self) -> None:
        """Hold nothing that could be closed."""


class Carrier(prawcore.Requestor):
    """Gives every request of praw's to `carry`."""

    def __init__(self, *, carry: Carry, oauth_url: str, reddit_url: str, user_agent: str) -> None:
        """Keep who carries."""
        nowhere = cast("Any", _NoNetwork())
        super().__init__(oauth_url=oauth_url, reddit_url=reddit_url, user_agent=user_agent, session=nowhere)
        self._carry = carry
        self._agent = str(nowhere.headers["User-Agent"])

    def request(self, *args: Any, timeout: float | None = None, **kwargs: Any) -> Any:  # noqa: ANN401, ARG002 - prawcore's own signature; its clock is not ours
        """Hand the request over and wait for the answer."""
        kwargs["headers"] = {**kwargs.get("headers", {}), "User-Agent": self._agent}
        return self._carry(*args, **kwargs)


def open_reddit(
    *, carry: Carry, api: str, sign_in: str, client_id: str, client_secret: str, refresh_token: str, user_agent: str
) -> praw.Reddit:
    """Make a praw instance that signs in with a refresh token. It belongs to one thread."""
    return praw.Reddit(
        "DEFAULT",
        requestor_class=Carrier,
        requestor_kwargs={"carry": carry},
        oauth_url=api,
        reddit_url=sign_in,
        client_id=client_id,
        client_secret=client_secret,
        refresh_token=refresh_token,
        user_agent=user_agent,
        username=None,
        password=None,
        redirect_uri=None,
        check_for_async=False,
        check_for_updates=False,
    )
