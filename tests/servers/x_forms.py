"""What X takes and how it says no: the parameters of each address and the shape of each answer, from its published description (2.167).

Written by hand from that description, so that the tests need no file from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import unquote

from aiohttp import web
from oauthlib.oauth1.rfc5849 import signature
from oauthlib.oauth1.rfc5849.utils import parse_authorization_header
from pydantic import BaseModel, ConfigDict, Field, ValidationError

Witness = Callable[[web.Request, bytes, int, object], None]

_Id = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]

_PAGED = frozenset({"max_results", "pagination_token", "since_id", "until_id", "start_time", "end_time"})
_POSTS = frozenset({"expansions", "user.fields", "media.fields", "poll.fields", "place.fields"})
_TAKEN: Mapping[str, frozenset[str]] = {
    "GET /2/users/me": frozenset({"expansions", "user.fields"}),
    "GET /2/users/by/username/{name}": frozenset({"expansions", "user.fields"}),
    "GET /2/users/{id}/tweets": _PAGED | _POSTS | {"exclude"},
    "GET /2/users/{id}/mentions": _PAGED | _POSTS,
    "GET /2/tweets/search/recent": _PAGED | _POSTS | {"query", "next_token", "sort_order"},
    "GET /2/tweets/{id}": _POSTS,
    "GET /2/tweets/search/stream": _POSTS | {"backfill_minutes", "start_time", "end_time"},
    "GET /2/tweets/search/stream/rules": frozenset({"ids", "max_results", "pagination_token"}),
    "POST /2/tweets/search/stream/rules": frozenset({"dry_run", "delete_all"}),
    "GET /2/tweets": _POSTS | {"ids"},
    "GET /2/dm_conversations/with/{id}/dm_events": frozenset(
        {"max_results", "pagination_token", "event_types", "dm_event.fields", "expansions", "user.fields", "media.fields"}
    ),
}
_NEWER = {
    "post.fields": frozenset({"conversation_id", "created_at", "entities", "id", "lang", "note_post", "reply_settings", "text"}),
    "expansions": frozenset({"author_id", "edit_history_post_ids", "in_reply_to_user_id", "referenced_posts", "sender_id"}),
}
_OLDER = {
    "tweet.fields": frozenset(
        {"author_id", "conversation_id", "created_at", "edit_history_tweet_ids", "entities", "id", "in_reply_to_user_id", "lang"}
        | {"note_tweet", "referenced_tweets", "reply_settings", "text"}
    ),
    "expansions": frozenset({"author_id", "in_reply_to_user_id", "referenced_tweets.id", "referenced_tweets.id.author_id", "sender_id"}),
}


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class _ReplyTo(_Shape):
    in_reply_to_tweet_id: _Id


class _NewPost(_Shape):
    text: Annotated[str, Field(min_length=1)]
    reply: _ReplyTo


class _NewMessage(_Shape):
    text: Annotated[str, Field(min_length=1)]


class _NewRule(_Shape):
    value: Annotated[str, Field(min_length=1, max_length=1024)]
    tag: str = ""


class _OldRules(_Shape):
    ids: Annotated[list[_Id], Field(min_length=1)]


class _RulesChange(_Shape):
    add: list[_NewRule] = []
    delete: _OldRules | None = None


class _Problem(_Shape):
    title: str
    type: str
    detail: str
    parameter: str = ""
    value: str = ""
    resource_type: str = ""
    resource_id: str = ""


class _Metrics(_Shape):
    followers_count: int
    following_count: int
    listed_count: int
    post_count: int


class _User(_Shape):
    id: _Id
    username: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,15}$")]
    name: str
    description: str
    protected: bool
    public_metrics: _Metrics


class _Reference(_Shape):
    id: _Id
    type: Literal["retweeted", "quoted", "replied_to"]


class _Part(_Shape):
    start: int
    end: int
    id: _Id = "0"
    username: str = ""
    tag: str = ""
    url: str = ""
    expanded_url: str = ""


class _Entities(_Shape):
    mentions: list[_Part] = []
    hashtags: list[_Part] = []
    urls: list[_Part] = []


class _Post(_Shape):
    id: _Id
    text: str
    author_id: _Id = "0"
    created_at: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")] = ""
    conversation_id: _Id = "0"
    lang: str = ""
    entities: _Entities = _Entities()
    edit_history_post_ids: list[_Id] = []
    edit_history_tweet_ids: list[_Id] = []
    referenced_posts: list[_Reference] = []
    referenced_tweets: list[_Reference] = []
    in_reply_to_user_id: _Id = "0"


class _Includes(_Shape):
    users: list[_User]
    posts: list[_Post] = []
    tweets: list[_Post] = []


class _Meta(_Shape):
    result_count: int
    newest_id: _Id = "0"
    oldest_id: _Id = "0"
    next_token: Annotated[str, Field(min_length=16)] = "-" * 16


class _One(_Shape):
    data: _Post | None = None
    errors: list[_Problem] = []
    includes: _Includes | None = None


class _Several(_Shape):
    data: Annotated[list[_Post], Field(min_length=1)] | None = None
    errors: list[_Problem] = []
    includes: _Includes | None = None


class _Page(_Shape):
    data: Annotated[list[_Post], Field(min_length=1)] | None = None
    includes: _Includes | None = None
    meta: _Meta


class _Account(_Shape):
    data: _User | None = None
    errors: list[_Problem] = []


class _Made(_Shape):
    id: _Id
    text: str
    edit_history_post_ids: list[_Id] = []
    edit_history_tweet_ids: list[_Id] = []


class _Published(_Shape):
    data: _Made


class _Deletion(_Shape):
    deleted: bool


class _Deleted(_Shape):
    data: _Deletion


class _Event(_Shape):
    id: _Id
    event_type: Literal["MessageCreate"]
    text: str
    sender_id: _Id
    dm_conversation_id: str
    entities: _Entities
    created_at: str


class _Events(_Shape):
    data: list[_Event] = []
    meta: _Meta


class _Rule(_Shape):
    id: _Id
    value: str
    tag: str = ""


class _RulesMeta(_Shape):
    result_count: int = 0
    sent: str = ""
    summary: dict[str, int] = {}


class _Rules(_Shape):
    data: Annotated[list[_Rule], Field(min_length=1)] | None = None
    meta: _RulesMeta


class _MessageMade(_Shape):
    dm_conversation_id: str
    dm_event_id: _Id


class _MessageSent(_Shape):
    data: _MessageMade


_BODIES: Mapping[str, type[BaseModel]] = {
    "POST /2/tweets": _NewPost,
    "POST /2/dm_conversations/with/{id}/messages": _NewMessage,
    "POST /2/tweets/search/stream/rules": _RulesChange,
}
_ANSWERS: Mapping[str, type[BaseModel]] = {
    "GET /2/users/me": _Account,
    "GET /2/users/by/username/{name}": _Account,
    "GET /2/users/{id}/tweets": _Page,
    "GET /2/users/{id}/mentions": _Page,
    "GET /2/tweets/search/recent": _Page,
    "GET /2/tweets/{id}": _One,
    "GET /2/tweets": _Several,
    "POST /2/tweets": _Published,
    "DELETE /2/tweets/{id}": _Deleted,
    "GET /2/dm_conversations/with/{id}/dm_events": _Events,
    "POST /2/dm_conversations/with/{id}/messages": _MessageSent,
    "GET /2/tweets/search/stream/rules": _Rules,
    "POST /2/tweets/search/stream/rules": _Rules,
}


class Refusal(Exception):
    """X says no."""

    def __init__(self, status: int, body: Mapping[str, object]) -> None:
        super().__init__(status)
        self.status = status
        self.body = dict(body)


def problem(title: str, detail: str, *, kind: str = "") -> dict[str, object]:
    """Return what X says went wrong."""
    return {"title": title, "detail": detail, "type": f"https://api.x.com/2/problems/{kind}" if kind else "about:blank"}


def missing(kind: str, value: str) -> dict[str, object]:
    """Return how X says that there is no post or account of that id or name."""
    made = problem("Not Found Error", f"Could not find {kind} with id: [{value}].", kind="resource-not-found")
    return {**made, "resource_type": kind, "resource_id": value, "parameter": "id", "value": value}


def links_of(links: Mapping[str, str]) -> list[dict[str, object]]:
    """Return the shortened addresses of a text as X tells them."""
    return [{"start": 0, "end": 1, "url": short, "expanded_url": whole} for short, whole in links.items()]


@dataclass(frozen=True)
class Forms:
    """Which names the server knows."""

    newer: bool
    lenient: bool

    def check(self, route: str, query: Mapping[str, str], body: bytes) -> None:
        """Refuse parameters, values and bodies that X does not know."""
        if route in _BODIES:
            try:
                _BODIES[route].model_validate_json(body)
            except ValidationError:
                self._refuse("body", "")
        if route not in _TAKEN:
            if query:
                self._refuse(next(iter(query)), "")
            return
        words = _NEWER if self.newer else _OLDER
        taken = _TAKEN[route] | (set(words) if "media.fields" in _TAKEN[route] else set())
        for name, value in query.items():
            if name not in taken and not self.lenient:
                self._refuse(name, value)
            for one in value.split(","):
                if name in words and one not in words[name] and not self.lenient:
                    self._refuse(name, one)
        if len(query.get("query", "")) > 512:
            self._refuse("query", query["query"])

    @staticmethod
    def vouch(route: str, status: int, body: object) -> None:
        """Raise where an answer of the fake is none that X could give."""
        if status >= 400:
            told = body.get("errors", [body]) if isinstance(body, dict) else [body]
            for one in told:
                _Problem.model_validate(one)
        else:
            _ANSWERS[route].model_validate(body)

    @staticmethod
    def _refuse(name: str, value: str) -> None:
        body = problem("Invalid Request", "One or more parameters to your request was invalid.", kind="invalid-request")
        raise Refusal(400, {**body, "parameter": name, "value": value})


def verify_signature(request: web.Request, keys: tuple[str, str, str, str]) -> bool:
    """Return whether a request is signed as OAuth 1.0a wants it, with these four keys."""
    given = dict(parse_authorization_header(request.headers["Authorization"]))
    told = given.pop("oauth_signature", "")
    parameters = [*given.items(), *request.query.items()]
    normal = signature.normalize_parameters(sorted(parameters))
    address = signature.base_string_uri(str(request.url.with_query(None)))
    base = signature.signature_base_string(request.method, address, normal)
    ours = signature.sign_hmac_sha1_with_client(base, _Client(keys[1], keys[3]))
    return given.get("oauth_consumer_key") == keys[0] and given.get("oauth_token") == keys[2] and unquote(told) == ours


@dataclass(frozen=True)
class _Client:
    client_secret: str
    resource_owner_secret: str
