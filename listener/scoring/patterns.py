r"""Patterns from rules.yaml: RE2, so that no post can make them slow, with words and boundaries of every script.

RE2's own `\b`, `\w` and `\d` know ASCII only. Here `\w` is any letter, digit, mark or underscore, and `\b` at an end of a pattern is the
end of a word in any script. Inside a pattern, where RE2 could not look around, `\b` asks nothing. Letters are folded as texts are, so
that "Straße" and full-width signs match what they should.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import re2
import regex

from listener.text import clean

_LETTER = r"\pL\pN\pM_"
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}\p{Hangul}ー"
_ANY_UNSPACED = regex.compile(f"[{_UNSPACED}]")
_EDGE = rf"[^{_LETTER}]|[{_UNSPACED}]"
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|[A-Za-z]?[^\x00-\x7f]+|.", re.DOTALL)
_FOREIGN = re.compile(r"[^\x00-\x7f]")
_HALF = re.compile(r"[\ud800-\udfff]")
_CLUSTER = regex.compile(r"\X")
_REFUSED = (
    (re.compile(r"\(\?<?="), "it looks around itself with (?= or (?<=, which cannot be done in linear time: write what stands there"),
    (re.compile(r"\(\?<?!"), "it looks around itself with (?! or (?<!, which cannot be done in linear time: list what it may match"),
    (
        re.compile(r"\\[1-9]|\(\?P=|\\k[<{]"),
        "it refers back to a group (such as \\1), which cannot be done in linear time: write the words out",
    ),
    (re.compile(r"\(\?>|[*+?}]\+"), "it has a possessive or atomic part, which is not needed here: take the extra + or ?> away"),
    (re.compile(r"\(\?\("), "it has a condition (?( … ), which cannot be done in linear time: write two patterns"),
)
_LONGEST = 2_000  # characters of a pattern


def _options() -> re2.Options:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return options


def _translate(pattern: str) -> str:
    r"""Write `\w`, `\W` and `\b` so that they mean every script."""
    pieces = _PIECE.findall(pattern)
    opens, closes = pieces[:1] == [r"\b"], len(pieces) > 1 and pieces[-1] == r"\b"
    inside = pieces[opens : len(pieces) - closes]
    body = "".join(_translate_piece(piece) for piece in inside)
    # Where a script writes no spaces, a word needs none beside it.
    opens, closes = (
        asked and not _ANY_UNSPACED.match(sign) for asked, sign in ((opens, "".join(inside)[:1]), (closes, "".join(inside)[-1:]))
    )
    return (f"(?:^|{_EDGE})" if opens else "") + f"({body})" + (f"(?:$|{_EDGE})" if closes else "")


def _translate_piece(piece: str) -> str:
    if piece.startswith("["):
        return _FOREIGN.sub(lambda found: _folded_sign(found[0]), piece.replace(r"\w", _LETTER))
    if not piece.isascii() and not piece.startswith("\\"):
        return "".join(_folded(found[0]) for found in _CLUSTER.finditer(piece))
    return {r"\w": f"[{_LETTER}]", r"\W": f"[^{_LETTER}]", r"\b": ""}.get(piece, piece)


def _folded(letter: str) -> str:
    """Write a letter as it stands in a folded text, where it may be several: "ß" is "ss" there."""
    found = clean(letter)
    return re2.escape(found) if len(found) == 1 else f"(?:{re2.escape(found)})"


def _folded_sign(sign: str) -> str:
    """Write one sign inside brackets as it stands in a folded text, where it is one there too and none that brackets know."""
    found = clean(sign)
    return found if len(found) == 1 and (found.isalnum() or not found.isascii()) else sign


def _problem_in_words(pattern: str) -> str:
    bare = "".join(piece for piece in _PIECE.findall(pattern) if not piece.startswith("[") and piece not in {r"\(", r"\\", r"\+", r"\*"})
    return next((words for refused, words in _REFUSED if refused.search(bare)), "")


def pattern_problem(pattern: str) -> str:
    r"""Return "" where the pattern can be used, else why it cannot, in words for a person."""
    if len(pattern) > _LONGEST:
        return f"it is longer than {_LONGEST} characters: split it into words"
    if _HALF.search(pattern):
        return "it holds half a character"
    if words := _problem_in_words(pattern):
        return words
    try:
        re2.compile(_translate(pattern), _options())
    except re2.error as problem:
        said = problem.args[0] if problem.args else ""
        return f"it is no pattern: {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    return ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A usable pattern."""

    compiled: re2._Regexp

    @classmethod
    def of(cls, pattern: str) -> Pattern:
        """Make one; ask `pattern_problem` first.

        Raises:
            ValueError: the pattern cannot be used.
        """
        if problem := pattern_problem(pattern):
            raise ValueError(problem)
        return cls(re2.compile(_translate(pattern), _options()))

    def find(self, text: str) -> tuple[int, int] | None:
        """Return where the pattern first stands in a folded text, in linear time; an empty match is none."""
        found = self.compiled.search(text)
        if found is None or found.start(1) == found.end(1):
            return None
        return found.start(1), found.end(1)
