"""The chat service behind a Bluesky server, as far as Earnest asks it: who takes messages from whom, conversations, and what was said.

There is no such service to be had for a test (Bluesky's is not published), so this follows its lexicons (`chat.bsky.convo`, August 2026)
and passes on nothing that the server in front would keep: a password without the right to direct messages, a missing `Atproto-Proxy`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import regex

from tests.servers.pds_records import stamp

SERVICE = "did:web:api.bsky.chat#bsky_chat"
PAGE = 50


class ChatRefusal(Exception):
    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status, self.error, self.message = status, error, message


@dataclass
class Message:
    id: str
    sender: str
    text: str
    sent_at: str
    facets: list[dict[str, Any]] = field(default_factory=list)

    def view(self) -> dict[str, Any]:
        return {
            "$type": "chat.bsky.convo.defs#messageView",
            "id": self.id,
            "rev": self.id,
            "text": self.text,
            "facets": self.facets,
            "sender": {"did": self.sender},
            "sentAt": self.sent_at,
        }


@dataclass
class Convo:
    id: str
    members: tuple[str, str]
    messages: list[Message] = field(default_factory=list)
    locked: bool = False

    def view(self) -> dict[str, Any]:
        members = [{"did": did, "handle": "somebody.test"} for did in self.members]
        return {"id": self.id, "rev": "1", "members": members, "muted": False, "unreadCount": 0, "status": "accepted"}


class ChatService:
    """`closed` says why a person takes no messages (the lexicon's own word); whoever is not in it takes them from everybody."""

    def __init__(self) -> None:
        self.convos: list[Convo] = []
        self.closed: dict[str, str] = {}
        self.unprivileged: set[str] = set()
        self._made = 0

    def between(self, one: str, other: str) -> Convo | None:
        return next((convo for convo in self.convos if set(convo.members) == {one, other}), None)

    def open(self, one: str, other: str) -> Convo:
        found = self.between(one, other)
        if found is None:
            found = Convo(f"convo{len(self.convos)}", (one, other))
            self.convos.append(found)
        return found

    def say(self, sender: str, other: str, text: str, *, at: datetime | None = None) -> Message:
        return self._store(self.open(sender, other), sender, {"text": text}, at or datetime.now(UTC))

    def said_by(self, did: str) -> list[Message]:
        return [message for convo in self.convos for message in convo.messages if message.sender == did]

    def answer(self, nsid: str, did: str, proxied_to: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Answer as the server in front does: it checks who asks, and passes on to the service that the request names."""
        if proxied_to != SERVICE:
            raise ChatRefusal(404, "XRPCNotSupported", "XRPCNotSupported")
        if did in self.unprivileged:
            raise ChatRefusal(400, "InvalidToken", "Bad token method")
        handlers: dict[str, Callable[[str, Mapping[str, Any]], dict[str, Any]]] = {
            "getConvoAvailability": self._availability,
            "getConvoForMembers": self._for_members,
            "getMessages": self._messages,
            "sendMessage": self._send,
        }
        return handlers[nsid.rpartition(".")[2]](did, asked)

    def _availability(self, did: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        convo = self.between(did, asked["members"])
        return {"canChat": asked["members"] not in self.closed, **({"convo": convo.view()} if convo else {})}

    def _for_members(self, did: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        if why := self.closed.get(asked["members"]):
            raise ChatRefusal(400, why, "recipient does not take this message")
        return {"convo": self.open(did, asked["members"]).view()}

    def _own(self, did: str, convo_id: object) -> Convo:
        found = next((convo for convo in self.convos if convo.id == convo_id and did in convo.members), None)
        if found is None:
            raise ChatRefusal(400, "InvalidConvo", "Convo not found")
        return found

    def _messages(self, did: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        convo = self._own(did, asked["convoId"])
        newest = sorted(convo.messages, key=lambda message: (message.sent_at, message.id), reverse=True)
        first = int(asked.get("cursor", 0))
        page = newest[first : first + min(int(asked["limit"]), PAGE)]
        more = {"cursor": str(first + len(page))} if first + len(page) < len(newest) else {}
        joined = {"$type": "chat.bsky.convo.defs#systemMessageView", "id": "s", "rev": "s", "sentAt": stamp(datetime.now(UTC)), "data": {}}
        return {"messages": [joined, *(message.view() for message in page)], **more}

    def _send(self, did: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        convo, message = self._own(did, asked["convoId"]), asked["message"]
        if convo.locked:
            raise ChatRefusal(400, "ConvoLocked", "Convo is locked")
        other = next(one for one in convo.members if one != did)
        if why := self.closed.get(other):
            raise ChatRefusal(400, why, "recipient does not take this message")
        text = message["text"]
        if set(message) - {"text", "facets"} or len(text.encode()) > 10_000 or len(regex.findall(r"\X", text)) > 1_000:
            raise ChatRefusal(400, "InvalidRequest", f"Input/message is wrong: {json.dumps(sorted(message))}")
        return self._store(convo, did, message, datetime.now(UTC)).view()

    def _store(self, convo: Convo, sender: str, message: Mapping[str, Any], at: datetime) -> Message:
        self._made += 1
        stored = Message(f"m{self._made:04}", sender, message["text"], stamp(at), list(message.get("facets", [])))
        convo.messages.append(stored)
        return stored
