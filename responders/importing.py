"""Taking in history: JSON lines from an export, as posts or as whole conversations.

A post a line:          {"id", "text", "author", "created_at", "thread", "url"}
A conversation a line:  {"id", "turns": [{"from": "customer" | "brand", "text", "created_at"}]}

Only `text` (or `turns`) and `id` are needed. `author` may be a handle or {"id", "handle", "name"}. A post written by our own handle on
that network counts as ours. What has no time of its own is laid out in the order of the file, a second apart for each conversation and
a minute for each turn, beginning thirty days before the file's own date.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from listener.clock import from_text
from listener.errors import EarnestError
from listener.model import Author, Post

_BEFORE = timedelta(days=30)
_LONGEST = 5_000_000


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that could not be read: its number, counted from 1, and why."""

    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class Origin:
    """What holds for every line of one import."""

    network: str
    brand: str
    own_handle: str
    begins: datetime


def origin(path: Path, network: str, brand: str, own_handle: str) -> Origin:
    """Describe an import from a file; `own_handle` is ours on that network, or empty.

    Raises:
        EarnestError: the file cannot be looked at.
    """
    try:
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as problem:
        message = f"cannot read {path}: {problem.strerror}"
        raise EarnestError(message) from None
    return Origin(network, brand, own_handle.casefold(), modified - _BEFORE)


def open_lines(path: Path) -> IO[bytes]:
    """Open a file of JSON lines, gzipped or not.

    Raises:
        EarnestError: it cannot be opened.
    """
    try:
        stream = path.open("rb")
        packed = stream.read(2) == b"\x1f\x8b"
        stream.seek(0)
    except OSError as problem:
        message = f"cannot read {path}: {problem.strerror}"
        raise EarnestError(message) from None
    return gzip.GzipFile(fileobj=stream) if packed else stream  # type: ignore[return-value]  # it is read line by line


def read(lines: Iterable[bytes], where: Origin) -> Iterator[tuple[Post, ...] | Broken]:
    """Turn lines into the posts of one conversation each, or into what is wrong with them. Empty lines are passed over.

    A file that ends in the middle or is damaged gives what stands before that, and a last broken line.
    """
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _read_line(line, where, number)
    except (EOFError, OSError, zlib.error):
        yield Broken(number + 1, "the file ends in the middle or is damaged from here on; what stands before it was taken")


def _read_line(line: bytes, where: Origin, number: int) -> tuple[Post, ...] | Broken:
    try:
        return _posts(_object(line), where, number)
    except RecursionError:
        return Broken(number, "nested too deeply")
    except ValueError as problem:
        return Broken(number, str(problem))


def _object(line: bytes) -> Mapping[str, object]:
    if len(line) > _LONGEST:
        message = f"longer than {_LONGEST:,} bytes"
        raise ValueError(message)
    try:
        found = json.loads(line)
    except json.JSONDecodeError as problem:
        message = f"not JSON: {problem.msg} at column {problem.colno}"
        raise ValueError(message) from None
    except UnicodeDecodeError:
        message = "not UTF-8 text"
        raise ValueError(message) from None
    if not isinstance(found, dict):
        message = "not a JSON object"
        raise ValueError(message)  # noqa: TRY004  # one kind of complaint for every broken line
    return found


def _text(fields: Mapping[str, object], key: str, default: str | None = None) -> str:
    value = fields.get(key, default)
    if isinstance(value, int) and not isinstance(value, bool) and key in {"id", "thread", "author"}:
        return str(value)
    if not isinstance(value, str) or (not value and default is None):
        message = f'"{key}" is missing' if key not in fields else f'"{key}" must be text'
        raise ValueError(message)
    return value


def _moment(fields: Mapping[str, object], default: datetime) -> datetime:
    if fields.get("created_at") is None:
        return default
    words = _text(fields, "created_at")
    try:
        return from_text(words)
    except ValueError:
        message = f'"created_at" is no moment: {words[:40]}; write it like 2026-11-22T09:30:00Z'
        raise ValueError(message) from None


def _posts(fields: Mapping[str, object], where: Origin, number: int) -> tuple[Post, ...]:
    if "turns" in fields:
        return _turns(fields, where, number)
    post_id = _text(fields, "id")
    author = _author(fields.get("author"), where, f"author-{post_id}")
    return (
        Post(
            network=where.network,
            id=post_id,
            text=_text(fields, "text"),
            author=author,
            created_at=_moment(fields, where.begins + timedelta(seconds=number)),
            thread_id=_text(fields, "thread", post_id) or post_id,
            url=_text(fields, "url", ""),
            own=bool(where.own_handle) and author.handle.casefold() == where.own_handle,
        ),
    )


def _author(found: object, where: Origin, unnamed: str) -> Author:
    if isinstance(found, Mapping):
        handle = _text(found, "handle", _text(found, "id", unnamed)).removeprefix("@")
        return Author(where.network, _text(found, "id", handle), handle, display_name=_text(found, "name", ""))
    if found is None:
        return Author(where.network, unnamed, unnamed)
    handle = _text({"author": found}, "author").removeprefix("@")
    return Author(where.network, handle, handle)


def _turns(fields: Mapping[str, object], where: Origin, number: int) -> tuple[Post, ...]:
    name = _text(fields, "id")
    turns = fields["turns"]
    if not isinstance(turns, list) or not turns:
        message = '"turns" must be a list with at least one turn'
        raise ValueError(message)
    customer = _author(fields.get("author"), where, f"customer-{name}")
    brand = Author(where.network, f"brand:{where.brand}", where.own_handle or where.brand)
    start = where.begins + timedelta(seconds=number)
    posts: list[Post] = []
    for index, turn in enumerate(turns):
        if not isinstance(turn, Mapping) or turn.get("from") not in {"customer", "brand"}:
            message = f'turn {index + 1} needs "from": "customer" or "brand"'
            raise ValueError(message)
        own = turn["from"] == "brand"
        before = posts[-1] if posts else None
        posts.append(
            Post(
                network=where.network,
                id=f"{name}/{index}",
                text=_text(turn, "text"),
                author=brand if own else customer,
                created_at=_moment(turn, start + timedelta(minutes=index)),
                thread_id=f"{name}/0",
                url=_text(fields, "url", ""),
                parent_id=before.id if before else None,
                parent_author_id=before.author.id if before else None,
                own=own,
            )
        )
    return tuple(posts)
