"""A small honest Bluesky server on loopback: the few calls that Earnest makes, strict about sign-in and records.

    async with Pds() as pds:
        brand, alice = pds.account("brand.test"), pds.account("alice.test")
        post = pds.post(alice, "@brand.test hello")

Answers and refusals are shaped after what Bluesky's own code answers (PDS 0.5.35 and AppView 0.0.280, November 2026);
tests/real/bluesky asks the real code the same questions. `ledger` holds every request in order; `answer_next` puts one answer in
place of the honest one. `tokens` holds what was given out at sign-ins; their time is the server's own `clock`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from aiohttp import web

from tests.servers.pds_chat import ChatRefusal, ChatService
from tests.servers.pds_people import Person, notes_for, profile_of, uri_of
from tests.servers.pds_records import POSTS, PROFILES, TID, Ref, cid_of, stamp, wrong_record, wrong_swap
from tests.servers.pds_search import found_posts
from tests.servers.pds_tokens import ACCESS, REFRESH, Tokens

_MENTION = re.compile(r"(?<![^\s(])@([\w-]+(?:\.[\w-]+)+)")


@dataclass(frozen=True)
class Asked:
    method: str
    nsid: str
    what: Mapping[str, Any]
    status: int


class _Refusal(Exception):
    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.answer = web.json_response({"error": error, "message": message}, status=status)


def _need(given: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if name not in given:
            raise _Refusal(400, "InvalidRequest", f'Missing required key "{name}" at $')


class Pds:
    """The server. `page` is how many notifications it gives at most, whatever is asked for."""

    def __init__(self, *, page: int = 100, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.page = page
        self.tokens = Tokens(clock)
        self.chat = ChatService()
        self.ledger: list[Asked] = []
        self.people: dict[str, Person] = {}
        self.blocks: set[tuple[str, str]] = set()
        self.gated: set[str] = set()
        self._indexed: dict[str, datetime] = {}
        self._instead: dict[str, list[tuple[web.Response, bool]]] = {}
        self._made = 0
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/xrpc/{nsid}", self._serve)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner:
            await self._runner.cleanup()

    # ---- what happens on the network

    def account(self, handle: str) -> Person:
        letters = base64.b32encode(hashlib.sha256(handle.encode()).digest()).decode().lower()[:24]
        person = Person(f"did:plc:{letters}", handle, f"password-of-{handle}")
        self.people[person.did] = person
        return person

    def post(self, author: Person, text: str, *, reply_to: Ref | None = None, at: str | None = None, **more: object) -> Ref:
        """Publish as `author`; handles that exist become mentions. `at` is what the author's device claims to be the time."""
        record: dict[str, Any] = {"$type": POSTS, "text": text, "createdAt": at or stamp(datetime.now(UTC)), **more}
        if facets := [self._facet(text, found) for found in _MENTION.finditer(text) if self._by_name(found[1])]:
            record.setdefault("facets", facets)
        if reply_to:
            above = self._record(reply_to.uri)[1].get("reply")
            record["reply"] = {"root": above["root"] if above else reply_to._asdict(), "parent": reply_to._asdict()}
        return self._store(author, self._tid(), record)

    def edit(self, author: Person, ref: Ref, text: str) -> Ref:
        return self._store(author, ref.rkey, self._record(ref.uri)[1] | {"text": text})

    def delete(self, author: Person, ref: Ref) -> None:
        del author.records[ref.rkey]

    def expire_tokens(self) -> None:
        """Make every access token too old; what renews them stays good."""
        for token in self.tokens.of_kind(ACCESS):
            token.expired = True

    def revoke_sessions(self) -> None:
        for kind in (ACCESS, REFRESH):
            for token in self.tokens.of_kind(kind):
                token.expired = True

    def answer_next(
        self, nsid: str, status: int, body: object = "", headers: Mapping[str, str] | None = None, *, carried_out: bool = False
    ) -> None:
        """Give this answer, once, to the next request for `nsid`, after carrying it out or not. A text is sent as it is."""
        text = body if isinstance(body, str) else json.dumps(body)
        self._instead.setdefault(nsid, []).append((web.Response(status=status, text=text, headers=headers), carried_out))

    def written(self) -> list[Asked]:
        """Every attempt to write a record, whatever came of it."""
        return self.asked("com.atproto.repo.putRecord")

    def asked(self, *nsids: str) -> list[Asked]:
        """Every request for one of these, in order."""
        return [asked for asked in self.ledger if asked.nsid in nsids]

    def replies_to(self, ref: Ref) -> list[dict[str, Any]]:
        found = (record for person in self.people.values() for _, record in person.records.values())
        return [record for record in found if record.get("reply", {}).get("parent", {}).get("uri") == ref.uri]

    # ---- how it answers

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        nsid = request.match_info["nsid"]
        asked: dict[str, Any] = dict(request.query)
        if request.method == "POST" and request.can_read_body:
            asked = await request.json()
        answer = self._answer(request, nsid, asked)
        self.ledger.append(Asked(request.method, nsid, asked, answer.status))
        return answer

    def _answer(self, request: web.Request, nsid: str, asked: dict[str, Any]) -> web.Response:
        instead, carried_out = self._instead[nsid].pop(0) if self._instead.get(nsid) else (None, True)
        honest = self._honest(request, nsid, asked) if carried_out else None
        return instead or honest or web.Response(status=500)

    def _honest(self, request: web.Request, nsid: str, asked: dict[str, Any]) -> web.Response:
        if nsid.startswith("chat.bsky."):
            return self._pass_on(request, nsid, asked)
        method, handler = self._handlers().get(nsid, ("", None))
        if handler is None or method != request.method:
            return web.json_response({"error": "MethodNotImplemented", "message": "Method Not Implemented"}, status=501)
        try:
            return web.json_response(handler(request, asked))
        except _Refusal as refusal:
            return refusal.answer

    def _pass_on(self, request: web.Request, nsid: str, asked: dict[str, Any]) -> web.Response:
        try:
            person = self._signed_in(request)
            return web.json_response(self.chat.answer(nsid, person.did, request.headers.get("Atproto-Proxy", ""), asked))
        except _Refusal as refusal:
            return refusal.answer
        except ChatRefusal as refusal:
            return web.json_response({"error": refusal.error, "message": refusal.message}, status=refusal.status)

    def _handlers(self) -> dict[str, tuple[str, Callable[[web.Request, dict[str, Any]], dict[str, Any]]]]:
        return {
            "com.atproto.server.createSession": ("POST", self._create_session),
            "com.atproto.server.refreshSession": ("POST", self._refresh_session),
            "com.atproto.identity.resolveHandle": ("GET", self._resolve_handle),
            "com.atproto.repo.putRecord": ("POST", self._put_record),
            "com.atproto.repo.deleteRecord": ("POST", self._delete_record),
            "com.atproto.repo.getRecord": ("GET", self._get_record),
            "com.atproto.repo.listRecords": ("GET", self._list_records),
            "app.bsky.notification.listNotifications": ("GET", self._list_notifications),
            "app.bsky.actor.getProfiles": ("GET", self._get_profiles),
            "app.bsky.feed.getPosts": ("GET", self._get_posts),
            "app.bsky.feed.searchPosts": ("GET", self._search_posts),
            "app.bsky.feed.getPostThread": ("GET", self._get_thread),
        }

    def _signed_in(self, request: web.Request, kind: str = ACCESS) -> Person:
        header = request.headers.get("Authorization")
        if header is None:
            raise _Refusal(401, "AuthMissing", "Authentication Required")
        token = self.tokens.find(header.removeprefix("Bearer "), kind)
        if token is None:
            raise _Refusal(400, "InvalidToken", "Token could not be verified")
        if self.tokens.is_over(token):
            raise _Refusal(400, "ExpiredToken", "Token has expired" if kind == ACCESS else "Token has been revoked")
        return self.people[token.did]

    def _open(self, person: Person) -> None:
        if person.closed:
            down = person.closed == "takendown"
            words = "Account has been taken down" if down else "Account is deactivated"
            raise _Refusal(401, "AccountTakedown" if down else "AccountDeactivated", words)

    def _session(self, person: Person) -> dict[str, Any]:
        access, refresh = self.tokens.pair(person.did)
        status = {"active": False, "status": person.closed} if person.closed else {"active": True}
        return {"accessJwt": access, "refreshJwt": refresh, "did": person.did, "handle": person.handle, **status}

    def _create_session(self, _: web.Request, asked: dict[str, Any]) -> dict[str, Any]:
        _need(asked, "identifier", "password")
        person = self._by_name(asked["identifier"])
        # Whose account is taken down cannot sign in with an app password at all.
        if person is None or person.password != asked["password"] or person.closed == "takendown":
            raise _Refusal(401, "AuthenticationRequired", "Invalid identifier or password")
        return self._session(person)

    def _refresh_session(self, request: web.Request, _: dict[str, Any]) -> dict[str, Any]:
        person = self._signed_in(request, REFRESH)
        if person.closed == "takendown":
            self._open(person)
        return self._session(person)

    def _resolve_handle(self, _: web.Request, asked: dict[str, Any]) -> dict[str, Any]:
        person = self._by_name(asked["handle"])
        if person is None:
            raise _Refusal(400, "HandleNotFound", "Unable to resolve handle")
        return {"did": person.did}

    def _put_record(self, request: web.Request, asked: dict[str, Any]) -> dict[str, Any]:
        person = self._signed_in(request)
        _need(asked, "repo", "collection", "rkey", "record")
        if asked["repo"] != person.did:
            raise _Refusal(401, "AuthenticationRequired", "Authentication Required")
        self._open(person)
        if asked["collection"] == PROFILES:
            if wrong := wrong_swap(person.profile, asked):
                raise _Refusal(400, "InvalidSwap", wrong)
            person.profile = asked["record"]
            return {"uri": f"at://{person.did}/{PROFILES}/self", "cid": cid_of(person.profile), "validationStatus": "valid"}
        if not TID.fullmatch(asked["rkey"]):
            raise _Refusal(400, "InvalidRequest", f'Invalid record key for {POSTS}: Invalid TID string (got "{asked["rkey"]}") at $')
        if wrong := wrong_record(asked["record"]):
            raise _Refusal(400, "InvalidRequest", f"Invalid {POSTS} record: {wrong}")
        present = person.records.get(asked["rkey"])
        if present and present[0] != cid_of(asked["record"]) and asked.get("swapRecord", "any") is None:
            raise _Refusal(400, "InvalidSwap", f"Record was at {present[0]}")
        return {**self._store(person, asked["rkey"], asked["record"])._asdict(), "validationStatus": "valid"}

    def _delete_record(self, request: web.Request, asked: dict[str, Any]) -> dict[str, Any]:
        person = self._signed_in(request)
        _need(asked, "repo", "collection", "rkey")
        if asked["repo"] != person.did:
            raise _Refusal(401, "AuthenticationRequired", "Authentication Required")
        self._open(person)
        gone = person.records.pop(asked["rkey"], None)
        return {"commit": {"cid": gone[0], "rev": self._tid()}} if gone else {}

    def _get_record(self, _: web.Request, asked: dict[str, Any]) -> dict[str, Any]:
        _need(asked, "repo", "collection", "rkey")
        uri = f"at://{asked['repo']}/{asked['collection']}/{asked['rkey']}"
        person = self.people[asked["repo"]]
        found = person.records.get(asked["rkey"])
        if asked["collection"] == PROFILES:
            found = (cid_of(person.profile), person.profile) if person.profile else None
        if found is None:
            raise _Refusal(400, "RecordNotFound", f"Could not locate record: {uri}")
        return {"uri": uri, "cid": found[0], "value": found[1]}

    def _list_records(self, _: web.Request, asked: dict[str, Any]) -> dict[str, Any]:
        person = self.people[asked["repo"]]
        keys = sorted((key for key in person.records if key < asked.get("cursor", "~")), reverse=True)[: int(asked["limit"])]
        records = [{"uri": uri_of(person, key), "cid": person.records[key][0], "value": person.records[key][1]} for key in keys]
        return {"records": records, **({"cursor": keys[-1]} if keys else {})}

    def _list_notifications(self, request: web.Request, asked: dict[str, Any]) -> dict[str, Any]:
        person = self._signed_in(request)
        limit = int(asked.get("limit", 50))
        if not 1 <= limit <= 100:
            raise _Refusal(400, "InvalidRequest", f"integer too big (maximum 100, got {limit})")
        reasons = request.query.getall("reasons", [])
        before = asked.get("cursor", "~")
        if person.followed_only and asked.get("priority") != "false":
            return {"notifications": [], "priority": True}
        others = (one for one in self.people.values() if one is not person and (one.did, person.did) not in self.blocks)
        notes = notes_for(person, others, self._indexed)
        found = [note for note in notes if note["indexedAt"] < before and (not reasons or note["reason"] in reasons)]
        page = found[: min(limit, self.page)]
        return {"notifications": page, "priority": False, **({"cursor": page[-1]["indexedAt"]} if page else {})}

    def _get_profiles(self, request: web.Request, _: dict[str, Any]) -> dict[str, Any]:
        self._signed_in(request)
        actors = request.query.getall("actors")
        if len(actors) > 25:
            raise _Refusal(400, "InvalidRequest", "array too big (maximum 25)")
        people = [self.people[did] for did in actors if did in self.people]
        return {"profiles": [{**profile_of(person), "followersCount": person.followers} for person in people]}

    def _search_posts(self, request: web.Request, asked: dict[str, Any]) -> dict[str, Any]:
        self._signed_in(request)
        _need(asked, "q")
        return found_posts(self.people.values(), self._indexed, asked, self.page)

    def _get_posts(self, request: web.Request, _: dict[str, Any]) -> dict[str, Any]:
        viewer = self._signed_in(request) if "Authorization" in request.headers else None
        posts = []
        for uri in request.query.getall("uris"):
            author = self.people.get(uri.split("/")[2])
            found = author.records.get(uri.rpartition("/")[2]) if author else None
            if author and found and not (viewer and (author.did, viewer.did) in self.blocks):
                seen = {"threadMuted": False, **({"replyDisabled": True} if uri in self.gated else {})}
                posts.append(
                    {
                        "uri": uri,
                        "cid": found[0],
                        "author": profile_of(author),
                        "record": found[1],
                        "viewer": seen,
                        "indexedAt": stamp(self._indexed[uri]),
                    }
                )
        return {"posts": posts}

    def _get_thread(self, request: web.Request, asked: dict[str, Any]) -> dict[str, Any]:
        self._signed_in(request)
        answers: list[dict[str, Any]] = [
            {"post": {"uri": uri_of(author, rkey), "author": profile_of(author), "record": record}}
            for author in self.people.values()
            for rkey, (_, record) in author.records.items()
            if record.get("reply", {}).get("parent", {}).get("uri") == asked["uri"]
        ]
        return {"thread": {"post": {"uri": asked["uri"]}, "replies": [*answers, {"uri": "at://gone", "notFound": True}]}}

    # ---- what it knows

    def _tid(self) -> str:
        self._made = max(self._made + 1, int(datetime.now(UTC).timestamp() * 1_000_000))
        digits = (self._made << 10 >> 5 * place & 31 for place in reversed(range(13)))
        return "".join("234567abcdefghijklmnopqrstuvwxyz"[digit] for digit in digits)

    def _by_name(self, name: str) -> Person | None:
        return next((person for person in self.people.values() if name in {person.handle, person.did}), None)

    def _facet(self, text: str, found: re.Match[str]) -> dict[str, Any]:
        index = {"byteStart": len(text[: found.start()].encode()), "byteEnd": len(text[: found.end()].encode())}
        person = self._by_name(found[1])
        return {"index": index, "features": [{"$type": "app.bsky.richtext.facet#mention", "did": person.did if person else ""}]}

    def _store(self, author: Person, rkey: str, record: dict[str, Any]) -> Ref:
        ref = Ref(uri_of(author, rkey), cid_of(record))
        author.records[rkey] = (ref.cid, record)
        self._indexed.setdefault(ref.uri, datetime.now(UTC))
        return ref

    def _record(self, uri: str) -> tuple[str, dict[str, Any]]:
        return self.people[uri.split("/")[2]].records[uri.rpartition("/")[2]]
