"""Foreign text in two forms: made visible for every screen, log and file, and folded for matching.

`visible` is the one function at the output boundary: nothing foreign is shown without it. `fold_with_offsets` makes spelling
variants equal while it remembers where each letter came from, so that findings quote the author's own words.

Everything here takes time in proportion to the text's length, whatever the text holds. The sets of characters follow the Unicode
Standard 16 (DerivedCoreProperties, Default_Ignorable_Code_Point) and UTS #51 (emoji sequences).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
_BIDI = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_TAGS = r"\U000e0000-\U000e0fff"
_INVISIBLE = (
    r"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    r"\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
)
_LINE_BREAKS = r"\u2028\u2029"
_BROKEN = r"\ud800-\udfff\ufffe\uffff"
_PRIVATE = r"\ue000-\uf8ff\U000f0000-\U0010ffff"

_HIDDEN = _CONTROLS + _BIDI + _TAGS + _INVISIBLE + _LINE_BREAKS
# The emoji that are most often asked to be shown as such: these and the mark of that (U+FE0F) are no reason to look closer.
_COMMON_EMOJI = (
    r"\u203c\u2600-\u2604\u260e\u2611\u2614\u2615\u261d\u2620\u2639\u263a\u2640\u2642\u2660\u2663\u2665\u2666\u267b\u2692-\u2697\u2699"
    r"\u26a0\u26a1\u2702\u2705\u2708-\u270d\u270f\u2714\u2716\u2728\u2744\u274c\u2753-\u2755\u2757\u2763\u2764\u27a1\u2b05-\u2b07\u2b50\u2b55"
    r"\U0001f300-\U0001f320\U0001f32d-\U0001f335\U0001f337-\U0001f37c\U0001f380-\U0001f393\U0001f3a0-\U0001f3c4\U0001f400-\U0001f43e"
    r"\U0001f440-\U0001f4fc\U0001f550-\U0001f567\U0001f5fb-\U0001f64f\U0001f680-\U0001f6c5"
)
_SUSPECT = re.compile(f"(?!(?<=[{_COMMON_EMOJI}])\ufe0f)[{_HIDDEN}{_BROKEN}{_PRIVATE}]")

# Scripts whose writing needs joiners inside words: Arabic and its relatives, the Indic scripts, Khmer, Mongolian and Tibetan.
_JOINING = (
    r"[\p{Arabic}\p{Syriac}\p{Mongolian}\p{Nko}\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}\p{Oriya}\p{Tamil}\p{Telugu}"
    r"\p{Kannada}\p{Malayalam}\p{Sinhala}\p{Khmer}\p{Myanmar}\p{Tibetan}]"
)
# Each part begins with the character in question, so that the search skips from one to the next, and then looks around it.
_SEQUENCE = (
    r"\u200d(?<=(?:\p{Extended_Pictographic}|[\ufe0f\U0001f3fb-\U0001f3ff])\u200d)(?=\p{Extended_Pictographic})"
    r"|[\ufe0e\ufe0f](?<=\p{Emoji}[\ufe0e\ufe0f])"
    r"|[\U000e0030-\U000e0039\U000e0061-\U000e007a](?<=\U0001f3f4.)[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,5}\U000e007f"
    rf"|[\u200c\u200d](?<={_JOINING}.)(?={_JOINING})"
    r"|\u200d(?<=\p{ccc=9}.)"
    r"|[\u180b-\u180e](?<=\p{Mongolian}.)"
)
# A run is read at once: what follows a character that is out of place is out of place too.
_FINE_OR_NOT = rf"(?P<fine>{_SEQUENCE})|[{_HIDDEN}{_BROKEN}{_PRIVATE}]+"
# What is fine is skipped by the search itself: a text may hold thousands of emoji families.
_HIDDEN_RUN = rf"(?:{_SEQUENCE})(*SKIP)(*FAIL)|[{_HIDDEN}]+"

_CONTROL_NAMES = {
    0x00: "NULL",
    0x07: "BELL",
    0x08: "BACKSPACE",
    0x0D: "CARRIAGE RETURN",
    0x1B: "ESCAPE",
    0x7F: "DELETE",
    0x85: "NEXT LINE",
}

_WHITE = re.compile(r"[\n\t]")
_CLUSTER = r"\X"
# Letters, signs and emoji of which each begins a cluster, whatever of these stands beside it: Latin, Greek, Cyrillic, symbols, kana,
# Han and plain emoji. Accents and the marks of emoji belong to what stands before them, and nothing else does. (UAX #29 joins only what is
# Extend, SpacingMark, Prepend, ZWJ, a regional indicator or Hangul.)
_BEGINS = (
    r"[ -~\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u052f\u1e00-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\u20cf\u2100-\u2bff"
    r"\u3001-\u3029\u3041-\u3096\u309b-\u30ff\u3105-\u312f\u3400-\ua48c\uff01-\uff60\U0001f300-\U0001f3fa\U0001f400-\U0001f6ff"
    r"\U0001f900-\U0001f9ff]"
)
_SIMPLE = rf"{_BEGINS}[\u0300-\u036f\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*"
_MARKS_SHOWN = 24  # the longest emoji family has 11 code points; a longer cluster is a tower of accents


@cache
def _compiled(pattern: str) -> regex.Pattern[str]:
    """Compile one of the patterns of this file, when it is first needed: most lines that are shown need none of them."""
    import regex  # noqa: PLC0415  # slow to import, and compiling takes as long again

    return regex.compile(pattern)


@cache
def _simple() -> re.Pattern[str]:
    """Compile the pattern of simple clusters when the first line that is not ASCII is measured: it takes milliseconds."""
    return re.compile(_SIMPLE)


@lru_cache(maxsize=1_024)
def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"<U+{code:04X}>"  # noqa: PLR2004 - the last code of one byte


def _escape_run(found: regex.Match[str]) -> str:
    run = str(found[0])
    return run if found["fine"] else "".join(map(_escape, run))


def visible(text: str, *, newlines: bool = True) -> str:
    r"""Return `text` with everything that could hide, reorder or command shown as an escape such as `\x1b` or `<U+202E>`.

    Newlines and tabs stay, or become spaces where `newlines` is false; a Windows line end counts as a newline. Emoji families,
    flags, and the joiners that Persian or Hindi words need stay whole. The result may be shown anywhere and stays as it is when
    passed through again.
    """
    text = text.replace("\r\n", "\n")
    if not newlines:
        text = _WHITE.sub(" ", text)
    return str(_compiled(_FINE_OR_NOT).sub(_escape_run, text)) if _SUSPECT.search(text) else text


def _name(character: str) -> str:
    code = ord(character)
    return f"U+{code:04X} " + unicodedata.name(character, _CONTROL_NAMES.get(code, "CONTROL CHARACTER"))


def hidden(text: str) -> tuple[str, ...]:
    """Name the invisible, controlling and direction-changing characters in `text`, each once, in the order they appear.

    What emoji, flags and scripts rightly need is not named, nor is a Windows line end.
    """
    if (text.isascii() and text.isprintable()) or not _SUSPECT.search(text):
        return ()
    runs = (run[0] for run in _compiled(_HIDDEN_RUN).finditer(text.replace("\r\n", "\n")))
    return tuple(_name(character) for character in dict.fromkeys("".join(runs)))


def _clusters(text: str) -> Iterable[str]:
    """Return the grapheme clusters of a text, in order."""
    simple: list[str] = _simple().findall(text)
    if sum(map(len, simple)) == len(text):  # nothing else stands before, between or behind them
        return simple
    return (found[0] for found in _compiled(_CLUSTER).finditer(text))


def _cells(cluster: str) -> int:
    """Return how many columns of a terminal one grapheme cluster takes: 0, 1 or 2."""
    if "\ufe0f" in cluster or any(unicodedata.east_asian_width(character) in "WF" for character in cluster):
        return 2
    return 0 if all(unicodedata.category(character) in {"Mn", "Me", "Cf"} for character in cluster) else 1


def display_width(text: str) -> int:
    """Return how many columns of a terminal `text` takes; wide characters and emoji take two."""
    return len(text) if text.isascii() else sum(_cells(cluster) for cluster in _clusters(text))


def one_line(text: str, width: int) -> str:
    """Return `text` made visible, on one line, in at most `width` columns; what was cut away ends in "…"."""
    line = " ".join(visible(text, newlines=False).split())
    if line.isascii():  # then every letter takes one column
        return line if len(line) <= width else line[: max(width - 1, 0)].rstrip() + "…" * (width > 0)
    kept: list[str] = []
    used = 0
    room = 0  # how many clusters still fit when the "…" needs its own column
    for cluster in _clusters(line):
        used += _cells(cluster)
        if used > width:
            return "".join(kept[:room]).rstrip() + "…" * (width > 0)
        kept.append(cluster[:_MARKS_SHOWN])
        if used < width:
            room = len(kept)
    return "".join(kept)


# Letters that people type in more than one way: Turkish i with and without its dot, and the apostrophes of many keyboards.
# A lone surrogate is half a character and would stop every library that speaks UTF-8.
_EQUAL = {0x130: "i", 0x131: "i"} | dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u02b9\uff07`\u00b4"), "'")
_UNEQUAL = re.compile(f"[{''.join(map(chr, _EQUAL))}\ud800-\udfff]")  # to find none is faster than to replace none
_EQUAL |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
_DROPPED = re.compile(f"[{_CONTROLS}{_BIDI}{_TAGS}{_INVISIBLE}]")
# Runs that need no thought, and single grapheme clusters for the rest; an accent takes its letter out of the run before it.
_PIECE = rf"(?P<dropped>[{_CONTROLS}{_BIDI}{_TAGS}{_INVISIBLE}]+)|(?P<ascii>[\n\t -~]+(?![\p{{M}}\u200d]))|\X"


@lru_cache(maxsize=16_384)
def _fold(piece: str) -> str:
    """Fold one grapheme cluster."""
    kept = _DROPPED.sub("", piece).translate(_EQUAL)
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", kept).translate(_EQUAL).casefold())


def _fold_ascii(text: str) -> str:
    return text.replace("`", "'").lower()


@dataclass(frozen=True, slots=True)
class Folded:
    """A text folded for matching, and the way back. `starts` and `ends` are None where no letter moved."""

    text: str
    original: str
    starts: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Turn a stretch of the folded text (0 ≤ start < end ≤ length) into the stretch of the original it came from."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]

    def quote(self, start: int, end: int) -> str:
        """Return the author's own words behind a stretch of the folded text."""
        first, last = self.span(start, end)
        return self.original[first:last]


