"""Text as Reddit takes it: markdown that shows exactly the words that were approved, and how long it is.

Reddit reads every comment as markdown (CommonMark in its new pages, its own "snudown" in the old ones), which would turn `#1` at the
start of a line into a heading, `order_no_7` into italics, and a line break into a space. Both take a backslash before the signs used
here. Addresses stay as they are, because in the old pages a backslash inside one becomes part of the link.
"""

from __future__ import annotations

import re
from itertools import pairwise

from responders.channels.base import TextLimits

MOST_CHARACTERS = 10_000
"""The longest comment, counted in markdown (Reddit's own code: `POST_comment`, `max_length=10000`)."""

_ADDRESS = re.compile(r"""https?://[^\s<>"\\*`|\[\]]*[^\s<>"\\*`|\[\].,;:!?)'}]""", re.IGNORECASE)
_SIGNS = re.compile(r"[\\`*_\[\]<>~^|&]")
_AT_A_LINE_S_START = re.compile(r"(?:#+|[-+=]+|\d{1,10}[.)])(?=\s|$|[-+=#])|#|:(?=-)|-+(?=:)")  # ":-" and "-:" begin a table's rule


def markdown(text: str) -> str:
    """Return the markdown that shows `text` as it stands. White space at the start of a line cannot be shown and is left out."""
    lines = [_line(line.strip()) for line in text.strip().splitlines()]
    shown = [f"{line}  " if line and following else line for line, following in pairwise([*lines, ""])]
    return "\n".join(shown)  # two spaces at a line's end keep the break


def _line(line: str) -> str:
    first = _AT_A_LINE_S_START.match(line)
    marked = _inline(line)
    if first is None:
        return marked
    last = len(first[0]) - 1 if first[0][0].isdigit() else 0  # "1." is a list because of its dot
    return f"{marked[:last]}\\{marked[last:]}"


def _inline(line: str) -> str:
    parts: list[str] = []
    at = 0
    for found in _ADDRESS.finditer(line):
        parts += [_SIGNS.sub(r"\\\g<0>", line[at : found.start()]), found[0]]
        at = found.end()
    return "".join((*parts, _SIGNS.sub(r"\\\g<0>", line[at:])))


def essence(text: str) -> str:
    """Return what stays of a text however a server keeps its white space."""
    return " ".join(text.split())


def count(text: str) -> int:
    """Count the characters that Reddit would count."""
    return len(markdown(text))


def problem(text: str) -> str:
    """Say why a text cannot be a comment as it stands, or ""."""
    length = count(text)
    if length > MOST_CHARACTERS:
        return f"it is {length} characters long as Reddit counts, {length - MOST_CHARACTERS} more than a comment may have"
    return "" if text.strip() else "it says nothing"


LIMITS = TextLimits(MOST_CHARACTERS, count, problem)
