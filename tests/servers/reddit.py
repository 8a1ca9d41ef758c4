"""A Reddit on loopback: what praw asks of it, kept in memory, with a ledger of what was asked.

async with Reddit() as reddit:
    reddit.join("acme"); marta = reddit.join("marta")
    post = reddit.submit(marta, "shoes", "My order never came")

Shapes and headers are those of the exchanges recorded for praw 8.0.3; which refusals come before a comment is stored is taken from
Reddit's own code of 2017 (`POST_comment`, `VSubmitParent`, `VNotInTimeout`).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

from tests.servers.reddit_things import Person, Thing, in_inbox, listing, more, shape
from tests.servers.search_words import on_reddit

CLIENT, KEY = "app-id", "app-key"
SCOPES = "identity read history submit edit privatemessages"
_MOST = 100
_LONGEST_QUERY = 512
_MENTIONED = re.compile(r"(?<![\w@])/?u/([\w-]+)")
_FORBIDDEN = {"message": "Forbidden", "error": 403}

Handler = Callable[[web.Request, dict[str, str], Person], web.Response]
Tell = Callable[[Thing, Mapping[str, Thing]], dict[str, Any]]


class Refusal(Exception):
    """Ends a request with this answer."""

    def __init__(self, status: int, body: object, **headers: str) -> None:
        super().__init__(status)
        self.response = web.json_response(body, status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})


@dataclass
class Reddit:
    """The server; `url` is where it listens, `ledger` what it was asked (method, path, fields), `refreshes` how often a token was.

    Knobs: `late` keeps new comments out of every list until `reveal`; `errors` are put into the next 200 instead of storing;
    `after_storing` is the status that the next stored comment answers with; `quiet` answers a stored comment without naming it;
    `refuse_refresh` refuses every sign-in; `remaining` and `reset` go into the headers; `expires_in` is how long a token lives.
    """

    url: str = ""
    ledger: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    things: dict[str, Thing] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    banned: set[tuple[str, str]] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    tokens: dict[str, Person] = field(default_factory=dict)
    refreshes: int = 0
    refuse_refresh: bool = False
    late: bool = False
    quiet: bool = False
    after_storing: int = 0
    errors: list[list[str | None]] = field(default_factory=list)
    remaining: str = "995.0"
    reset: str = "321"
    expires_in: int = 86_400
    most_below: int = 500

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/api/v1/access_token", self._access_token)
        routes: dict[str, Handler] = {
            "GET /api/v1/me": self._me,
            "GET /api/info": self._info,
            "GET /comments/{article}": self._thread,
            "GET /comments/{article}/_/{comment}": self._thread,
            "GET /user/{name}/comments": self._of_one,
            "GET /r/{sub}/about": self._about,
            "GET /r/{sub}/comments": self._comments,
            "GET /r/{sub}/new": self._new,
            "GET /search": self._search,
            "GET /message/inbox": self._inbox,
            "POST /api/comment": self._comment,
            "POST /api/del": self._del,
        }
        for route, handler in routes.items():
            method, path = route.split(" ")
            app.router.add_route(method, f"{path}{{slash:/?}}", self._signed_in(handler))  # praw asks with a slash at the end
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    # ---- what happens on the network

    def join(self, name: str) -> Person:
        self.people[name] = Person(name, f"p{len(self.people) + 1}")
        return self.people[name]

    def submit(self, author: Person, subreddit: str, title: str, text: str = "") -> Thing:
        return self._keep(Thing("t3", self._next_id(), author, subreddit, text, title=title))

    def reply(self, author: Person, parent: Thing, text: str) -> Thing:
        article = parent.article or parent.fullname
        return self._keep(Thing("t1", self._next_id(), author, parent.subreddit, text, parent=parent.fullname, article=article))

    def reveal(self) -> None:
        """Let everything be seen."""
        self.late = False
        for thing in self.things.values():
            thing.hidden = False

    def revoke(self) -> None:
        """Let every access token that was given out be unknown."""
        self.tokens.clear()

    def below(self, fullname: str, author: Person) -> list[Thing]:
        """What somebody wrote directly below a thing, seen or not."""
        return [one for one in self.things.values() if one.parent == fullname and one.author is author and not one.deleted]

    def asked(self, method: str, path: str) -> list[dict[str, str]]:
        return [fields for made, at, fields in self.ledger if made == method and at.startswith(path)]

    def _next_id(self) -> str:
        return f"k{len(self.things):05d}"

    def _keep(self, thing: Thing) -> Thing:
        thing.created = 1_790_000_000.0 + len(self.things)
        thing.hidden = self.late
        self.things[thing.fullname] = thing
        return thing

    # ---- the door

    async def _access_token(self, request: web.Request) -> web.Response:
        fields = {name: str(value) for name, value in (await request.post()).items()}
        self.ledger.append(("POST", request.path, fields))
        self.refreshes += 1
        scheme, _, word = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Basic" or base64.b64decode(word).decode() != f"{CLIENT}:{KEY}" or not request.headers.get("User-Agent"):
            return web.json_response({"message": "Unauthorized", "error": 401}, status=401)
        person = self.people.get(fields.get("refresh_token", "").removeprefix("refresh-"))
        if self.refuse_refresh or person is None or fields.get("grant_type") != "refresh_token":
            return web.json_response({"message": "Bad Request", "error": 400}, status=400)
        token = f"access-{person.name}-{self.refreshes}"
        self.tokens[token] = person
        told = {"access_token": token, "token_type": "bearer", "expires_in": self.expires_in, "scope": SCOPES}
        return web.json_response({**told, "refresh_token": fields["refresh_token"]})

    def _signed_in(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            fields = {name: str(value) for name, value in {**request.query, **(await request.post())}.items()}
            self.ledger.append((request.method, request.path, fields))
            try:
                response = handler(request, fields, self._whose(request))
            except Refusal as refusal:
                response = refusal.response
            if self.remaining:
                response.headers.update({"x-ratelimit-remaining": self.remaining, "x-ratelimit-reset": self.reset, "x-ratelimit-used": "5"})
            return response

        return handle

    def _whose(self, request: web.Request) -> Person:
        person = self.tokens.get(request.headers.get("Authorization", "").partition(" ")[2])
        if person is None:
            denied = 'Bearer realm="reddit", error="invalid_token"'
            raise Refusal(401, {"message": "Unauthorized", "error": 401}, www_authenticate=denied)
        return person

    # ---- reading

    def _me(self, _: web.Request, __: dict[str, str], person: Person) -> web.Response:
        return web.json_response({"id": person.id, "name": person.name, "is_suspended": person.suspended, "total_karma": 21})

    def _seen(self, things: Iterable[Thing]) -> list[Thing]:
        return [one for one in things if not one.hidden]

    def _page(self, things: Iterable[Thing], asked: dict[str, str], tell: Tell = shape) -> web.Response:
        """Newest first; what was deleted is not in lists any more."""
        newest = sorted((one for one in self._seen(things) if not one.deleted), key=lambda one: one.created, reverse=True)
        names = [one.fullname for one in newest]
        start = names.index(asked["after"]) + 1 if asked.get("after") in names else 0
        page = newest[start : start + min(int(asked.get("limit", "25")), _MOST)]
        after = page[-1].fullname if page and start + len(page) < len(newest) else None
        return web.json_response(listing([tell(one, self.things) for one in page], after))

    def _info(self, _: web.Request, asked: dict[str, str], __: Person) -> web.Response:
        wanted = (self.things.get(name) for name in asked["id"].split(","))
        return web.json_response(listing([shape(one, self.things) for one in self._seen(one for one in wanted if one)], None))

    def _open(self, sub: str, person: Person) -> None:
        if sub in self.closed:
            raise Refusal(403, {"reason": "private", **_FORBIDDEN})
        assert person

    def _thread(self, request: web.Request, asked: dict[str, str], person: Person) -> web.Response:
        article = self.things.get(f"t3_{request.match_info['article']}")
        if article is None:
            raise Refusal(404, {"message": "Not Found", "error": 404})
        self._open(article.subreddit, person)
        focus = self.things.get(f"t1_{request.match_info.get('comment')}", article)
        depth = int(asked.get("depth", "8"))
        tree = self._below(focus, depth) if focus is article else [self._tree(focus, depth - 1)] if self._shown(focus) else []
        return web.json_response([listing([shape(article, self.things)], None), listing(tree, None)])

    def _shown(self, thing: Thing) -> bool:
        return not thing.hidden and (not thing.deleted or any(one.parent == thing.fullname for one in self.things.values()))

    def _below(self, thing: Thing, depth: int) -> list[dict[str, Any]]:
        answers = [one for one in self.things.values() if one.parent == thing.fullname and self._shown(one)]
        if depth <= 0:
            return [more(answers)] if answers else []
        left_out = answers[self.most_below :]
        return [self._tree(one, depth - 1) for one in answers[: self.most_below]] + ([more(left_out)] if left_out else [])

    def _tree(self, thing: Thing, depth: int) -> dict[str, Any]:
        entry = shape(thing, self.things)
        if below := self._below(thing, depth):
            entry["data"]["replies"] = listing(below, None)
        return entry

    def _of_one(self, request: web.Request, asked: dict[str, str], _: Person) -> web.Response:
        name = request.match_info["name"]
        return self._page((one for one in self.things.values() if one.kind == "t1" and one.author.name == name), asked)

    def _about(self, request: web.Request, _: dict[str, str], person: Person) -> web.Response:
        sub = request.match_info["sub"]
        told = {"display_name": sub, "user_is_banned": (sub, person.name) in self.banned, "name": "t5_2qh1i"}
        return web.json_response({"kind": "t5", "data": told})

    def _comments(self, request: web.Request, asked: dict[str, str], person: Person) -> web.Response:
        sub = request.match_info["sub"]
        self._open(sub, person)
        return self._page((one for one in self.things.values() if one.kind == "t1" and one.subreddit == sub), asked)

    def _new(self, request: web.Request, asked: dict[str, str], person: Person) -> web.Response:
        sub = request.match_info["sub"]
        self._open(sub, person)
        return self._page((one for one in self.things.values() if one.kind == "t3" and one.subreddit == sub), asked)

    def _search(self, _: web.Request, asked: dict[str, str], __: Person) -> web.Response:
        if len(asked["q"]) > _LONGEST_QUERY:
            raise Refusal(400, {"message": "Bad Request", "error": 400})
        fits = on_reddit(asked["q"])
        found = (one for one in self.things.values() if one.kind == "t3" and fits(f"{one.title} {one.text}"))
        return self._page(found, asked)

    def _inbox(self, _: web.Request, asked: dict[str, str], person: Person) -> web.Response:
        told = []
        for one in self.things.values():
            above = self.things.get(one.parent or "")
            if (
                one.kind == "t1"
                and one.author is not person
                and (person.name in _MENTIONED.findall(one.text) or (above and above.author is person))
            ):
                told.append(one)
        return self._page(told, asked, in_inbox)

    # ---- writing

    def _comment(self, _: web.Request, asked: dict[str, str], person: Person) -> web.Response:
        parent = self.things.get(asked.get("thing_id", ""))
        if parent is None or (parent.subreddit, person.name) in self.banned or parent.subreddit in self.closed:
            raise Refusal(403, _FORBIDDEN)
        errors = self.errors or self._wrong(asked, parent)
        self.errors = []
        if errors:
            return web.json_response({"json": {"errors": errors}})
        if person.suspended:
            raise Refusal(403, {"reason": "IN_TIMEOUT", **_FORBIDDEN})
        said = self.reply(person, parent, asked["text"])
        if status := self.after_storing:
            self.after_storing = 0
            raise Refusal(status, {"fields": ["text"], "explanation": "that did not work", "message": "Bad Request", "reason": "BAD"})
        things = [] if self.quiet else [shape(said, self.things)]
        return web.json_response({"json": {"errors": [], "data": {"things": things}}})

    def _wrong(self, asked: dict[str, str], parent: Thing) -> list[list[str | None]]:
        article = self.things[parent.article or parent.fullname]
        if not asked.get("text", "").strip():
            return [["NO_TEXT", "we need something here", "text"]]
        if len(asked["text"]) > 10_000:
            return [["TOO_LONG", "this is too long (max: 10000)", "text"]]
        if parent.kind == "t1" and (parent.deleted or parent.removed):
            return [["DELETED_COMMENT", "that comment has been deleted", "parent"]]
        if article.archived:
            return [["TOO_OLD", "that's a piece of history now; it's too late to reply to it", "parent"]]
        if article.locked or parent.locked:
            return [["THREAD_LOCKED", "Comments are locked.", "parent"]]
        return []

    def _del(self, _: web.Request, asked: dict[str, str], person: Person) -> web.Response:
        thing = self.things.get(asked.get("id", ""))
        if thing and thing.author is person:
            thing.deleted = True
        return web.json_response({})


def key_of(name: str) -> str:
    """The secret that lets our program be somebody."""
    return f"{CLIENT} {KEY} refresh-{name}"
