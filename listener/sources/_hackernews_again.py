"""Reading known posts of Hacker News once more, one by one.

hn.algolia.com/api (November 2026): `/api/v1/items/ID` gives a post with all that stands below it, and 404 where there is none; of a post
that was deleted or is dead, author and words are null.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from listener.errors import Malformed
from listener.http import Answer
from listener.shapes import Wire

MOST = 10
SLOWEST = timedelta(days=7)

_NOT_FOUND = 404
_LAST_MOMENT = 253_402_300_799  # the end of the year 9999


class Item(Wire):
    """A story or a comment as it is told by itself."""

    id: Annotated[int, Field(ge=0)]
    created_at_i: Annotated[int, Field(ge=0, le=_LAST_MOMENT)]
    author: str | None = None
    title: str | None = None
    text: str | None = None
    story_id: int | None = None
    parent_id: int | None = None


_item = TypeAdapter(Item)


async def look(
    ids: Sequence[str], ask: Callable[[str], Awaitable[Answer]], check: Callable[[Answer], Answer]
) -> tuple[list[Item], list[str]]:
    """Return the posts that are there, and the ids of those that are gone.

    Raises:
        RateLimited, Malformed, NotConnected, NetworkError
    """
    there: list[Item] = []
    gone: list[str] = []
    for each in (each for each in ids if each.isascii() and each.isdigit()):
        answer = await ask(each)
        if answer.status == _NOT_FOUND:
            gone.append(each)
            continue
        item = _read(check(answer))
        if item.author is None:
            gone.append(each)
        else:
            there.append(item)
    return there, gone


def _read(answer: Answer) -> Item:
    try:
        return _item.validate_python(answer.body)
    except ValidationError:
        message = "a post of Hacker News, asked for by its id, makes no sense"
        raise Malformed(message) from None
