"""praw on a thread of its own, which composes and waits, while every request is made on the event loop.

praw is synchronous and not made for several threads, so each session has one instance, one thread, and one call at a time.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from listener.errors import EarnestError, NetworkError, NotConnected
from listener.http import Answer

if TYPE_CHECKING:
    from praw import Reddit

    from listener.reddit_praw import Carried

_GRACE = 0.25  # the HTTP client's own clock runs out first, since it knows more about what happened
_PATIENCE = 5.0  # the thread waits this much longer than the call has; only an event loop that stands still makes it need that


class _Told(Exception):
    """The network answered something other than 2xx. It is no error, but the way such an answer takes past praw."""


@dataclass(slots=True, eq=False)
class Call:
    """One question or one write on its way: until when (by the loop's clock), whether a write has left, and what came back."""

    loop: asyncio.AbstractEventLoop
    end: float
    left: bool = False
    answer: Answer | None = None
    dropped: bool = False
    travelling: asyncio.Task[Any] | None = None

    @property
    def seconds(self) -> float:
        """How many seconds it still has."""
        return self.end - self.loop.time()

    def drop(self) -> None:
        """Give it up: nothing more leaves, and the thread that waits is let go. Only for the event loop to call."""
        self.dropped = True
        if self.travelling is not None:
            self.travelling.cancel()

    def late(self) -> NetworkError:
        """Return the error that says what a call that got no answer in its time has done."""
        if self.left:
            return NetworkError("Reddit did not answer in time; whether it acted cannot be told")
        return NotConnected("Reddit is too slow, and nothing was sent")


@dataclass(frozen=True, slots=True)
class Request:
    """What praw has composed: for the sign-in, `auth` is client id and secret; `data` are the fields of a form."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    data: Mapping[str, str]
    auth: tuple[str, str] | None


SignIn = Callable[[Call, Request], Awaitable[object]]
Travel = Callable[[Call, Request], Awaitable[Answer]]


class PrawThread:
    """Runs praw. Sign-ins go through `sign_in`, which returns the token's JSON; everything else through `travel`."""

    def __init__(self, name: str, settings: Callable[[], Mapping[str, str]], sign_in: SignIn, travel: Travel) -> None:
        """Keep who makes requests; `settings` returns what `reddit_praw.open_reddit` needs. Nothing is started yet."""
        self._name = name
        self._settings = settings
        self._sign_in = sign_in
        self._travel = travel
        self._turn = asyncio.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._running: Call | None = None
        self._reddit: Reddit | None = None
        self._composing: Call  # belongs to the thread

    async def make(self, call: Call, request: Mapping[str, object]) -> Answer:
        """Make one request (as `praw.Reddit.request` takes it) within the call's time and return the answer, whatever its status.

        Raises:
            EarnestError: what the sign-in or the request raised; `NotConnected` where nothing was sent in time.
        """
        try:
            async with asyncio.timeout_at(call.end + _GRACE), self._turn:
                outcome = await self._run(call, request)
        except TimeoutError:
            outcome = call.late()
        if isinstance(outcome, Answer):
            return outcome
        raise outcome.with_traceback(None)  # the frames below hold the token

    def forget_token(self) -> None:
        """Let the next call sign in anew."""
        self._reddit = None

    def close(self) -> None:
        """Give up the call on its way and let go of the thread; the next call starts another."""
        if self._running is not None:
            self._running.drop()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    async def _run(self, call: Call, request: Mapping[str, object]) -> Answer | EarnestError:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix=self._name)
        self._running = call
        try:
            context = contextvars.copy_context()  # the thread asks in our name, whoever must be asked first included
            return await call.loop.run_in_executor(self._pool, context.run, self._compose, call, request)
        except asyncio.CancelledError:
            call.drop()
            raise
        finally:
            self._running = None

    def _compose(self, call: Call, request: Mapping[str, Any]) -> Answer | EarnestError:
        """Run on the thread: let praw compose the request, which comes back to the event loop by `_carry`."""
        from listener.reddit_praw import open_reddit  # noqa: PLC0415 - it takes half a second, and most commands never need it

        self._composing = call
        try:
            if self._reddit is None:
                self._reddit = open_reddit(carry=self._carry, **self._settings())
            self._reddit.request(**request)
        except _Told:
            pass
        except EarnestError as failure:
            return failure
        except Exception as odd:  # noqa: BLE001 - praw is somebody else's, and its errors hold the request with the token
            return call.late() if call.dropped else NetworkError(f"praw stumbled over it ({type(odd).__name__})")
        return call.answer or NetworkError("praw never asked Reddit")

    def _carry(self, method: str, url: str, **details: Any) -> Carried:  # noqa: ANN401 - as prawcore gives them
        """Run on the thread: hand a request over to the event loop and wait for its answer."""
        request = Request(
            method=method.upper(),
            path=urlsplit(url).path,
            params={name: str(value) for name, value in (details.get("params") or {}).items()},
            headers=details["headers"],
            data=dict(details.get("data") or {}),
            auth=details.get("auth"),
        )
        call = self._composing
        return _wait_for(call, self._hand_over(call, request))

    async def _hand_over(self, call: Call, request: Request) -> Carried:
        """Run on the event loop: have the request made."""
        from listener.reddit_praw import Carried  # noqa: PLC0415 - see above

        call.travelling = asyncio.current_task()
        if call.dropped or call.seconds <= 0:
            raise call.late()
        if request.auth is not None:  # prawcore signs nothing else in this way
            return Carried(await self._sign_in(call, request))
        call.answer = await self._travel(call, request)
        if not call.answer.ok:
            raise _Told
        return Carried(call.answer.body)


def _wait_for(call: Call, travel: Coroutine[Any, Any, Carried]) -> Carried:
    try:
        handed_over = asyncio.run_coroutine_threadsafe(travel, call.loop)
    except RuntimeError:  # the loop has ended
        travel.close()
        raise
    return handed_over.result(max(call.seconds, 0) + _PATIENCE)
