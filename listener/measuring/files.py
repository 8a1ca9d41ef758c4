"""Files of labelled posts: JSON lines, a table with commas, or a list in YAML; each also gzipped.

What cannot be read is told by its line and left out; the rest is read.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import yaml

from listener.errors import EarnestError
from listener.measuring.written import json_object

_GZIP = b"\x1f\x8b"
_BETWEEN = ",;\t"  # what stands between the cells of a table, by country
_LONGEST_CELL = 1_000_000
_BY_NAME = {"jsonl": "jsonl", "ndjson": "jsonl", "csv": "csv", "tsv": "csv", "yaml": "yaml", "yml": "yaml"}
_NO_UTF8 = "it is not UTF-8 text"


class Found(NamedTuple):
    """One row of a file: the line it begins on, its fields by column, or why it could not be read."""

    line: int
    fields: Mapping[str, object]
    problem: str = ""


def rows(raw: bytes, name: str) -> Iterator[Found]:
    """Yield the rows of a file; the end of its name says what it is, or else how it begins.

    Raises:
        EarnestError: nothing of it can be read.
    """
    text = _unpacked(raw, name).decode("utf-8-sig", errors="surrogateescape")
    if "\0" in text[:1000]:
        message = f"{name} is no text"
        raise EarnestError(message, "a file of posts is JSON lines, CSV or YAML, gzipped or not")
    kind = _BY_NAME.get(name.lower().removesuffix(".gz").rsplit(".", 1)[-1]) or _kind(text)
    return {"jsonl": _json_lines, "csv": _table, "yaml": _list}[kind](text, name)


def _unpacked(raw: bytes, name: str) -> bytes:
    if not raw.startswith(_GZIP):
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as problem:
        message = f"{name} cannot be unpacked: {problem}"
        raise EarnestError(message, "it is cut off or damaged; copy it again") from None


def _kind(text: str) -> str:
    """Say what a text is by its first line with words in it."""
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    if first.lstrip().startswith("{"):
        return "jsonl"
    return "yaml" if first.startswith(("- ", "[", "---")) else "csv"


def _is_text(*words: object) -> bool:
    """Whether no byte of these was left over that is no UTF-8."""
    return not any(isinstance(one, str) and any("\udc80" <= letter <= "\udcff" for letter in one) for one in words)


def _json_lines(text: str, _name: str) -> Iterator[Found]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        if not line.isascii() and not _is_text(line):
            yield Found(number, {}, _NO_UTF8)
            continue
        try:
            yield Found(number, json_object(line.strip()))
        except ValueError as problem:
            yield Found(number, {}, str(problem))


def _table(text: str, name: str) -> Iterator[Found]:
    csv.field_size_limit(_LONGEST_CELL)
    lines = text.splitlines(keepends=True)
    head = next((line for line in lines if line.strip()), "")
    reader = csv.reader(lines, delimiter=max(_BETWEEN, key=head.count), strict=True)
    columns: list[str] = []
    begins = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            if not columns:
                message = f"the first line of {name} names no columns: {problem}"
                raise EarnestError(message, "a table begins with a line such as: text,sentiment") from None
            yield Found(begins, {}, f"it is no CSV: {problem}")
            begins = reader.line_num + 1
            continue
        line, begins = begins, reader.line_num + 1
        if not row:
            continue
        if not columns:
            columns = [cell.strip() for cell in row]
        elif len(row) != len(columns):
            yield Found(line, {}, f"it has {len(row)} cells, and the first line names {len(columns)} columns")
        else:
            yield Found(line, dict(zip(columns, row, strict=True)), "" if _is_text(*row) else _NO_UTF8)


def _list(text: str, name: str) -> Iterator[Found]:
    if not _is_text(text):
        message = f"{name} is not UTF-8 text"
        raise EarnestError(message, "save it as UTF-8")
    loader = yaml.SafeLoader(text)
    try:
        whole = loader.get_single_node()
        if not isinstance(whole, yaml.SequenceNode):
            message = f"{name} is no list of posts"
            raise EarnestError(message, 'each post begins with a dash: - {post: "…", sentiment: negative}')
        for node in whole.value:
            fields = loader.construct_document(node) if isinstance(node, yaml.MappingNode) else None
            line = node.start_mark.line + 1
            yield Found(line, fields) if isinstance(fields, dict) else Found(line, {}, "it has no columns")
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark else name
        message = f"{where} cannot be read: {getattr(problem, 'problem', None) or 'no YAML is written like this'}"
        raise EarnestError(message, "every mistake of a YAML file ends its reading; mend this one first") from None
    finally:
        loader.dispose()
