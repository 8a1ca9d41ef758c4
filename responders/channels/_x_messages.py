"""Private messages on X, read: whether somebody wrote to us first, and whether ours is there.

X keeps them for 30 days (docs.x.com, direct messages lookup, August 2026).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta

from pydantic import Field, TypeAdapter

from listener.errors import NetworkError
from listener.http import Answer
from listener.model import Account
from listener.shapes import Moment, Wire
from listener.x_client import ReadingClient
from listener.x_wire import FORBIDDEN, Id, WireEntities, WireToken, check, closed, read, said_by
from responders.channels._x_text import essence
from responders.channels._x_verdicts import message_url
from responders.channels.base import Sent
from responders.model import Delivery

_PAGE_SIZE = 100
_MOST_PAGES = 10
_CLOCKS_APART = timedelta(hours=4)  # how far X's clock may be from ours
_FIELDS = ("created_at", "dm_conversation_id", "entities", "event_type", "id", "text")


class _Message(Wire):
    """A private message."""

    id: Id
    sender_id: Id
    created_at: Moment
    text: str = ""
    entities: WireEntities = WireEntities()
    dm_conversation_id: str = ""


class _Messages(Wire):
    data: tuple[_Message, ...] = Field(default=(), strict=False)
    meta: WireToken = WireToken()


_messages = TypeAdapter(_Messages)


class Messages:
    """Our private messages, read by one client."""

    def __init__(self, client: ReadingClient) -> None:
        """Read by `client`, with the keys it has."""
        self._client = client

    async def why_not(self, person: str) -> str:
        """Say why X does not let us write to a person, or "": only who has written to us may be written to.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """
        answer = await self._page(person, None)
        if answer.status == FORBIDDEN and closed(answer, self._client.secret) is None:
            return f"X does not let us read messages, so nobody can tell whether they wrote to us first: {said_by(answer)}"
        async with aclosing(self._all(person, answer)) as messages:
            async for message in messages:
                if message.sender_id == person:
                    return ""
        return "they have not written us a private message in the last 30 days, and X lets nobody write first. Answer them in public"

    async def find(self, delivery: Delivery, us: Account) -> Sent | None:
        """Look for a delivery among what we have written to its person since shortly before it was made.

        Raises:
            SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
        """
        person = delivery.parent.author.id
        since = min(delivery.created_at, delivery.first_attempt_at or delivery.created_at) - _CLOCKS_APART
        async with aclosing(self._all(person, await self._page(person, None))) as messages:
            async for message in messages:
                if message.created_at < since:
                    return None
                if message.sender_id == us.id and essence(message.text, message.entities.links) == essence(delivery.text):
                    return Sent(message.id, message_url(message.dm_conversation_id))
        return None

    async def _page(self, person: str, token: str | None) -> Answer:
        answer: Answer = await self._client.get_direct_message_events(
            participant_id=person,
            event_types="MessageCreate",
            dm_event_fields=list(_FIELDS),
            expansions=["sender_id"],
            max_results=_PAGE_SIZE,
            pagination_token=token,
            user_auth=False,
        )
        return answer

    async def _all(self, person: str, answer: Answer) -> AsyncGenerator[_Message]:
        """Read our messages with a person, beginning with the page given, the newest first. X keeps them for 30 days."""
        for _ in range(_MOST_PAGES):
            found = read(_messages, check(answer, self._client.secret).body, "our private messages")
            for message in found.data:
                yield message
            if not found.meta.next_token:
                return
            answer = await self._page(person, found.meta.next_token)
        failure = f"we have exchanged more than {_MOST_PAGES * _PAGE_SIZE} messages, and did not look further back"
        raise NetworkError(failure, "Look at the conversation and decide.")
