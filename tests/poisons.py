"""The files in tests/rules/poisons: rules that have hurt programs which read YAML. What is too large to be read there has a mark."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "rules" / "poisons"
_MARKS = {"DIGITS": "9" * 5_000, "NESTED": "[" * 5_000 + "]" * 5_000, "LONG": "marta, " * 160_000, "NUL": "\x00"}
_TAKEN = re.compile(r'# taken: the post "(.*)" goes to "(.*)"')
_REFUSED = re.compile(r"# refused: (\d+:\d+: .*)")


@dataclass(frozen=True)
class Poison:
    """One of them: it is refused with words that begin with their line and column, or taken, and then a post takes a route."""

    name: str
    words: str
    refused: str = ""
    post: str = ""
    route: str = ""


def poisons(host: str = "town.example") -> list[Poison]:
    """Return all of them, listening to the town at `host`."""
    return [_poison(path, host) for path in sorted(FOLDER.glob("*.yaml"))]


def _poison(path: Path, host: str) -> Poison:
    words = path.read_text(encoding="utf-8")
    first = words.partition("\n")[0]
    for mark, stands_for in {**_MARKS, "HOST": host}.items():
        words = words.replace(mark, stands_for)
    if refused := _REFUSED.fullmatch(first):
        return Poison(path.stem, words, refused=refused[1])
    taken = _TAKEN.fullmatch(first)
    assert taken, f"{path} says neither what is wrong with it nor what it means"
    return Poison(path.stem, words, post=taken[1], route=taken[2])