@lru_cache(maxsize=16)  # one post is looked at by many
def fold_with_offsets(text: str) -> Folded:
    """Fold `text` as `clean` does and keep, for every letter of the result, where in `text` it came from."""
    if text.isascii() and (text.isprintable() or not _DROPPED.search(text)):
        return Folded(_fold_ascii(text), text)
    if not _DROPPED.search(text) and unicodedata.is_normalized("NFKC", text):
        simple = (text.translate(_EQUAL) if _UNEQUAL.search(text) else text).casefold()
        if len(simple) == len(text) and unicodedata.is_normalized("NFKC", simple):
            return Folded(simple, text)  # folding never shortens a letter, so equal lengths mean that none moved
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for found in _compiled(_PIECE).finditer(text):
        start, end = found.span()
        if found.lastgroup == "dropped":
            continue
        if found.lastgroup == "ascii":
            pieces.append(_fold_ascii(found[0]))
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
            continue
        piece = _fold(found[0][:_MARKS_SHOWN])
        pieces.append(piece)
        starts.extend([start] * len(piece))
        ends.extend([end] * len(piece))
    return Folded("".join(pieces), text, tuple(starts), tuple(ends))


def clean(text: str) -> str:
    """Return `text` as it is matched: NFKC, capitals folded, invisible characters dropped, apostrophes and Turkish i made one."""
    return _fold_ascii(text) if text.isascii() and text.isprintable() else fold_with_offsets(text).text
