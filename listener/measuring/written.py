"""Posts that stand in a file instead of on a network, and the threads they belong to."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from listener.model import Author, Post

_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)  # judging a post does not look at the time
_THREADS_KEPT = 10_000
_EARLIER_KEPT = 20


class _NoNumberError(ValueError):
    """What stands for a number is none that JSON knows."""


def _number(written: str) -> float:
    """Read a number with a fraction. NaN, Infinity, and what is too large to be told from it would be no JSON when given back."""
    value = float(written)
    if not math.isfinite(value):
        raise _NoNumberError(written[:20])
    return value


def json_object(line: str) -> dict[str, object]:
    """Read a line of JSON.

    Raises:
        ValueError: it is no JSON object; the message says why.
    """
    try:
        found = json.loads(line, parse_float=_number, parse_constant=_number)
    except _NoNumberError as problem:
        message = f"it is no JSON: {problem} is no number"
        raise ValueError(message) from None
    except json.JSONDecodeError as problem:
        message = f"it is no JSON: {problem.msg} at column {problem.colno}"
        raise ValueError(message) from None
    except (ValueError, RecursionError):
        message = "its JSON holds what nobody writes: a number too long, or too many brackets"
        raise ValueError(message) from None
    if not isinstance(found, dict):
        message = "it is no JSON object"
        raise ValueError(message)  # noqa: TRY004 - a mistake in a file, not in a call
    return found


def written_post(post_id: str, text: str, *, network: object = None, author: object = None) -> Post:
    """Make a post of a text; a network or an author that is no text is as good as none."""
    who, where = _name(author, "somebody"), _name(network, "text")
    return Post(where, post_id, text, Author(where, who, who), _ANY_TIME, post_id)


@dataclass
class Threads:
    """Remembers the threads that posts of a file belong to."""

    known: OrderedDict[str, list[Post]] = field(default_factory=OrderedDict)

    def before(self, post: Post, thread: object) -> tuple[Post, ...]:
        """Return what was written before a post: the posts of its thread so far, where `thread` names one, or those that it lists."""
        if isinstance(thread, list):
            return tuple(_listed(thread, post))
        if not isinstance(thread, (str, int)):
            return ()
        known = self.known.setdefault(str(thread), [])
        self.known.move_to_end(str(thread))
        before = tuple(known)
        known[:] = [*known, post][-_EARLIER_KEPT:]
        if len(self.known) > _THREADS_KEPT:
            self.known.popitem(last=False)
        return before


def _listed(thread: Iterable[object], post: Post) -> Iterator[Post]:
    """Yield the posts of a thread that is written out: texts, or objects with "text" and perhaps "author"."""
    for index, one in enumerate(thread):
        fields = one if isinstance(one, dict) else {"text": one}
        text = fields.get("text")
        if isinstance(text, str):
            yield written_post(f"earlier-{index}", text, network=post.network, author=fields.get("author"))


def by_the_author(post: Post, texts: Iterable[str]) -> tuple[Post, ...]:
    """Return earlier posts of the same author."""
    return tuple(written_post(f"earlier-{index}", text, network=post.network, author=post.author.id) for index, text in enumerate(texts))


def _name(value: object, otherwise: str) -> str:
    return value if isinstance(value, str) and value else otherwise
