"""What the YAML reader says when it stops, put into words for a person.

The reader's own words ("expected <block end>, but found '<scalar>'") tell of its inside. Each row below knows one of them and says
what most likely happened in the file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from listener.rules.problems import Problem, Sheet

if TYPE_CHECKING:
    from ruamel.yaml.error import MarkedYAMLError

_INDENT_HINT = "keys of one group start in the same column; a list's dashes too"
_QUOTE_HINT = "put the whole text in quotes"

# What the reader's words hold, whether the place is where the part began (else where it stopped), our code, words and hint.
_ROWS: tuple[tuple[str, bool, str, str, str], ...] = (
    (
        "found character '@'",
        False,
        "yaml-sign",
        'a YAML word cannot start with "@": write names without it, or put them in quotes',
        "",
    ),
    ("found character '`'", False, "yaml-sign", 'a YAML word cannot start with "`": put it in quotes', ""),
    ("found character '%'", False, "yaml-sign", 'a YAML word cannot start with "%": put it in quotes', ""),
    ("found character '\\t'", False, "tab", "a tab cannot stand here", "use spaces"),
    (
        "mapping values are not allowed here",
        False,
        "yaml",
        'this ":" is one too many, or the line is indented too far',
        'a text that holds ": " needs quotes; ' + _INDENT_HINT,
    ),
    ("expected ',' or ']'", True, "yaml", 'the list that starts here with "[" is not closed with "]"', ""),
    ("expected ',' or '}'", True, "yaml", 'the group that starts here with "{" is not closed with "}"', _QUOTE_HINT),
    ("found unexpected end of stream", True, "yaml", "the quote that starts here is never closed", ""),
    ("found unexpected document separator", True, "yaml", "the quote that starts here is never closed", ""),
    (
        "unknown escape character",
        False,
        "yaml",
        'in double quotes a "\\" starts a sign of its own',
        'use single quotes: they keep "\\" as it is',
    ),
    (
        "expected escape sequence",
        False,
        "yaml",
        'in double quotes a "\\" starts a sign of its own',
        'use single quotes: they keep "\\" as it is',
    ),
    (
        "sequence entries are not allowed here",
        False,
        "yaml",
        'a list cannot start with "-" in this place',
        'start it on the next line, write [a, b], or put a text that starts with "-" in quotes',
    ),
    (
        "but found '<scalar>'",
        False,
        "yaml",
        "something more stands here after the value is complete",
        _QUOTE_HINT + ", or look at the indentation",
    ),
    ("expected <block end>", False, "yaml", "this line is not indented like the ones above it", _INDENT_HINT),
    ("could not find expected ':'", True, "yaml", 'a ":" is missing after this word', 'a setting is "name: value"'),
    ("while scanning a simple key", True, "yaml", 'a ":" is missing after this word', 'a setting is "name: value"'),
    ("expected the node content", False, "yaml", "a value is missing here", _QUOTE_HINT + " if it is one"),
    ("expected chomping or indentation", False, "yaml", 'after "|" or ">" the text starts on the next line', _QUOTE_HINT),
    ("found undefined alias", False, "alias", "aliases are not read", "write the value out where it is needed"),
    ("undefined tag handle", False, "tag", 'tags ("!...") are not read', "remove it; put text in quotes"),
    ("anchor", False, "anchor", "anchors are not read", "write the value out where it is needed"),
    ("alias", False, "alias", "aliases are not read", 'write the value out; put a text that starts with "*" in quotes'),
    ("tag", False, "tag", 'tags ("!...") are not read', 'put a text that starts with "!" in quotes'),
    ("directive", False, "directive", 'lines that start with "%" are not read', "remove them"),
)

_COMMENT_TRAP = re.compile(r"[\[,]\s*(#[^\]#\s]*)[^\]#]*\]")
_BRACKETS = ("expected ',' or ']'", "expected ',' or '}'")
_APOSTROPHE = re.compile(r"'[^'\"]*\w'$")


def explain(sheet: Sheet, error: MarkedYAMLError) -> Problem:
    """Turn what the YAML reader raised into a problem a person can act on."""
    if trap := _comment_trap(sheet, error):
        return trap
    words = f"{error.context or ''} | {error.problem or ''}"
    for needle, at_start, code, message, hint in _ROWS:
        if needle in words:
            mark = (error.context_mark if at_start else None) or error.problem_mark or error.context_mark
            at = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            return sheet.problem(at, code, message, _apostrophe(sheet, at) or _lone_quote(sheet, at, needle) or hint)
    mark = error.problem_mark or error.context_mark
    return unreadable(sheet, (mark.line + 1, mark.column + 1) if mark else (1, 1))


def _apostrophe(sheet: Sheet, at: tuple[int, int]) -> str:
    before = sheet.lines[at[0] - 1][: at[1] - 1] if at[0] <= len(sheet.lines) else ""
    return 'a text with an apostrophe goes into double quotes: "..."' if _APOSTROPHE.search(before) else ""


def _lone_quote(sheet: Sheet, at: tuple[int, int], needle: str) -> str:
    """Say that the bracket may be there, inside a quote that is not closed in its line."""
    line = sheet.lines[at[0] - 1] if at[0] <= len(sheet.lines) else ""
    lone = needle in _BRACKETS and line.replace('\\"', "").count('"') % 2
    return "a quote in this line is not closed, so what follows belongs to it" if lone else ""


def _comment_trap(sheet: Sheet, error: MarkedYAMLError) -> Problem | None:
    """Find `[#tag]` above the place where the reader stopped: the comment swallowed the bracket that closes the list."""
    last = error.problem_mark.line if error.problem_mark else 0
    for number in range(min(last, len(sheet.lines) - 1), -1, -1):
        if found := _COMMENT_TRAP.search(sheet.lines[number]):
            message = 'a "#" starts a comment, so this list is never closed'
            return sheet.problem((number + 1, found.start(1) + 1), "yaml", message, "write hashtags without #, or put the text in quotes")
    return None


def unreadable(sheet: Sheet, at: tuple[int, int]) -> Problem:
    """Return the problem for what nothing more can be said about."""
    return sheet.problem(at, "yaml", "this cannot be read as YAML", "look at the quotes, brackets and indentation near here")
