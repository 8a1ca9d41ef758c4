"""Private messages on Bluesky: one conversation with one person, through Bluesky's chat service, where that person allows it.

Facts: the lexicons `chat.bsky.convo` and `chat.bsky.actor`, and how the server's own code passes on what is meant for another service
(`Atproto-Proxy`; an app password needs the right to direct messages, else the answer is 400 `InvalidToken`, "Bad token method"), all
read in the network's sources of August 2026. A person chooses who may write to them: everybody, whom they follow (unless they say
otherwise), or nobody. A message has no key of ours: what is sent twice stands there twice.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field

from listener.bluesky_session import Declined, code_of, is_barred_from, is_spent, said
from listener.clock import from_text, now
from listener.errors import NetworkError
from listener.http import Answer, retry_after
from listener.model import Account
from listener.shapes import Wire
from responders.channels._bluesky_session import WritingSession
from responders.channels._bluesky_text import facets_of_links
from responders.channels._bluesky_wire import read
from responders.channels.base import Refused, SendResult, Sent, Unknown, Unsent
from responders.model import Delivery

SERVICE = "did:web:api.bsky.chat#bsky_chat"
SEND = "chat.bsky.convo.sendMessage"

_PAGE_SIZE = 100
_MOST_PAGES = 10
_CLOCKS_APART = timedelta(hours=4)  # how far the service's clock may be from ours
_TOO_MANY, _SERVERS_FAULT = 429, 500
_IN_ALL = 2  # people in a conversation
_PUBLIC_INSTEAD = "Answer them in public"
_CLOSED: Mapping[str, str] = {
    "MessagesDisabled": f"they take private messages from nobody. {_PUBLIC_INSTEAD}",
    "NotFollowedBySender": f"they take private messages only from people they follow, and do not follow us. {_PUBLIC_INSTEAD}",
    "BlockedActor": "they have blocked us, or we them",
    "BlockedSubject": "they have blocked us, or we them",
    "RecipientNotFound": "their account is gone",
    "AccountSuspended": "Bluesky does not let our account write private messages at present",
    "InvalidConvo": "the conversation with them is gone",
    "ConvoLocked": "the conversation with them is closed",
}
NO_RIGHT = (
    "our app password may not write private messages: make one with the right to direct messages at https://bsky.app/settings/app-passwords"
)


def _moment(value: object) -> datetime:
    if not isinstance(value, str):
        message = "is no moment"
        raise ValueError(message)  # noqa: TRY004 - pydantic turns a ValueError into a finding, a TypeError not
    try:
        return from_text(value)
    except OverflowError:
        message = "is no moment"
        raise ValueError(message) from None


class _Person(Wire):
    did: str


class _Convo(Wire):
    id: Annotated[str, Field(min_length=1)]
    members: list[_Person]


class _Found(Wire):
    convo: _Convo


class _Availability(Wire):
    convo: _Convo | None = None


class _Message(Wire):
    """A message, also one that was deleted (it has no text then)."""

    id: Annotated[str, Field(min_length=1)]
    sent_at: Annotated[datetime, BeforeValidator(_moment), Field(alias="sentAt")]
    text: str = ""
    sender: _Person | None = None  # what the service itself says in a conversation has none


class _Messages(Wire):
    messages: list[_Message]
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that is ready to leave: the account that writes, the conversation, and the body of the write."""

    account: Account
    convo: str
    body: Mapping[str, object]


class Chat:
    """Our private conversations, through one session."""

    def __init__(self, session: WritingSession) -> None:
        """Speak through `session`."""
        self._session = session

    async def letter(self, delivery: Delivery) -> Letter | Refused:
        """Open the conversation with the author of the post, which nobody but us sees before something is said in it.

        Raises:
            SignInNeeded, RateLimited, NetworkError: nothing was sent.
        """
        account, person = await self._session.account(), delivery.parent.author.id
        try:
            body = await self._session.ask("chat.bsky.convo.getConvoForMembers", [("members", person)], via=SERVICE)
        except Declined as no:
            if no.status >= _SERVERS_FAULT:
                raise
            return Refused(_why_closed(no))
        convo = read(_Found, body, "conversation").convo
        if not _is_between(convo, account.id, person):
            return Refused("Bluesky opened another conversation than the one with the author of the post")
        message: dict[str, object] = {"text": delivery.text}
        if facets := facets_of_links(delivery.text):
            message["facets"] = facets
        return Letter(account, convo.id, {"convoId": convo.id, "message": message})

    async def find(self, delivery: Delivery) -> Sent | None:
        """Look for the message among ours in that conversation, from the newest to shortly before it was made.

        Raises:
            SignInNeeded, NetworkError: the look failed, which says nothing.
        """
        account, person = await self._session.account(), delivery.parent.author.id
        body = await self._session.ask("chat.bsky.convo.getConvoAvailability", [("members", person)], via=SERVICE)
        convo = read(_Availability, body, "conversation").convo
        if convo is None:
            return None
        since = min(delivery.created_at, delivery.first_attempt_at or delivery.created_at) - _CLOCKS_APART
        async with aclosing(self._all(convo.id)) as messages:
            async for message in messages:
                if message.sent_at < since:
                    return None
                if message.sender and message.sender.did == account.id and message.text == delivery.text:
                    return Sent(message.id, address(convo.id))
        return None

    async def _all(self, convo: str) -> AsyncGenerator[_Message]:
        params = {"convoId": convo, "limit": str(_PAGE_SIZE)}
        for _ in range(_MOST_PAGES):
            page = read(_Messages, await self._session.ask("chat.bsky.convo.getMessages", params, via=SERVICE), "list of messages")
            for message in page.messages:
                yield message
            if not page.cursor or not page.messages:
                return
            params["cursor"] = page.cursor
        failure = f"we have exchanged more than {_MOST_PAGES * _PAGE_SIZE} messages, and did not look further back"
        raise NetworkError(failure, "Look at the conversation and decide.")


def address(convo: str) -> str:
    """Return the address of a conversation that its two people can open."""
    return f"https://bsky.app/messages/{convo}"


def outcome(answer: Answer, letter: Letter, delivery: Delivery) -> SendResult:
    """Say what the answer to the write means. What another service refuses is no reason to let the account rest."""
    if not answer.ok:
        return _no(answer)
    try:
        message = read(_Message, answer.body, "message")
    except NetworkError:
        return Unknown("Bluesky's answer does not name the message")
    ours = message.sender is not None and message.sender.did == letter.account.id and message.text == delivery.text
    return Sent(message.id, address(letter.convo)) if ours else Unknown("Bluesky's answer names another message")


def _no(answer: Answer) -> Refused | Unsent | Unknown:
    if is_barred_from(answer):
        return Refused(NO_RIGHT)
    if answer.status == _TOO_MANY:
        return Unsent("Bluesky asks us to wait", retry_after(answer.headers, now()))
    if is_spent(answer):
        return Unsent("the sign-in ran out just before the write")
    if answer.status < _SERVERS_FAULT and (why := _CLOSED.get(code_of(answer))):
        return Refused(why)
    return Unknown(f"Bluesky answered {answer.status}: {said(answer)}")


def _why_closed(no: Declined) -> str:
    if no.barred:
        return NO_RIGHT
    return _CLOSED.get(no.code) or f"Bluesky opens no conversation with them: {no.message}"


def _is_between(convo: _Convo, *people: str) -> bool:
    return len(convo.members) == _IN_ALL and {member.did for member in convo.members} == set(people)
