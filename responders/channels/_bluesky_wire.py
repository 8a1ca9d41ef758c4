"""What Bluesky answers, as far as speaking there needs it (lexicons `app.bsky.feed` and `com.atproto.repo`, November 2026)."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import Field, ValidationError

from listener.errors import Malformed
from listener.shapes import Wire


class Ref(Wire):
    """A record at one moment: where it stands, and the hash of what it says."""

    uri: str
    cid: str


class ReplyTo(Wire):
    """What a post answers, and the first post of that thread."""

    root: Ref
    parent: Ref


class Words(Wire):
    """A post's record. `created_at` is what its author's device said."""

    text: str
    reply: ReplyTo | None = None
    created_at: str = Field(default="", alias="createdAt")


class Viewer(Wire):
    """What a post means for the account that looks."""

    reply_disabled: bool = Field(default=False, alias="replyDisabled")


class View(Wire):
    """A post as it is shown."""

    uri: str
    cid: str
    record: Words
    viewer: Viewer = Viewer()

    @property
    def root(self) -> Ref:
        """The first post of the thread, as this post names it; it may itself be deleted by now."""
        return self.record.reply.root if self.record.reply else Ref(uri=self.uri, cid=self.cid)


class Views(Wire):
    """The answer about one post: none where it is gone, or hidden from us."""

    posts: Annotated[list[View], Field(max_length=1)]


class Own(Wire):
    """A record of our own account."""

    uri: str
    value: Words


class OwnPage(Wire):
    """Some records of our own account, newest first."""

    records: list[Own]
    cursor: str = ""


class ShownAuthor(Wire):
    """Who wrote a post that is shown."""

    did: str


class ShownPost(Wire):
    """A post in a thread."""

    uri: str
    author: ShownAuthor


class Below(Wire):
    """An answer in a thread."""

    post: ShownPost | None = None  # a deleted or blocked one has none


class Thread(Wire):
    """A post with its answers."""

    replies: list[Below] = Field(default_factory=list)


class Shown(Wire):
    """The answer about a thread."""

    thread: Thread


Shape = TypeVar("Shape", bound=Wire)


def read(model: type[Shape], body: object, what: str) -> Shape:
    """Read an answer's body as `model`.

    Raises:
        Malformed: it is something else.
    """
    try:
        return model.model_validate(body)
    except ValidationError:
        message = f"Bluesky's answer is no {what}"
        raise Malformed(message) from None
