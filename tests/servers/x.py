"""X on loopback, as far as Earnest asks it: posts, replies, mentions, search, own timelines, private messages, and X's ways to say no.

It knows X's own rules: parameters it does not know are refused, words that stand there already are refused, a program's reply is
taken only where the author called the account, a reply begins with the handle it answers, addresses are shortened, an edit makes a
new id. `ledger` is everything that was ever published, in order. Its knobs are the fields of `FakeX`.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any, ClassVar, Self

from aiohttp import web

from tests.servers.search_words import Unknown, on_x
from tests.servers.x_forms import Forms, Refusal, Witness, links_of, missing, problem, verify_signature
from tests.servers.x_streams import RULES, STREAM, Streams

BRAND, MARTA, TOM = "1000000000000000001", "1000000000000000002", "1000000000000000003"
HANDLES = {BRAND: "acme", MARTA: "marta", TOM: "tom"}
TOKEN, APP_TOKEN = "user-token-of-acme", "app-token"
KEYS = ("consumer", "consumer-secret", "access", "access-secret")

_FIRST_ID = 1_990_000_000_000_000_000
_SHORT = re.compile(r"https?://\S*[^\s.,;:!?)]")


@dataclass
class Said:
    """A post as X keeps it."""

    id: str
    author: str
    text: str
    at: datetime
    reply_to: str | None = None
    quotes: str | None = None
    conversation: str = ""
    history: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    gone: bool = False
    late: bool = False


@dataclass
class Message:
    """A private message as X keeps it."""

    id: str
    sender: str
    person: str
    text: str
    at: datetime
    links: dict[str, str] = field(default_factory=dict)


@dataclass
class FakeX:
    """The server.

    `newer` says by which names it knows what posts hold; `lenient` passes over parameters it does not know. `hide` publishes without
    showing it until `show`. `suspended` closes our account, `credit` ends it. `protected` are accounts whose posts we may not see,
    `unanswerable` such that let nobody answer. `left` is how many requests each route still takes. `witness` is shown every request
    and its answer, by every fake.
    """

    witness: ClassVar[Witness | None] = None

    newer: bool = True
    lenient: bool = False
    hide: bool = False
    summoned_only: bool = True
    suspended: bool = False
    credit: bool = True
    protected: set[str] = field(default_factory=set)
    unanswerable: set[str] = field(default_factory=set)
    left: dict[str, int] = field(default_factory=dict)
    ledger: list[Said] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    streams: Streams = field(default_factory=Streams)
    url: str = ""
    _made: int = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        routes: Mapping[tuple[str, str], Callable[[web.Request], Awaitable[object]]] = {
            ("GET", "/2/users/me"): self._me,
            ("GET", "/2/users/by/username/{name}"): self._named,
            ("GET", "/2/users/{id}/tweets"): self._timeline,
            ("GET", "/2/users/{id}/mentions"): self._mentions,
            ("GET", "/2/tweets/search/recent"): self._search,
            ("GET", "/2/tweets"): self._several,
            ("GET", "/2/tweets/{id}"): self._one,
            ("POST", "/2/tweets"): self._publish,
            ("DELETE", "/2/tweets/{id}"): self._delete,
            ("GET", "/2/dm_conversations/with/{id}/dm_events"): self._events,
            ("POST", "/2/dm_conversations/with/{id}/messages"): self._write,
            **self.streams.acts(),
        }
        app.router.add_get(STREAM, self._stream)
        for (method, path), act in routes.items():
            app.router.add_route(method, path, self._answering(f"{method} {path}", act))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.streams.end()
        await self._runner.cleanup()

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    # What people do, past the API.

    def say(self, author: str, text: str, *, reply_to: str | None = None, quotes: str | None = None, ago: float = 0) -> Said:
        parent = self.post(reply_to) if reply_to else None
        made = Said(self._new_id(), author, text, datetime.now(UTC) - timedelta(seconds=ago), reply_to, quotes)
        made.conversation = parent.conversation if parent else made.id
        made.history = [made.id]
        _shorten(made)
        self.ledger.append(made)
        if rules := self.streams.matching(made.text, HANDLES[author]):
            self.streams.tell({"data": self.shown(made), "includes": self.included([made]), "matching_rules": rules})
        return made

    def edit(self, post: Said, text: str) -> Said:
        newer = self.say(post.author, text, reply_to=post.reply_to)
        newer.conversation = post.conversation
        newer.history = post.history = [*post.history, newer.id]
        return newer

    def tell(self, sender: str, person: str, text: str) -> Message:
        made = Message(self._new_id(), sender, person, text, datetime.now(UTC))
        _shorten(made)
        self.messages.append(made)
        return made

    def post(self, post_id: str | None) -> Said | None:
        return next((one for one in self.ledger if one.id == post_id), None)

    def show(self) -> None:
        for one in self.ledger:
            one.late = False

    def copies(self, post_id: str) -> list[Said]:
        """Return what stands under a post, by us."""
        return [one for one in self.ledger if one.reply_to == post_id and one.author == BRAND and not one.gone]

    def _new_id(self) -> str:
        self._made += 1
        return str(_FIRST_ID + self._made * 4_194_305)

    # What programs ask.

    def _answering(self, route: str, act: Callable[[web.Request], Awaitable[object]]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            left = self.left.get(route, 100)
            forms = Forms(newer=self.newer, lenient=self.lenient)
            try:
                self._let_in(request, left)
                self.left[route] = left = left - 1
                forms.check(route, request.query, await request.read())
                status, answer = 201 if request.method == "POST" and request.path != RULES else 200, await act(request)
            except Refusal as refusal:
                status, answer = refusal.status, refusal.body
            forms.vouch(route, status, answer)
            await self._show(request, status, answer)
            reset = str(int(time.time()) + 900)
            headers = {"x-rate-limit-limit": "100", "x-rate-limit-remaining": str(max(left, 0)), "x-rate-limit-reset": reset}
            return web.json_response(answer, status=status, headers=headers)

        return handle

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        return await self.streams.serve(request, lambda status, answer: self._show(request, status, answer))

    async def _show(self, request: web.Request, status: int, answer: object) -> None:
        if FakeX.witness is not None:
            FakeX.witness(request, await request.read(), status, answer)

    def _let_in(self, request: web.Request, left: int) -> None:
        given = request.headers.get("Authorization", "")
        signed = given.startswith("OAuth ") and verify_signature(request, KEYS)
        if not signed and given not in {f"Bearer {TOKEN}", f"Bearer {APP_TOKEN}"}:
            raise Refusal(401, problem("Unauthorized", "Unauthorized"))
        if not self.credit:
            detail = "Your enrolled account [1] does not have any credits to fulfill this request."
            raise Refusal(402, problem("CreditsDepleted", detail, kind="credits"))
        if self.suspended:
            raise Refusal(403, problem("Forbidden", "Your account is suspended and is not permitted to access this feature."))
        if left <= 0:
            raise Refusal(429, problem("Too Many Requests", "Too Many Requests"))

    async def _me(self, request: web.Request) -> object:
        if request.headers["Authorization"].endswith(APP_TOKEN):
            detail = "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint."
            raise Refusal(403, problem("Unsupported Authentication", detail, kind="unsupported-authentication"))
        return {"data": self._user(BRAND)}

    async def _named(self, request: web.Request) -> object:
        found = next((one for one, handle in HANDLES.items() if handle == request.match_info["name"].lower()), None)
        return {"data": self._user(found)} if found else {"errors": [missing("user", request.match_info["name"])]}

    async def _one(self, request: web.Request) -> object:
        found = self.post(request.match_info["id"])
        if found is None or found.gone or found.late:
            return {"errors": [missing("tweet", request.match_info["id"])]}
        if found.author in self.protected:
            detail = f"Sorry, you are not authorized to see the Tweet with id: [{found.id}]."
            return {
                "errors": [{**missing("tweet", found.id), **problem("Authorization Error", detail, kind="not-authorized-for-resource")}]
            }
        return self._told(request, self.shown(found), [found])

    async def _several(self, request: web.Request) -> object:
        ids = request.query["ids"].split(",")
        found = [one for each in ids if (one := self.post(each)) and not (one.gone or one.late) and one.author not in self.protected]
        errors: list[dict[str, object]] = []
        for each in (each for each in ids if each not in {one.id for one in found}):
            hidden = problem("Authorization Error", f"not for you: [{each}]", kind="not-authorized-for-resource")
            errors.append({**missing("tweet", each), **(hidden if (there := self.post(each)) and not there.gone else {})})
        told = self._told(request, [self.shown(one) for one in found], found) if found else {}
        return told | ({"errors": errors} if errors else {})

    async def _timeline(self, request: web.Request) -> object:
        return self._page(request, [one for one in self.ledger if one.author == request.match_info["id"]])

    async def _mentions(self, request: web.Request) -> object:
        person = request.match_info["id"]
        return self._page(request, [one for one in self.ledger if person in self._named_in(one) and one.author != person][-800:])

    async def _search(self, request: web.Request) -> object:
        try:
            fits = on_x(request.query["query"])
        except Unknown as odd:
            detail = f"There were errors processing your request: {odd}"
            raise Refusal(400, problem("Invalid Request", detail, kind="invalid-request")) from None
        return self._page(request, [one for one in self.ledger if fits(one.text)])

    def _page(self, request: web.Request, found: list[Said]) -> object:
        query = request.query
        since, most = int(query.get("since_id", "0")), int(query.get("max_results", "10"))
        token = query.get("pagination_token") or query.get("next_token")
        until = int(token.removeprefix("token-before-")) if token else 2**63
        shown = [one for one in found if since < int(one.id) < until and not one.gone and not one.late and one.author not in self.protected]
        shown.sort(key=lambda one: int(one.id), reverse=True)
        meta: dict[str, object] = {"result_count": len(shown[:most])}
        if not shown:
            return {"meta": meta}
        part = shown[:most]
        meta |= {"newest_id": part[0].id, "oldest_id": part[-1].id}
        if len(shown) > most:
            meta["next_token"] = f"token-before-{part[-1].id}"
        return {**self._told(request, [self.shown(one) for one in part], part), "meta": meta}

    async def _publish(self, request: web.Request) -> object:
        body = await request.json()
        parent = self.post(body["reply"]["in_reply_to_tweet_id"])
        if parent is None or parent.gone or parent.author in self.protected:
            raise Refusal(403, problem("Forbidden", "You attempted to reply to a Tweet that is deleted or not visible to you."))
        if parent.author in self.unanswerable:
            raise Refusal(403, problem("Forbidden", "The original Tweet author restricted who can reply to this Tweet."))
        quoted = self.post(parent.quotes)
        if self.summoned_only and BRAND not in self._named_in(parent) and (quoted is None or quoted.author != BRAND):
            detail = "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author"
            raise Refusal(403, problem("Forbidden", f"{detail} of the post you are replying to."))
        text = body["text"]
        if not text.lower().startswith(f"@{HANDLES[parent.author]}"):
            text = f"@{HANDLES[parent.author]} {text}"
        if any(_bare(one) == text and one.author == BRAND and not one.gone for one in self.ledger):
            raise Refusal(403, problem("Forbidden", "You are not allowed to create a Tweet with duplicate content."))
        made = self.say(BRAND, text, reply_to=parent.id)
        made.late = self.hide
        history = {"edit_history_post_ids" if self.newer else "edit_history_tweet_ids": made.history}
        return {"data": {"id": made.id, "text": html.escape(made.text, quote=False), **history}}

    async def _delete(self, request: web.Request) -> object:
        found = self.post(request.match_info["id"])
        if found is None or found.gone:
            raise Refusal(404, missing("tweet", request.match_info["id"]))
        if found.author != BRAND:
            raise Refusal(403, problem("Forbidden", "You are not authorized to delete this Tweet."))
        found.gone = True
        return {"data": {"deleted": True}}

    async def _events(self, request: web.Request) -> object:
        person, query = request.match_info["id"], request.query
        token = query.get("pagination_token", "")
        until = int(token.removeprefix("token-before-")) if token else 2**63
        found = [one for one in reversed(self.messages) if {one.sender, one.person} == {BRAND, person} and int(one.id) < until]
        most = int(query.get("max_results", "100"))
        meta: dict[str, object] = {"result_count": len(found[:most])}
        if len(found) > most:
            meta["next_token"] = f"token-before-{found[most - 1].id}"
        return {"data": [_event(one) for one in found[:most]], "meta": meta} if found else {"meta": meta}

    async def _write(self, request: web.Request) -> object:
        person = request.match_info["id"]
        if person in self.unanswerable:
            raise Refusal(403, problem("Forbidden", "You do not have permission to DM one or more participants."))
        made = self.tell(BRAND, person, (await request.json())["text"])
        return {"data": {"dm_conversation_id": _conversation(person), "dm_event_id": made.id}}

    # How it looks.

    def _told(self, request: web.Request, data: Any, part: list[Said]) -> dict[str, object]:  # noqa: ANN401 - one post or many
        """Return what was asked for: without the names it knows, a post is but its id, its words and its history."""
        if ("post.fields" if self.newer else "tweet.fields") in request.query:
            return {"data": data, "includes": self.included(part)}
        kept = {"id", "text", "edit_history_post_ids", "edit_history_tweet_ids"}
        bare = [{name: value for name, value in one.items() if name in kept} for one in (data if isinstance(data, list) else [data])]
        return {"data": bare if isinstance(data, list) else bare[0]}

    def _named_in(self, one: Said) -> list[str]:
        handles = [handle.lower() for handle in re.findall(r"@(\w{1,15})", one.text)]
        parent = self.post(one.reply_to)
        return list(dict.fromkeys([*([parent.author] if parent else []), *(who for who, handle in HANDLES.items() if handle in handles)]))

    def _user(self, who: str) -> dict[str, object]:
        return {
            "id": who,
            "username": HANDLES[who],
            "name": HANDLES[who].title(),
            "description": f"{HANDLES[who]} was here",
            "protected": who in self.protected,
            "public_metrics": {"followers_count": 7, "following_count": 1, "listed_count": 0, "post_count": 2},
        }

    def shown(self, one: Said) -> dict[str, object]:
        entities = {
            "mentions": [{"start": 0, "end": 1, "username": HANDLES[who], "id": who} for who in self._named_in(one)],
            "hashtags": [{"start": 0, "end": 1, "tag": tag} for tag in re.findall(r"#(\w+)", one.text)],
            "urls": links_of(one.links),
        }
        shown: dict[str, object] = {
            "id": one.id,
            "text": html.escape(one.text, quote=False),
            "author_id": one.author,
            "created_at": one.at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "conversation_id": one.conversation,
            "lang": "en",
            "entities": {name: found for name, found in entities.items() if found},
            "edit_history_post_ids" if self.newer else "edit_history_tweet_ids": one.history,
        }
        references = [("replied_to", one.reply_to), ("quoted", one.quotes)]
        if any(target for _, target in references):
            shown["referenced_posts" if self.newer else "referenced_tweets"] = [
                {"type": k, "id": target} for k, target in references if target
            ]
        if one.reply_to and (parent := self.post(one.reply_to)):
            shown["in_reply_to_user_id"] = parent.author
        return shown

    def included(self, found: list[Said]) -> dict[str, object]:
        spoken_of = [self.post(target) for one in found for target in (one.reply_to, one.quotes)]
        posts = [one for one in spoken_of if one is not None and not one.gone]
        people = dict.fromkeys([one.author for one in [*found, *posts]])
        included: dict[str, object] = {"users": [self._user(who) for who in people]}
        if posts:
            included["posts" if self.newer else "tweets"] = [self.shown(one) for one in posts]
        return included


def _shorten(made: Said | Message) -> None:
    for number, address in enumerate(_SHORT.findall(made.text)):
        short = f"https://t.co/{made.id[-6:]}{number}"
        made.links[short] = address
        made.text = made.text.replace(address, short, 1)


def _bare(one: Said) -> str:
    return reduce(lambda text, link: text.replace(*link), one.links.items(), one.text)


def _conversation(person: str) -> str:
    return "-".join(sorted((BRAND, person)))


def _event(one: Message) -> dict[str, object]:
    person = one.person if one.sender == BRAND else one.sender
    return {
        "id": one.id,
        "event_type": "MessageCreate",
        "text": html.escape(one.text, quote=False),
        "sender_id": one.sender,
        "dm_conversation_id": _conversation(person),
        "entities": {"urls": links_of(one.links)},
        "created_at": one.at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
