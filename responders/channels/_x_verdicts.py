"""What X's answer to a write means: published, surely not, or nobody can tell.

A "no" counts only where X's status and its own words are known to mean that nothing was published; these words were collected from the
API's users (the duplicate in February 2026, the reply rule in May 2026). Everything else is doubt.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from listener.http import Answer
from listener.shapes import Wire
from listener.x_wire import (
    BAD_REQUEST,
    FORBIDDEN,
    GONE_KINDS,
    NETWORK,
    NOT_FOUND,
    TOO_MANY,
    Id,
    WireProblem,
    closed,
    problem_of,
    said_by,
    url_of,
    wait_for,
)
from responders.channels.base import Barred, Refused, SendResult, Sent, Unknown, Unsent, Withdrawn, WithdrawResult
from responders.model import Delivery, Kind
from responders.policies import Outcome, Standing, gates

_DUPLICATE = "duplicate content"
_NOT_SUMMONED = "not been mentioned or otherwise engaged"
_NOT_FOR_US = (
    "restricted who can reply",
    "deleted or not visible to you",
    "not authorized to see",
    "protected",
    "blocked",
    "permission to dm",
    "cannot send messages to this user",
    "not following you",
)


class _Made(Wire):
    id: Id


class _Published(Wire):
    data: _Made


class _MessageMade(Wire):
    dm_event_id: Id
    dm_conversation_id: str


class _MessageSent(Wire):
    data: _MessageMade


class _Deleted(Wire):
    deleted: bool = False


class _Taken(Wire):
    data: _Deleted = _Deleted()
    errors: tuple[WireProblem, ...] = ()


_published = TypeAdapter(_Published)
_message = TypeAdapter(_MessageSent)
_taken = TypeAdapter(_Taken)


def message_url(conversation: str) -> str:
    """Return the address of a private conversation."""
    return f"https://x.com/messages/{quote(conversation, safe='')}"


def published(answer: Answer, delivery: Delivery, handle: str, secret: str) -> SendResult:
    """Say what an answer to the POST means. `handle` is our own; `secret` the name of the one that holds the keys."""
    if answer.ok:
        return _sent(answer, delivery, handle)
    return _no(answer, secret, lambda said: _meant(said, delivery))


def withdrawn(answer: Answer, secret: str) -> WithdrawResult:
    """Say what an answer to the DELETE means. What is gone already counts as withdrawn."""
    if answer.ok:
        try:
            taken = _taken.validate_python(answer.body, strict=False)
        except ValidationError:
            return Unknown("X's answer does not say whether it was deleted")
        gone = any(problem.kind in GONE_KINDS for problem in taken.errors)
        return Withdrawn() if taken.data.deleted or gone else Unknown("X says that it was not deleted, and not why")
    if answer.status == NOT_FOUND and problem_of(answer).kind in GONE_KINDS:
        return Withdrawn()
    return _no(answer, secret, lambda said: Refused(f"X does not let us delete it: {said}"))


def _sent(answer: Answer, delivery: Delivery, handle: str) -> SendResult:
    try:
        if delivery.kind is Kind.PRIVATE:
            message = _message.validate_python(answer.body).data
            return Sent(message.dm_event_id, message_url(message.dm_conversation_id))
        made = _published.validate_python(answer.body).data
    except ValidationError:
        return Unknown("X's answer does not name what it published")
    return Sent(made.id, url_of(handle, made.id))


def _no(answer: Answer, secret: str, forbidden: Callable[[str], Refused | Unknown]) -> Refused | Unknown | Unsent | Barred:
    if shut := closed(answer, secret):
        return Barred(shut.message, shut.hint)
    said = said_by(answer)
    if answer.status == TOO_MANY:
        return Unsent("X asks us to wait", wait_for(answer))
    if answer.status == FORBIDDEN and said:
        return forbidden(said)
    if answer.status == BAD_REQUEST and problem_of(answer).kind == "invalid-request":
        return Refused(f"X did not take it: {said}")
    return Unknown(f"X answered {answer.status}: {said}" if said else f"X answered {answer.status}")


def _meant(said: str, delivery: Delivery) -> Refused | Unknown:
    """Tell X's reasons for a 403 apart."""
    words, parent = said.lower(), delivery.parent
    if _DUPLICATE in words:
        return Unknown("X says that these words stand there already: the answer is probably live. Look before anybody posts it again")
    if _NOT_SUMMONED in words:
        why = "; ".join(gate.reason for gate in gates(NETWORK, Standing(called=False)) if gate.outcome is Outcome.BY_HAND)
        return Refused(f"X says that the author did not call us. {why}: {url_of(parent.author.handle, parent.id)}")
    if any(known in words for known in _NOT_FOR_US):
        return Refused(f"X did not take it, because of who wrote the post or who may answer it: {said}")
    return Unknown(f"X answered 403: {said}")
