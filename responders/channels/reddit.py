"""Speak on Reddit: public comments by our account. Private messages need the person's own consent there, so none are sent.

There is no key that would make one reply stay one: what settles doubt is a look at our own replies below the post and at our own
newest comments. A refusal counts only where Reddit's code is known to come before a comment is stored: its own code
(github.com/reddit-archive/reddit, `POST_comment` and `VSubmitParent`, 2017) checks all of `_REFUSALS` first; the two about links are
from github.com/Pyprohly/reddit-api-doc-notes (July 2024). The refresh token needs the scopes identity, read, history, submit, edit.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4

from listener.clock import now
from listener.errors import NetworkError, NotConnected, RateLimited, SignInNeeded
from listener.http import LONGEST_WAIT, SHORTEST_WAIT, USUAL_WAIT, Answer, retry_after
from listener.model import Account, Post
from listener.reddit_session import Options, open_session
from listener.reddit_wire import NETWORK, WireThing, is_by, is_id, read, said_by
from listener.rules.rulebook import Rulebook
from listener.settings import secret_variable, writing_secret
from listener.text import one_line
from responders.channels._reddit_look import Looks, WireWritten
from responders.channels._reddit_pace import PACE
from responders.channels._reddit_session import WritingSession
from responders.channels._reddit_text import LIMITS, markdown
from responders.channels.base import (
    Barred,
    ChannelKind,
    MayLeave,
    Parent,
    Refused,
    SendResult,
    Sent,
    TextLimits,
    Unknown,
    Unsent,
    Withdrawn,
    WithdrawResult,
    always,
    last_part,
)
from responders.model import Delivery, Kind
from responders.policies import place_of

_SECRET = writing_secret(NETWORK)
_UNAUTHORIZED, _FORBIDDEN, _TOO_MANY = 401, 403, 429
_MUTED = "our account is muted in that subreddit"
_REFUSALS = {
    "DELETED_COMMENT": "the comment has been deleted",
    "MUTED_FROM_SUBREDDIT": _MUTED,
    "NO_TEXT": "it says nothing",
    "SUBREDDIT_LINKING_DISALLOWED": "it names a subreddit that may not be named",
    "SUBREDDIT_OUTBOUND_LINKING_DISALLOWED": "that subreddit lets nobody name another",
    "THREAD_LOCKED": "the thread is locked",
    "TOO_LONG": "it is too long",
    "TOO_OLD": "the thread is archived",
    "USER_BLOCKED": "our account has blocked its author",
    "USER_MUTED": "our account is muted there",
}
_RATE = re.compile(r"(\d{1,6}) (millisecond|second|minute|hour|day)")
_SECONDS = {"millisecond": 0.001, "second": 1.0, "minute": 60.0, "hour": 3_600.0, "day": 86_400.0}
_NO_PRIVATE = "Reddit wants a person's consent before a private message, so Earnest sends none there"


class Reddit:
    """Speaks on Reddit as one account."""

    network = NETWORK

    def __init__(self, session: WritingSession) -> None:
        """Speak by a session that can write."""
        self._session = session
        self._looks = Looks(session)

    async def identify(self) -> Account:
        """Return the account that would speak.

        Raises:
            SignInNeeded, RateLimited, NetworkError
        """
        return await self._session.account()

    async def keyed(self, kind: Kind) -> bool:  # noqa: ARG002 - every network is asked the same way
        """Return False: Reddit publishes a comment as often as it is sent."""
        return False

    async def look(self, post: Post) -> Parent:
        """Read the post as it is now, whether it can be answered, and what our account has answered to it.

        Raises:
            SignInNeeded, NetworkError: it could not be read; then nothing may be sent.
        """
        return await self._looks.parent(post)

    async def send(self, delivery: Delivery, timeout: float, may_leave: MayLeave = always) -> SendResult:
        """Make one attempt, with one POST, within `timeout` seconds. Never raises for what a network does."""
        end = asyncio.get_running_loop().time() + timeout
        try:
            async with asyncio.timeout(timeout / 2):
                before = await self._before(delivery)
        except TimeoutError:
            return Unsent(f"nothing was sent, since {self._session.host} is too slow")
        except (NetworkError, SignInNeeded) as failure:
            return self._unsent(failure)
        if before is not None:
            return before
        fields = {"thing_id": delivery.parent.id, "text": markdown(delivery.text)}
        try:
            answer = await self._session.write("/api/comment", fields, end - asyncio.get_running_loop().time(), may_leave)
        except (NotConnected, RateLimited, SignInNeeded) as failure:
            return self._unsent(failure)
        except NetworkError as failure:
            return Unknown(failure.message)
        if answer.status == _FORBIDDEN:
            return await self._forbidden(answer, delivery.parent, end)
        no = self._said_no(answer)
        if isinstance(no, Refused) and _MUTED in no.reason:
            return replace(no, closes=place_of(delivery.parent))
        return no or _published(answer, delivery)

    async def find(self, delivery: Delivery) -> Sent | None:
        """Look for the delivery among our answers to the post and among our newest comments.

        Raises:
            SignInNeeded, NetworkError: the look failed, which says nothing.
        """
        return await self._looks.delivery(delivery)

    async def withdraw(self, delivery: Delivery, timeout: float) -> WithdrawResult:
        """Delete our comment, within `timeout` seconds. Never raises for what a network does."""
        end = asyncio.get_running_loop().time() + timeout
        if not is_id(delivery.remote_id):
            return Refused("it is not known which comment it is")
        try:
            async with asyncio.timeout(timeout / 2):
                there = await self._looks.thing(delivery.remote_id)
                us = await self.identify()
        except TimeoutError:
            return Unsent(f"nothing was done, since {self._session.host} is too slow")
        except (NetworkError, SignInNeeded) as failure:
            return self._unsent(failure)
        if there is None or there.gone:
            return Withdrawn()
        if delivery.account != us.id or not is_by(there, us):
            return Refused("it was not written by the account that is signed in")
        try:
            answer = await self._session.write("/api/del", {"id": delivery.remote_id}, end - asyncio.get_running_loop().time())
        except (NotConnected, RateLimited, SignInNeeded) as failure:
            return self._unsent(failure)
        except NetworkError as failure:
            return Unknown(failure.message)
        return self._said_no(answer) or _deleted(answer)

    async def close(self) -> None:
        """Let go of the thread and of connections."""
        await self._session.close()

    async def _before(self, delivery: Delivery) -> SendResult | None:
        """Say how it ends without a POST, or None where it may be sent."""
        if not is_id(delivery.parent.id):
            return Refused("the post's id is none of Reddit's")
        if delivery.kind is Kind.PRIVATE:
            return Refused(_NO_PRIVATE)
        if problem := LIMITS.problem(delivery.text):
            return Refused(problem)
        if delivery.account != (await self.identify()).id:
            return Refused("the sign-in is for another account than the one that was approved")
        return await self.find(delivery)  # an earlier attempt may have been published although its answer was lost

    def _unsent(self, failure: NetworkError | SignInNeeded) -> Unsent | Barred:
        """Say what a failure means that came before the POST."""
        if isinstance(failure, SignInNeeded):
            self._session.forget()
            return Barred(f"nothing was sent: {failure.message}", failure.hint)
        wait = failure.retry_after if isinstance(failure, RateLimited) else 0.0
        return Unsent(failure.message if failure.message.startswith("nothing was") else f"nothing was sent: {failure.message}", wait)

    def _said_no(self, answer: Answer) -> Refused | Unknown | Unsent | Barred | None:
        """Say what an answer to a POST means that tells of no success; None where it may be one."""
        host = self._session.host
        if answer.status == _TOO_MANY:
            return Unsent(f"{host} asks us to wait", retry_after(answer.headers, now()))
        if answer.status == _UNAUTHORIZED and isinstance(answer.body, Mapping):
            self._session.forget()
            return self._barred(said_by(answer))
        if not answer.ok:
            return Unknown(f"{host} answered {answer.status}: {said_by(answer)}")
        body = answer.body.get("json") if isinstance(answer.body, Mapping) else None
        errors = body.get("errors") if isinstance(body, Mapping) else None
        return self._errors(errors) if errors else None

    def _errors(self, errors: object) -> Refused | Unknown | Unsent | Barred:
        """Say what the errors inside a 200 mean."""
        told = [each for each in errors if isinstance(each, list) and each] if isinstance(errors, list) else []
        codes = [str(each[0]) for each in told]
        words = one_line("; ".join(str(part) for each in told for part in each[:2]), 200)
        if codes == ["RATELIMIT"]:
            return Unsent(f"Reddit says that our account comments too often ({words})", _wait(words))
        if codes == ["USER_REQUIRED"]:
            self._session.forget()
            return self._barred(words)
        if codes and all(code in _REFUSALS for code in codes):
            return Refused("Reddit did not take it: " + "; ".join(_REFUSALS[code] for code in codes))
        return Unknown(f"Reddit said something that may mean anything: {words}")

    def _barred(self, words: str) -> Barred:
        hint = f"Put new keys into the secret {_SECRET} ({secret_variable(_SECRET)})."
        return Barred(f"Reddit does not take our sign-in any more: {words}", hint)

    async def _forbidden(self, answer: Answer, parent: Post, end: float) -> SendResult:
        """Find out why our account may not comment. Reddit's own 403 comes before anything is stored; a proxy's page is none."""
        if not isinstance(answer.body, Mapping):
            return Unknown(f"{self._session.host} answered {answer.status}: {said_by(answer)}")
        if "insufficient_scope" in answer.headers.get("www-authenticate", ""):
            return self._barred("the refresh token lacks the scope submit")
        try:
            async with asyncio.timeout_at(end):
                await self._session.account(anew=True)
                banned = await self._looks.banned(parent)
        except SignInNeeded as suspended:
            return self._unsent(suspended)
        except (NetworkError, TimeoutError):
            banned = ""
        why = f"our account is banned from r/{banned}" if banned else f"our account may not comment there: {said_by(answer)}"
        return Refused(why, closes=banned.casefold() or place_of(parent))


def _wait(words: str) -> float:
    """Return how many seconds a RATELIMIT asks us to wait, between 1 and 900; a minute where it does not say."""
    found = _RATE.search(words)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else USUAL_WAIT
    return min(max(seconds, SHORTEST_WAIT), LONGEST_WAIT)


def _published(answer: Answer, delivery: Delivery) -> Sent | Unknown:
    """Read the comment out of an answer that tells of no error."""
    try:
        things = read(WireWritten, answer.body, "the answer").json_.data.things
    except NetworkError as failure:
        return Unknown(failure.message)
    if not things:  # in a quarantined subreddit the comment is there, and yet not told (praw 8.0.3, `reply`)
        return Unknown("Reddit took it without saying which comment it became")
    thing: WireThing = things[0].data
    if thing.parent_id != delivery.parent.id:
        return Unknown("Reddit answered with a comment that stands elsewhere")
    return Sent(thing.name, thing.address)


def _deleted(answer: Answer) -> Withdrawn | Unknown:
    """Read a 2xx answer to a deletion, which is an empty object."""
    return Withdrawn() if isinstance(answer.body, Mapping) else Unknown("Reddit's answer to the deletion made no sense")


def _limits(kind: Kind) -> TextLimits:
    if kind is Kind.PRIVATE:
        return TextLimits(LIMITS.limit, LIMITS.count, lambda _: _NO_PRIVATE)
    return LIMITS


def _address(text: str, post: Post, kind: Kind) -> str:  # noqa: ARG001 - every network is asked the same way
    return text


def _new_key() -> str:
    return str(uuid4())


def _make(options: Mapping[str, object], book: Rulebook) -> Reddit:
    return Reddit(open_session(WritingSession, Options.model_validate(dict(options)), book, _SECRET))


def _id_in(url: str, account: str) -> str:
    return f"t1_{last_part(url, account).removeprefix('t1_')}"  # the address of a comment ends with its id, without the type


KIND = ChannelKind(
    network=NETWORK,
    make=_make,
    limits=_limits,
    address=_address,  # Reddit tells the author by itself
    new_key=_new_key,
    private=False,
    secrets=(_SECRET,),
    pace=PACE,
    settle_after=120.0,  # a comment may take a minute to show in lists
    key_lifetime=0.0,
    id_in=_id_in,
    label_by_hand="Register the account with Reddit as an app, by the form in r/redditdev's announcement of the App label",
)
