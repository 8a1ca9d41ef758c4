"""What a Mastodon server sends, read into our records; shared by the source that hears it and the channel that speaks there.

Shapes as in the server's own documentation (docs.joinmastodon.org, entities Status, Account, Notification, Context; November 2026).
Ids are opaque text: some servers use ULIDs.
"""

from __future__ import annotations

import re
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from listener.clock import now
from listener.errors import Malformed, NetworkError, RateLimited, SignInNeeded
from listener.http import Answer, retry_after
from listener.markup import plain
from listener.model import Author, Post, Visibility
from listener.settings import secret_variable
from listener.shapes import Moment, Wire
from listener.text import visible

NETWORK = "mastodon"

_ID = r"[0-9A-Za-z_-]{1,100}"
_TOO_MANY = 429
_MOST_ROWS = 50  # Mastodon has four, others more
_NO_SIGN_IN = frozenset({401, 403})
_VISIBILITIES = {"public": Visibility.PUBLIC, "unlisted": Visibility.UNLISTED, "direct": Visibility.DIRECT}

Checked = TypeVar("Checked")


Id = Annotated[str, Field(pattern=f"^{_ID}$")]


class _WireField(Wire):
    name: str = ""
    value: str = ""


def _rows(value: object) -> object:
    """Keep what can be read of a profile's table: an odd row must not silence the person."""
    rows = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
    return [{key: each for key, each in row.items() if isinstance(each, str)} for row in rows[:_MOST_ROWS]]


_Words = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]


class WireAccount(Wire):
    """An account. `acct` is its handle as this server writes it: without a host for its own accounts."""

    id: Id
    acct: Annotated[str, Field(min_length=1)]
    display_name: _Words = ""
    note: _Words = ""
    fields: Annotated[tuple[_WireField, ...], BeforeValidator(_rows)] = Field(default=(), strict=False)
    url: str | None = None
    bot: bool | None = False
    followers_count: int | None = None

    @property
    def bio(self) -> str:
        """What the profile says: the note, then the rows of its table."""
        rows = (": ".join(part for part in (plain(row.name), plain(row.value)) if part) for row in self.fields)
        return "\n".join(part for part in (plain(self.note), *rows) if part)


class _WireMention(Wire):
    id: Id
    acct: str
    url: str | None = None


class _WireTag(Wire):
    name: str


class _WireBoost(Wire):
    id: Id


class WireStatus(Wire):
    """A status."""

    id: Id
    created_at: Moment
    account: WireAccount
    content: str
    visibility: str
    in_reply_to_id: Id | None = None
    in_reply_to_account_id: Id | None = None
    spoiler_text: str | None = ""
    url: str | None = None
    uri: str | None = None
    language: str | None = None
    edited_at: Moment | None = None
    reblog: _WireBoost | None = None
    mentions: tuple[_WireMention, ...] = Field(default=(), strict=False)
    tags: tuple[_WireTag, ...] = Field(default=(), strict=False)

    @property
    def text(self) -> str:
        """What a reader sees: the content warning, then the text."""
        return "\n\n".join(part for part in (plain(self.spoiler_text or ""), plain(self.content)) if part)

    @property
    def version(self) -> str:
        """The time of the last edit, or of writing; it changes when the text is edited."""
        return (self.edited_at or self.created_at).isoformat()

    @property
    def seen_by(self) -> Visibility:
        """Who can see it; a visibility we do not know counts as narrow."""
        return _VISIBILITIES.get(self.visibility, Visibility.FOLLOWERS)

    @property
    def address(self) -> str:
        """Where a person can open it, or ""."""
        return next((link for link in (self.url, self.uri) if link and link.startswith(("https://", "http://"))), "")


class WireNotification(Wire):
    """A notification. `status` is missing where it was deleted meanwhile."""

    id: Id
    type: str
    status: WireStatus | None = None


class WireContext(Wire):
    """The posts above one (oldest first) and below it."""

    ancestors: tuple[WireStatus, ...] = Field(strict=False)
    descendants: tuple[WireStatus, ...] = Field(strict=False)


def base_url(instance: str) -> str:
    """Return the address of an instance named by its host (`mastodon.social`) or by an http(s) address."""
    return instance.strip() if "://" in instance else f"https://{instance.strip()}"


def is_id(value: str) -> bool:
    """Return whether this can be an id, and so may stand in a path."""
    return re.fullmatch(_ID, value) is not None


def read(kind: TypeAdapter[Checked], body: object, what: str) -> Checked:
    """Read an answer's body as `kind`.

    Raises:
        Malformed: it is something else; the message says where.
    """
    try:
        return kind.validate_python(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"]).lstrip(".")
    message = f"{what} made no sense at {path or 'its top'}: {first['msg']}"
    raise Malformed(message)


def check(answer: Answer, host: str, secret: str) -> Answer:
    """Return a 2xx answer.

    Raises:
        RateLimited: the server asks us to wait.
        SignInNeeded: it refuses the token, or wants one.
        NetworkError: anything else.
    """
    if answer.ok:
        return answer
    said = said_by(answer)
    if answer.status == _TOO_MANY:
        message = f"{host} asks us to wait"
        raise RateLimited(message, retry_after(answer.headers, now()))
    # Since 4.x an instance may close its timelines: it answers 401, or 422 with these words.
    if answer.status in _NO_SIGN_IN or "authenticated user" in said:
        message = f"{host} wants a sign-in" + (f": {said}" if said else "")
        raise SignInNeeded(message, f"Put an access token into the secret {secret} ({secret_variable(secret)}).")
    message = f"{host} answered {answer.status}" + (f": {said}" if said else "")
    raise NetworkError(message)


def said_by(answer: Answer) -> str:
    """Return the server's own words for a failure, fit to be shown, or "" where it gave none in the form it should."""
    said = answer.body.get("error") if isinstance(answer.body, dict) else None
    return visible(said, newlines=False)[:200] if isinstance(said, str) else ""


def post_of(status: WireStatus, thread_id: str, *, own: bool) -> Post:
    """Return our record of a status."""
    mentions: list[str] = []
    for mention in status.mentions:
        mentions += [*names_of(mention.acct, mention.url), mention.id]
    return Post(
        network=NETWORK,
        id=status.id,
        text=status.text,
        author=author_of(status.account),
        created_at=status.created_at,
        thread_id=thread_id,
        url=status.address,
        visibility=status.seen_by,
        parent_id=status.in_reply_to_id,
        parent_author_id=status.in_reply_to_account_id,
        mentions=tuple(dict.fromkeys(mentions)),
        tags=tuple(tag.name for tag in status.tags),
        language=status.language,
        version=status.version,
        own=own,
    )


def names_of(acct: str, url: str | None) -> list[str]:
    """Return the handles an account answers to: as the server writes it, and with the host where that is left out."""
    try:
        host = urlsplit(url or "").hostname
    except ValueError:
        host = None
    return [acct, f"{acct}@{host}"] if host and "@" not in acct else [acct]


def author_of(account: WireAccount) -> Author:
    """Return our record of an account."""
    followers = account.followers_count
    return Author(
        network=NETWORK,
        id=account.id,
        handle=account.acct,
        display_name=account.display_name,
        followers=followers if followers is not None and followers >= 0 else None,
        bot=bool(account.bot),
        bio=account.bio,
    )
