"""What Reddit sends, read into our records; shared by the source that hears it and the channel that speaks there.

Shapes as in Reddit's own code (github.com/reddit-archive/reddit, 2017) and in the exchanges recorded for praw 8.0.3: a "thing" is
`{kind, data}`, its fullname `t1_…` (a comment) or `t3_…` (a submission) is its id here. Everything is asked for with `raw_json=1`,
without which `&`, `<` and `>` come escaped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Literal, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from listener.errors import Malformed
from listener.http import Answer
from listener.model import Account, Author, Post
from listener.shapes import Wire
from listener.text import one_line

NETWORK = "reddit"
SITE = "https://www.reddit.com"
COMMENT, SUBMISSION = "t1", "t3"

_FULLNAME = r"t[1-9]_[0-9a-z]{1,20}"
_PLACE = re.compile(r"/r/[A-Za-z0-9_]{1,50}/comments/([0-9a-z]{1,20})(?:/[^?#\s]*)?")
# What stands in place of a text that its author, a moderator or Reddit took away.
_TAKEN_AWAY = frozenset({"[deleted]", "[removed]", "[ removed by reddit ]", "[removed by reddit]"})
# New Reddit's editor writes these where a person typed a blank line, and a backslash before signs that markdown would eat.
_BLANK = re.compile(r"&#x200B;|&nbsp;", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_BOT = re.compile(r"(?i:automoderator|bot[_-].*|.*[_-]bot)|.*[a-z0-9]B(?:ot|OT)")

Checked = TypeVar("Checked")
Fullname = Annotated[str, Field(pattern=f"^{_FULLNAME}$")]


class WireToken(Wire):
    """An access token. `expires_in` is in seconds."""

    access_token: Annotated[str, Field(min_length=1)]
    expires_in: int
    scope: str


class WireMe(Wire):
    """Our own account. `id` is without `t2_`."""

    id: Annotated[str, Field(pattern=r"^[0-9a-z]{1,20}$")]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    is_suspended: bool = False


class WireThing(Wire):
    """A comment or a submission. `edited` is false, or seconds since 1970; `context` is how the inbox says where it stands."""

    name: Fullname
    author: str | None
    created_utc: Annotated[float, Field(ge=0, lt=100_000_000_000)]
    subreddit: str = ""
    author_fullname: Fullname | None = None
    permalink: str = ""
    context: str = ""
    locked: bool = False
    archived: bool = False
    removed_by_category: str | None = None
    body: str | None = None
    title: str | None = None
    selftext: str | None = None
    link_id: Fullname | None = None
    parent_id: Fullname | None = None
    type: str = ""

    @property
    def text(self) -> str:
        """What a reader sees of it, with the editor's own escapes taken out; other markdown stays as it was typed."""
        parts = (self.body,) if self.body is not None else (self.title, self.selftext)
        return "\n\n".join(plain(part) for part in parts if part)

    @property
    def version(self) -> str:
        """A digest of the text: Reddit marks no edit made in the first three minutes, so `edited` alone would miss it."""
        return sha256(self.text.encode()).hexdigest()[:16]

    @property
    def gone(self) -> bool:
        """Whether its author has gone, or its text was taken away."""
        taken = any((part or "").strip().lower() in _TAKEN_AWAY for part in (self.author, self.body, self.selftext, self.title))
        return taken or self.author is None or self.removed_by_category is not None

    @property
    def thread(self) -> str:
        """The fullname of the submission it stands under, "" where that cannot be told."""
        if self.name.startswith(SUBMISSION):
            return self.name
        found = _PLACE.fullmatch(self.context.partition("?")[0])
        return self.link_id or (f"{SUBMISSION}_{found[1]}" if found else "")

    @property
    def address(self) -> str:
        """Where a person can open it, or ""."""
        for path in (self.permalink, self.context.partition("?")[0]):
            if _PLACE.fullmatch(path):
                return SITE + path
        bare = self.name.partition("_")[2]
        if not self.thread:
            return ""
        return f"{SITE}/comments/{self.thread.partition('_')[2]}/" + ("" if self.thread == self.name else f"_/{bare}/")

    @property
    def created_at(self) -> datetime:
        """When it was written."""
        return datetime.fromtimestamp(self.created_utc, UTC)


class WireEntry(Wire):
    """One thing in a list, still unread."""

    kind: str
    data: Mapping[str, object]


class _Listed(Wire):
    children: list[WireEntry]
    after: str | None = None


class WireListing(Wire):
    """A list of things. `data.after` is where the next page begins, None on the last."""

    kind: Literal["Listing"]
    data: _Listed


_thing = TypeAdapter(WireThing)


def read(kind: type[Checked] | TypeAdapter[Checked], body: object, what: str) -> Checked:
    """Read an answer's body as `kind`.

    Raises:
        Malformed: it is something else; the message says where.
    """
    adapter: TypeAdapter[Checked] = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
    try:
        return adapter.validate_python(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in first["loc"]).lstrip(".")
    message = f"{what} made no sense at {path or 'its top'}: {first['msg']}"
    raise Malformed(message)


def read_thing(entry: WireEntry, what: str) -> WireThing:
    """Read an entry as the comment or submission it must be.

    Raises:
        Malformed: it is something else.
    """
    thing = read(_thing, entry.data, what)
    wanted = thing.body if entry.kind == COMMENT else thing.title
    if entry.kind not in {COMMENT, SUBMISSION} or not thing.name.startswith(f"{entry.kind}_") or wanted is None:
        message = f"{what} is neither a comment nor a submission"
        raise Malformed(message)
    return thing


def is_id(value: str) -> bool:
    """Return whether this can be the id of a comment or a submission."""
    return re.fullmatch(_FULLNAME, value) is not None and value.startswith((COMMENT, SUBMISSION))


def plain(markdown: str) -> str:
    """Return a text without what only new Reddit's editor put into it."""
    return _ESCAPED.sub(r"\1", _BLANK.sub(_blank, markdown)).strip()


def _blank(found: re.Match[str]) -> str:
    return " " if found[0].lower() == "&nbsp;" else ""


def said_by(answer: Answer) -> str:
    """Return Reddit's own words for a failure, fit to be shown; the status where it gave none in the form it should."""
    body = answer.body if isinstance(answer.body, Mapping) else {}
    told = next((body[key] for key in ("explanation", "reason", "message", "error") if isinstance(body.get(key), str)), "")
    return one_line(str(told), 200) or f"status {answer.status}"


def is_by(thing: WireThing, account: Account) -> bool:
    """Return whether an account wrote it: by its id, or by its name (never given twice) where Reddit tells no id, as before 2018."""
    if thing.author_fullname is not None:
        return thing.author_fullname == account.id
    return (thing.author or "").casefold() == account.handle.casefold()


def author_of(thing: WireThing) -> Author:
    """Return our record of who wrote it."""
    handle = thing.author or ""
    return Author(NETWORK, thing.author_fullname or f"u/{handle}", handle, bot=_BOT.fullmatch(handle) is not None)


def post_of(thing: WireThing, *, own: bool, parent_author_id: str | None = None, mentions: tuple[str, ...] = ()) -> Post:
    """Return our record of a comment or a submission."""
    return Post(
        network=NETWORK,
        id=thing.name,
        text=thing.text,
        author=author_of(thing),
        created_at=thing.created_at,
        thread_id=thing.thread or thing.name,
        url=thing.address,
        parent_id=thing.parent_id if thing.name.startswith(COMMENT) else None,
        parent_author_id=parent_author_id,
        mentions=mentions,
        version=thing.version,
        own=own,
    )
