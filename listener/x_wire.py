"""What X sends, read into our records; shared by the source that hears it and the channel that speaks there.

Shapes come from X's published description of its API (version 2.167, July 2026) and docs.x.com (August 2026). The description names
what posts hold anew (`referenced_posts`, `edit_history_post_ids`); the guides still use the names of 2022 (`referenced_tweets`). Both
are understood. Ids are opaque text.
"""

from __future__ import annotations

import html
from typing import Annotated, TypeVar
from urllib.parse import quote

from pydantic import AliasChoices, Field, TypeAdapter, ValidationError

from listener.clock import now
from listener.errors import Malformed, NetworkError, RateLimited, SignInNeeded
from listener.http import Answer, retry_after
from listener.queries.networks import X
from listener.rules.kinds import Strict, query_for
from listener.settings import secret_variable
from listener.shapes import Moment, Wire
from listener.text import one_line

NETWORK = "x"
TOO_MANY, UNAUTHORIZED, NO_CREDIT, FORBIDDEN, NOT_FOUND, BAD_REQUEST = 429, 401, 402, 403, 404, 400

_ID = r"[0-9]{1,19}"
_CLOSED_KINDS = frozenset({"client-forbidden", "unsupported-authentication", "oauth1-permissions"})
GONE_KINDS = frozenset({"resource-not-found"})
_HIDDEN_KINDS = frozenset({"not-authorized-for-resource", "resource-unavailable", "disallowed-resource"})
# X's words where it has closed our own account; "User has been suspended: [123]" is about somebody else's.
_CLOSED_WORDS = ("your account is suspended", "your account has been", "account is temporarily locked", "your account is locked")

Checked = TypeVar("Checked")


class Options(Strict):
    """What X can be told in rules.yaml."""

    query: Annotated[str, query_for(X)] | None = Field(
        default=None,
        description="what to search for; what the brands say where it is left out, nothing where it is empty. Mentions are heard besides",
    )
    handle: str = Field(
        default="",
        description="our account, without @, where the keys are an app's; the brand's own where there is only one",
    )
    stream: bool = Field(
        default=False, description="hear X's filtered stream as well, with an app's own token; what it misses comes with the next poll"
    )
    service: str = Field(default="https://api.x.com", description="where X's API is")


Id = Annotated[str, Field(pattern=f"^{_ID}$")]


class _Metrics(Wire):
    followers_count: int | None = None


class WireUser(Wire):
    """An account."""

    id: Id
    username: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,50}$")]
    name: str = ""
    description: str = ""
    protected: bool = False
    public_metrics: _Metrics = _Metrics()


class _Reference(Wire):
    type: str
    id: Id


class _Named(Wire):
    id: Id | None = None
    username: str | None = None


class _Tag(Wire):
    tag: str


class _Link(Wire):
    url: str | None = None
    expanded_url: str | None = None


class WireEntities(Wire):
    """What stands in a text: handles, hashtags, addresses."""

    mentions: tuple[_Named, ...] | None = Field(default=(), strict=False)
    hashtags: tuple[_Tag, ...] | None = Field(default=(), strict=False)
    urls: tuple[_Link, ...] | None = Field(default=(), strict=False)

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """The shortened addresses, each with the one it stands for."""
        return tuple((link.url, link.expanded_url) for link in self.urls or () if link.url and link.expanded_url)


class _Note(Wire):
    text: str


class WirePost(Wire):
    """A post. `history` are the ids of all its versions, the oldest first: on X each edit makes a new id."""

    id: Id
    words: Annotated[str, Field(validation_alias="text")]
    author_id: Id
    created_at: Moment
    conversation_id: Id | None = None
    in_reply_to_user_id: Id | None = None
    lang: str | None = None
    entities: WireEntities = WireEntities()
    note: _Note | None = Field(default=None, validation_alias=AliasChoices("note_post", "note_tweet"))
    references: tuple[_Reference, ...] = Field(
        default=(), strict=False, validation_alias=AliasChoices("referenced_posts", "referenced_tweets")
    )
    history: tuple[Id, ...] = Field(
        default=(), strict=False, validation_alias=AliasChoices("edit_history_post_ids", "edit_history_tweet_ids")
    )

    @property
    def text(self) -> str:
        """What a reader sees; X writes <, > and & as HTML does, and keeps the whole of a long post apart."""
        return html.unescape(self.note.text if self.note else self.words)

    @property
    def first(self) -> str:
        """The id it had before any edit: it names the post whatever its version."""
        return self.history[0] if self.history else self.id

    @property
    def version(self) -> str:
        """The id of its newest version."""
        return self.history[-1] if self.history else self.id

    def refers(self, kind: str) -> str | None:
        """Return the id of the post this one refers to as `kind`: `replied_to`, `quoted` or `retweeted`."""
        return next((each.id for each in self.references if each.type == kind), None)


class _Stub(Wire):
    id: Id
    author_id: Id | None = None


class WireIncludes(Wire):
    """The accounts and posts that the posts of an answer speak of."""

    users: tuple[WireUser, ...] = Field(default=(), strict=False)
    posts: tuple[_Stub, ...] = Field(default=(), strict=False, validation_alias=AliasChoices("posts", "tweets"))


class WireToken(Wire):
    """Where the next page begins, and the newest id of this one."""

    next_token: str | None = None
    newest_id: str | None = None


