"""The phrase files, `words/en.toml` and its siblings, one a language, in the notation that `notation` describes.

A file has up to five parts: [classes], [small] for words with a job of their own, and [signals], [marks] and [wishes] with the
phrases. Files are read once, on first use, and the phrases of one name when that name is first looked for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from listener.scoring.notation import Entry, Grammar, parse, plain, read_classes
from listener.text import clean

LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "nl", "pl", "tr", "ja")
UNSPACED = frozenset({"ja"})
_PHRASES = ("signals", "marks", "wishes")
_PARTS = ("classes", "small", *_PHRASES)
_NO_LINES: Mapping[str, list[str]] = {}

Written = Mapping[str, Mapping[str, list[str]]]


def read_file(text: str, file: str) -> Written:
    """Read the text of a phrase file; `file` names it in errors.

    Raises:
        ValueError: it is no TOML, or has other parts, or something else than lists of lines in them.
    """
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        message = f"{file}: {problem}"
        raise ValueError(message) from problem
    for part, named in written.items():
        if part not in _PARTS or not isinstance(named, dict):
            message = f"{file}: [{part}] is none of the parts of a phrase file: {', '.join(_PARTS)}"
            raise ValueError(message)
        for name, lines in named.items():
            if not isinstance(lines, list) or not all(isinstance(line, str) and line.strip() for line in lines):
                message = f"{file}: [{part}] {name} must be a list of lines, none of them empty"
                raise ValueError(message)
    return written


@cache
def _file(language: str) -> Written:
    file = resources.files("listener.scoring.words").joinpath(f"{language}.toml")
    return read_file(file.read_text(encoding="utf-8"), f"words/{language}.toml")


def grammar(written: Written, language: str, file: str) -> Grammar:
    """Return how the phrases of a file are read.

    Raises:
        ValueError: a class names another that is not above it.
    """
    try:
        classes = read_classes(written.get("classes", _NO_LINES))
    except ValueError as problem:
        message = f"{file}: [classes]: {problem}"
        raise ValueError(message) from problem
    frequent = frozenset(plain(clean(word)) for word in written.get("small", _NO_LINES).get("frequent", ()))
    return Grammar(language, classes, frequent, language not in UNSPACED)


def read_phrases(written: Written, name: str, how: Grammar, file: str) -> tuple[Entry, ...]:
    """Read the phrases of one name, such as "signals.safety".

    Raises:
        ValueError: a line cannot be read; the message says which, and in which file.
    """
    part, _, key = name.partition(".")
    found = []
    for line in written[part][key]:
        try:
            found.append(parse(line, name, how))
        except ValueError as problem:
            message = f'{file}: [{part}] {key}: "{line}": {problem}'
            raise ValueError(message) from problem
    return tuple(found)


@cache
def _grammar(language: str) -> Grammar:
    return grammar(_file(language), language, f"words/{language}.toml")


@cache
def names(language: str) -> tuple[str, ...]:
    """Return what the phrases of a language stand for; safety in [signals] has the name "signals.safety"."""
    return tuple(f"{part}.{name}" for part in _PHRASES for name in _file(language).get(part, _NO_LINES))


@cache
def entries(language: str, name: str) -> tuple[Entry, ...]:
    """Return the phrases of a language that stand for `name`.

    Raises:
        ValueError: a line of its file cannot be read.
    """
    return read_phrases(_file(language), name, _grammar(language), f"words/{language}.toml")


@cache
def small_words(name: str, language: str) -> frozenset[str]:
    """Return the words of a language listed under `name` in [small], folded; those of English where no language is given."""
    return frozenset(plain(clean(word)) for word in _file(language or "en").get("small", _NO_LINES).get(name, ()))


def literal(name: str, phrase: str, folded_phrase: str) -> Entry:
    """Make an entry of a phrase from the rules: whole words in any script, nothing else; `phrase` names it in errors.

    Raises:
        ValueError: nothing is left of the phrase once it is folded.
    """
    if not folded_phrase.strip():
        message = f'"{phrase}" holds nothing that could be found'
        raise ValueError(message)
    return Entry(name, "", (plain(folded_phrase.strip()),), (), (), leads=True, spaced=False, tokens=())
