"""The shapes in which Bluesky tells of people and posts, and how they become ours: shared by its notifications and its public stream."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, Field, ValidationError

from listener.bluesky_session import NETWORK, page_url
from listener.clock import from_text
from listener.errors import Malformed
from listener.model import Author, Post
from listener.shapes import Wire

START = datetime(1970, 1, 1, tzinfo=UTC)
PROFILES = 25  # the most that getProfiles gives at once

PLACE = re.compile(r"at://(?P<did>did:[a-z]+:[A-Za-z0-9._:%-]+)/[A-Za-z0-9.-]+/(?P<rkey>[A-Za-z0-9._:~-]+)")
_HANDLE = re.compile(r"(?<![\w@.])@((?:[a-z0-9-]{1,63}\.){1,8}[a-z][a-z0-9-]{0,62})", re.IGNORECASE | re.ASCII)


def _moment(value: object) -> datetime:
    """Read a time; what lies before 1970 becomes 1970, since the author's device may claim anything.

    Raises:
        ValueError: it is no time.
    """
    if not isinstance(value, str):
        message = "no time"
        raise ValueError(message)  # noqa: TRY004 - pydantic reads this kind
    try:
        return max(from_text(value), START)
    except OverflowError:
        return START


Moment = Annotated[datetime, BeforeValidator(_moment)]


class _Label(Wire):
    source: str = Field(alias="src")
    value: str = Field(alias="val")


class Person(Wire):
    """An account, as others see it."""

    did: str
    handle: str
    name: str = Field(default="", alias="displayName")
    bio: str = Field(default="", alias="description")
    labels: list[_Label] = Field(default_factory=list)
    followers: int | None = Field(default=None, alias="followersCount")


class Profiles(Wire):
    """What `app.bsky.actor.getProfiles` answers; accounts that do not exist are left out."""

    profiles: list[Person]


class _Feature(Wire):
    did: str = ""
    tag: str = ""


class _Facet(Wire):
    features: list[_Feature]


class _Ref(Wire):
    uri: Annotated[str, Field(pattern=PLACE.pattern)]


class _Reply(Wire):
    root: _Ref
    parent: _Ref


class Record(Wire):
    """A post as its author's server keeps it."""

    text: str
    created_at: Moment = Field(alias="createdAt")
    facets: list[_Facet] = Field(default_factory=list)
    reply: _Reply | None = None
    langs: list[str] = Field(default_factory=list)
    tags: list[str] = Field(default_factory=list)


_Model = TypeVar("_Model", bound=Wire)


def read(model: type[_Model], body: Mapping[str, object], what: str) -> _Model:
    """Read an answer's body.

    Raises:
        Malformed: it is something else.
    """
    try:
        return model.model_validate(body)
    except ValidationError:
        message = f"Bluesky's answer is no {what}"
        raise Malformed(message) from None


def author_of(person: Person) -> Author:
    """Return our record of an account."""
    # Only what the account says of itself counts: anybody may run a labeller.
    bot = any(label.value == "bot" and label.source == person.did for label in person.labels)
    return Author(NETWORK, person.did, person.handle, person.name, person.followers, bot, person.bio)


def url_of(author: Author, uri: str) -> str:
    """Return the address of a post that a person can open, "" where `uri` is no post's."""
    here = PLACE.fullmatch(uri)
    return page_url(author.handle, author.id, here["rkey"]) if here else ""


def post_of(record: Record, uri: str, cid: str, author: Author, at: datetime, *, named: Iterable[str] = (), own: bool = False) -> Post:
    """Return our record of a post that Bluesky first saw at `at`; `named` are those it speaks to beside the ones in its words."""
    parent = record.reply and PLACE.fullmatch(record.reply.parent.uri)
    features = [feature for facet in record.facets for feature in facet.features]
    spoken_to = [*(feature.did for feature in features), *_HANDLE.findall(record.text), *named]
    return Post(
        network=NETWORK,
        id=uri,
        text=record.text,
        author=author,
        created_at=min(record.created_at, at),
        thread_id=record.reply.root.uri if record.reply else uri,
        url=url_of(author, uri),
        parent_id=record.reply.parent.uri if record.reply else None,
        parent_author_id=parent["did"] if parent else None,
        mentions=tuple(dict.fromkeys(name for name in spoken_to if name)),
        tags=tuple(dict.fromkeys(tag for tag in [*(feature.tag for feature in features), *record.tags] if tag)),
        language=record.langs[0].partition("-")[0].lower() if len(record.langs) == 1 else None,
        version=cid,
        own=own,
    )