class WireProblem(Wire):
    """One of the `errors` that X puts into an answer, also beside data and with status 200."""

    type: str = ""
    title: str = ""
    detail: str = ""
    details: tuple[str, ...] = Field(default=(), strict=False)

    @property
    def words(self) -> str:
        """What X says went wrong, fit to be shown, or ""."""
        return one_line(self.detail or next(iter(self.details), "") or self.title, 200)

    @property
    def kind(self) -> str:
        """The last part of the problem's address: `resource-not-found`."""
        return self.type.rsplit("/", 1)[-1]


class WireOne(Wire):
    """One post, or why there is none."""

    data: WirePost | None = None
    errors: tuple[WireProblem, ...] = Field(default=(), strict=False)
    includes: WireIncludes = WireIncludes()

    @property
    def why_not(self) -> str:
        """Why there is no post, in words for people, or "" where X does not say it clearly."""
        kinds = {problem.kind for problem in self.errors}
        if kinds & GONE_KINDS:
            return "the post is gone"
        return "its author is protected or has blocked us, so X does not show us the post" if kinds & _HIDDEN_KINDS else ""


class WirePage(Wire):
    """A page of posts, the newest first. Entries are read one by one, so that one odd post does not silence the others."""

    data: tuple[object, ...] = Field(default=(), strict=False)
    includes: WireIncludes = WireIncludes()
    meta: WireToken


class WireMe(Wire):
    """The account that asks, or that was asked for."""

    data: WireUser


one = TypeAdapter(WireOne)
page = TypeAdapter(WirePage)
single = TypeAdapter(WirePost)
me = TypeAdapter(WireMe)
_problem = TypeAdapter(WireProblem)


def is_id(value: str) -> bool:
    """Return whether this can be an id, and so may stand in a path."""
    return value.isascii() and value.isdigit() and len(value) <= 19  # noqa: PLR2004 - as in the description


def url_of(handle: str, post_id: str) -> str:
    """Return the address of a post that a person can open."""
    return f"https://x.com/{quote(handle, safe='')}/status/{post_id}"


def read(kind: TypeAdapter[Checked], body: object, what: str) -> Checked:
    """Read an answer's body as `kind`.

    Raises:
        Malformed: it is something else; the message says where.
    """
    try:
        return kind.validate_python(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    path = ".".join(str(step) for step in first["loc"])
    message = f"{what} made no sense at {path or 'its top'}: {first['msg']}"
    raise Malformed(message)


def problem_of(answer: Answer) -> WireProblem:
    """Return what X says went wrong; empty where it does not say so in the form it should."""
    try:
        return _problem.validate_python(answer.body)
    except ValidationError:
        return WireProblem()


def said_by(answer: Answer) -> str:
    """Return X's own words for a failure, fit to be shown, or ""."""
    return problem_of(answer).words


def wait_for(answer: Answer) -> float:
    """Return how many seconds to wait, between 1 and 900; X's own header is a moment in seconds since 1970."""
    headers = {name: answer.headers[name] for name in ("Retry-After",) if name in answer.headers}
    if "x-rate-limit-reset" in answer.headers:
        headers["X-RateLimit-Reset"] = answer.headers["x-rate-limit-reset"]
    return retry_after(headers, now())


def closed(answer: Answer, secret: str) -> SignInNeeded | None:
    """Return what is wrong with our account where that is why X says no, with what to do; None for every other answer."""
    problem, said = problem_of(answer), said_by(answer)
    if answer.status == NO_CREDIT and said:
        return SignInNeeded(f"X says that no credit is left: {said}", "Add credit at https://console.x.com.")
    if answer.status == TOO_MANY and problem.kind == "usage-capped":
        return SignInNeeded(f"X says that the allowance is used up: {said}", "Raise it at https://console.x.com, or wait for it to end.")
    if answer.status == UNAUTHORIZED and said:
        hint = f"Put new keys into the secret {secret} ({secret_variable(secret)}), and see that this machine's clock is right."
        return SignInNeeded(f"X refuses the sign-in: {said}", hint)
    if answer.status != FORBIDDEN:
        return None
    if any(words in said.lower() for words in _CLOSED_WORDS):
        return SignInNeeded(f"X has closed our account: {said}", "Sign in at https://x.com as this account, and see what X asks for.")
    if problem.kind in _CLOSED_KINDS:
        hint = f"Give the app its rights at https://console.x.com, then renew the secret {secret} ({secret_variable(secret)})."
        return SignInNeeded(f"X does not let our app do this: {said}", hint)
    return None


def check(answer: Answer, secret: str) -> Answer:
    """Return a 2xx answer.

    Raises:
        RateLimited: X asks us to wait.
        SignInNeeded: it refuses the keys, or the account is closed or has no credit.
        NetworkError: anything else.
    """
    if answer.ok:
        return answer
    if shut := closed(answer, secret):
        raise shut
    said = said_by(answer)
    if answer.status == TOO_MANY:
        message = "X asks us to wait"
        raise RateLimited(message, wait_for(answer))
    if answer.status in {UNAUTHORIZED, FORBIDDEN}:
        message = "X does not let us read this" + (f": {said}" if said else "")
        raise SignInNeeded(message, f"Check the keys in the secret {secret} ({secret_variable(secret)}) and what their app may do.")
    message = f"X answered {answer.status}" + (f": {said}" if said else "")
    raise NetworkError(message)
