"""A file of rules as slips make it: a seed and a number make the same mutants everywhere."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

_TOKEN = re.compile(r"[\w.@-]+|\s+|.")
_GARBAGE = (
    "\u202e",
    "\u200b",
    "\ufeff",
    "\x00",
    "\x1b[2J",
    "\ud7ff",
    "\U000e0041",
    "é",
    "ß",
    "\uff10",
    "\u2028",
    "\x85",
    "\t",
    "{{",
    "*a",
    "&a",
    "!!",
)

Slip = Callable[[random.Random, str], str]


def _lines(chance: random.Random, words: str, change: Callable[[list[str], int], None]) -> str:
    lines = words.split("\n")
    change(lines, chance.randrange(len(lines)))
    return "\n".join(lines)


def drop(chance: random.Random, words: str) -> str:
    return _lines(chance, words, lambda lines, at: lines.__delitem__(slice(at, at + chance.choice((1, 1, 1, 2, 5)))))


def double(chance: random.Random, words: str) -> str:
    return _lines(chance, words, lambda lines, at: lines.insert(at, lines[at]))


def swap(chance: random.Random, words: str) -> str:
    def change(lines: list[str], at: int) -> None:
        other = chance.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]

    return _lines(chance, words, change)


def indent(chance: random.Random, words: str) -> str:
    def change(lines: list[str], at: int) -> None:
        lines[at] = lines[at][2:] if chance.random() < 0.5 and lines[at].startswith("  ") else chance.choice((" ", "  ", "\t")) + lines[at]

    return _lines(chance, words, change)


def swap_tokens(chance: random.Random, words: str) -> str:
    tokens = _TOKEN.findall(words)
    at, other = chance.randrange(len(tokens)), chance.randrange(len(tokens))
    tokens[at], tokens[other] = tokens[other], tokens[at]
    return "".join(tokens)


def another_value(chance: random.Random, words: str) -> str:
    """Put a value of the file where another one stands, behind its key."""
    found = [*re.finditer(r"(?<=: )[^\s,{}\[\]#]+", words)]
    if len(found) < 2:
        return words
    at, other = chance.sample(found, 2)
    return words[: at.start()] + other[0] + words[at.end() :]


def garbage(chance: random.Random, words: str) -> str:
    at = chance.randrange(len(words))
    return words[:at] + chance.choice(_GARBAGE) + words[at:]


def truncate(chance: random.Random, words: str) -> str:
    return words[: chance.randrange(len(words))]


def dos(_chance: random.Random, words: str) -> str:
    return words.replace("\n", "\r\n")


def marked(_chance: random.Random, words: str) -> str:
    return "\ufeff" + words


SLIPS: tuple[Slip, ...] = (drop, double, swap, indent, swap_tokens, another_value, another_value, garbage, truncate, dos, marked)


def flip(chance: random.Random, raw: bytes) -> bytes:
    """Change one bit."""
    at = chance.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ 1 << chance.randrange(8)]) + raw[at + 1 :]


def mutants(words: str, seed: int, count: int) -> Iterator[bytes]:
    """Yield files that one to three slips made of this one."""
    chance = random.Random(seed)  # noqa: S311  # the same ones every time
    for _ in range(count):
        mutant = words
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            mutant = chance.choice(SLIPS)(chance, mutant) if mutant else mutant
        raw = mutant.encode("utf-8", "surrogatepass")
        yield flip(chance, raw) if raw and chance.random() < 0.15 else raw
