"""Lines to paint: pieces of text with a style each, wrapped here by the columns a terminal gives them.

Everything that enters a line goes through `visible`, so that no foreign character can hide, reorder or command. A style never carries
meaning alone: the screen reads the same without colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len, chop_cells

from listener.text import visible

Piece = tuple[str, str]
Line = tuple[Piece, ...]

STRONG = "bold"
FAINT = "dim"
ALARM = "bold red"
GOOD = "green"
BLANK: Line = ()

MARGIN = 3
LABEL = 9
_TAB = "    "


def plain(lines: Iterable[Line]) -> str:
    """Return lines as they read without styles."""
    return "\n".join("".join(words for words, _ in line) for line in lines)


def width_of(line: Line) -> int:
    """Return how many columns a line takes."""
    return sum(cell_len(words) for words, _ in line)


def wrap(words: str, width: int) -> list[str]:
    """Return `words`, made visible, in lines of at most `width` columns; line breaks stay, words longer than a line are cut."""
    lines: list[str] = []
    for paragraph in visible(words).replace("\t", _TAB).split("\n"):
        lines.extend(_wrap_one(paragraph, max(width, 2)))
    return lines


def _wrap_one(paragraph: str, width: int) -> Iterator[str]:
    line: str | None = None
    for word in paragraph.split(" "):
        joined = word if line is None else f"{line} {word}"
        if cell_len(joined) <= width:
            line = joined
            continue
        if line:
            yield line
        *full, line = chop_cells(word, width) or [""]
        yield from full
    yield line or ""


def block(words: str, width: int, style: str = "", *, margin: int = MARGIN) -> list[Line]:
    """Return wrapped words with `margin` columns left free before them."""
    return [((" " * margin, ""), (line, style)) for line in wrap(words, width - margin)]


def labelled(label: str, words: str, width: int, style: str = "") -> list[Line]:
    """Return wrapped words behind a label; following lines stand under the first."""
    return _behind(label, [((line, style),) for line in wrap(words, width - MARGIN - LABEL)])


def listed(label: str, pieces: Sequence[Piece], width: int, joint: str = " · ") -> list[Line]:
    """Return short pieces in a row behind a label, broken between pieces where one line is too short."""
    return _behind(label, flow(pieces, width - MARGIN - LABEL, joint))


def _behind(label: str, lines: Sequence[Line]) -> list[Line]:
    starts = [label.ljust(LABEL), *[" " * LABEL] * (len(lines) - 1)]
    return [((" " * MARGIN, ""), (start, FAINT), *line) for start, line in zip(starts, lines, strict=True)]


def flow(pieces: Sequence[Piece], width: int, joint: str = "   ") -> list[Line]:
    """Return pieces in a row, broken between them; a piece longer than a line is wrapped by itself."""
    lines: list[Line] = []
    row: Line = ()
    for words, style in pieces:
        for part in wrap(words.replace("\n", " "), width):
            wider = (*row, (joint, FAINT), (part, style)) if row else ((part, style),)
            if row and width_of(wider) > width:
                lines.append(row)
                wider = ((part, style),)
            row = wider
    return [*lines, row] if row else lines
