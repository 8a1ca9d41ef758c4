"""Where a character of a value stands in the file: behind its quotation mark, and behind the signs that were written as two."""

from __future__ import annotations

from listener.rules.problems import Sheet
from listener.rules.tree import Scalar


def inside(sheet: Sheet, node: Scalar, index: int) -> tuple[int, int]:
    """Return line and column (from 1) of the `index`-th character (from 0) of a value; where its first one is, if nobody can tell."""
    line, column = node.at
    source = sheet.lines[line - 1][column - 1 :] if 0 < line <= len(sheet.lines) else ""
    mark = source[:1] if source[:1] in {'"', "'"} else ""
    place, sign = len(mark), 0
    while sign < min(index, len(node.text)):
        step = 2 if mark == "'" and source[place : place + 2] == "''" else 1
        if mark == '"' and source[place : place + 1] == "\\":
            place, step = place + 1, 1
            if source[place : place + 1] not in {'"', "\\", "/"}:
                return node.at
        if source[place : place + 1] != node.text[sign]:  # a text over several lines, or one written in another way
            return node.at
        place, sign = place + step, sign + 1
    return line, column + place
