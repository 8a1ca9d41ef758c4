"""The notation of the phrase files: one line a phrase, readable by anyone who speaks the language.

    caught fire              these words, in this order
    burn*                    any word that begins so
    smok*|steam*             one of these
    {child}                  one of the words listed under [classes]
    very?                    this word may be missing
    ..                       up to three other words in between; "..." up to seven
    n't                      don't, can't, isn't and all the others
    $                        the end of a clause; "? !" these marks

Words may be split by spaces, line breaks and light punctuation, never by the end of a sentence. An apostrophe may be missing. In
languages without spaces, words follow each other directly and the gaps are counted in characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby

from listener.text import clean

_QUICK = 12  # so many words are looked for faster one by one than by a pattern
_STOP = ".!?;"  # the Japanese ones have become these by then; a set of nothing but ASCII compiles ten times as fast
_BETWEEN = rf"[^\w{_STOP}]{{1,4}}"
_GAPS = {"..": 3, "...": 7}
_UNSPACED_GAPS = {"..": 8, "...": 18}
_NOT = tuple(
    f"{verb}n't"
    for verb in ("do", "does", "did", "wo", "ca", "could", "is", "are", "was", "were", "have", "has", "had", "would", "should", "ai")
)
_WHOLE, _OPEN = re.compile(r"\w+"), re.compile(r"\w+\*?")
_OTHER_WORDS = frozenset({"we're", "we'll", "he'll", "she'll", "i'll", "i'd", "we'd"})  # without the apostrophe they say something else
_CLAUSE_END = rf"(?=\W{{0,3}}(?:[{_STOP},:)@#\n]|https?:|$|[^\w\s]))"

# Letters whose accents people leave out when they type in a hurry; each maps to exactly one letter, so places stay the same.
_FROM = "àáâãäåāăąçćčďèéêëēęěğìíîïīįłñńňòóôõöøōőŕřśşšșťţțùúûüūůűýÿźżž"
_TO = "aaaaaaaaacccdeeeeeeegiiiiiilnnnoooooooorrsssstttuuuuuuuyyzzz"
_PLAIN = str.maketrans(_FROM + "\u3002", _TO + ".")


def plain(folded: str) -> str:
    """Take the accents off the Latin letters of a folded text, and make the Japanese full stop a plain one; its length stays."""
    return folded if folded.isascii() else folded.translate(_PLAIN)


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """One word of the notation: its alternatives (a trailing * means prefix), or the gap in words or characters."""

    choices: tuple[str, ...] = ()
    gap: int = 0
    optional: bool = False
    ends: bool = False
    mark: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One phrase: the finding it stands for, its language, what to look for first, and the words behind it.

    `anchors` are literal texts, at least one of which is in every match: whole words, with the spaces around them. `leads` says that
    a match begins with its anchor. `firm` are the other tokens that must be there, and one of `also` stands beside the anchor, if there
    are any: a quick look for them spares the exact one. `tokens` are empty where an anchor alone is the phrase. `spaced` is false for
    languages without spaces.
    """

    name: str
    language: str
    anchors: tuple[str, ...]
    firm: tuple[Token, ...]
    also: tuple[str, ...]
    leads: bool
    spaced: bool
    tokens: tuple[Token, ...]

    def pattern(self) -> re.Pattern[str]:
        """Compile the exact pattern; the caller keeps it."""
        return re.compile(_pattern(self.tokens, spaced=self.spaced, sought=not self.leads))


Classes = Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=65_536)
def _word(choice: str) -> str:
    choice = choice.replace("_", " ")
    return choice.lower() if choice.isascii() else plain(clean(choice))


def read_classes(written: Mapping[str, list[str]]) -> Classes:
    """Read the [classes] of a file; a class may use those above it.

    Raises:
        ValueError: it uses one that is not above it.
    """
    classes: dict[str, tuple[str, ...]] = {}
    for name, lines in written.items():
        classes[name] = tuple(choice for line in lines for choice in _choices(line, classes))
    return classes


def _choices(word: str, classes: Classes) -> tuple[str, ...]:
    choices: list[str] = []
    for choice in word.split("|"):
        if choice.startswith("{"):
            if choice[1:-1] not in classes or not choice.endswith("}"):
                message = f"there is no class {choice} above this line: {word}"
                raise ValueError(message)
            choices.extend(classes[choice[1:-1]])
        elif choice == "n't":
            choices.extend(_NOT)
        else:
            choices.append(_word(choice))
    return tuple(dict.fromkeys(choices))


@dataclass(frozen=True, slots=True)
class _Word:
    """One token with what follows from it: how it is found first and how rare that is; None where it cannot be."""

    token: Token
    stems: tuple[str, ...] = ()
    rarity: float | None = None
    whole: bool = False
    plain: bool = False


class Grammar:
    """How the phrases of one language are read; `frequent` words are never what is looked for first.

    What a word of the notation means is worked out once: the same classes stand in hundreds of phrases.
    """

    def __init__(self, language: str, classes: Classes, frequent: frozenset[str], spaced: bool = True) -> None:  # noqa: FBT001, FBT002
        """Take the classes by name, without their braces."""
        self.language, self.spaced = language, spaced
        self._classes, self._frequent = classes, frequent
        self._known: dict[str, _Word] = {}

    def read(self, word: str) -> _Word:
        """Read one word of the notation.

        Raises:
            ValueError: it names a class that is not there.
        """
        if word not in self._known:
            self._known[word] = self._read(word)
        return self._known[word]

    def _read(self, word: str) -> _Word:
        if word in _GAPS:
            return _Word(Token(gap=(_GAPS if self.spaced else _UNSPACED_GAPS)[word]))
        if word in {"?", "!"}:
            return _Word(Token(mark=word))
        choices = _choices(word.removesuffix("?"), self._classes)
        words = tuple(choice for choice in choices if choice != "$")
        token = Token(words, optional=word.endswith("?"), ends=words != choices)
        if token.optional or token.ends or not words:
            return _Word(token)
        stems = tuple(_stem(choice, self._frequent) for choice in words) if self.spaced else words
        rarity = min(_rarity(stem, self._frequent) for stem in stems) - len(stems) / 50 if all(stems) else None
        whole = all(_WHOLE.fullmatch(choice) for choice in words)
        return _Word(token, stems, rarity, whole, all(_OPEN.fullmatch(choice) for choice in words))


def needs(token: Token, *, spaced: bool) -> tuple[str, ...]:
    """Return texts of which one is in every text that the token stands in, as anchors are; none where nothing is certain.

    Where words are spaced, they stand in a text in which every sign that is no word's is a space.
    """
    if spaced:
        certain = tuple(dict.fromkeys(map(_certain, token.choices)))
    else:
        certain = tuple(dict.fromkeys("" if "'" in choice or " " in choice else choice.removesuffix("*") for choice in token.choices))
    return certain if all(certain) else ()


@cache
def _certain(choice: str) -> str:
    """Return the longest part of a word that is there however it is written: without what follows an apostrophe."""
    if choice.isalnum():
        return f" {choice} "
    parts = []
    last = ""
    for last in choice.removesuffix("*").split():
        open_end = "'" in last
        runs = [run for run in re.split(r"\W+", last.partition("'")[0]) if run]
        parts += [f" {run} " for run in runs[:-1]] + [f" {run}" if open_end else f" {run} " for run in runs[-1:]]
    if parts and choice.endswith("*") and "'" not in last:
        parts[-1] = parts[-1].rstrip()
    return max(parts, key=len, default="")


@cache
def _token_pattern(token: Token, *, spaced: bool) -> str:
    # Longer alternatives first, since the first that fits is taken; neighbours share what follows them.
    return _one_of([(choice, _body(choice)) for choice in sorted(token.choices, key=len, reverse=True)], spaced=spaced)


@cache
def _opening(token: Token) -> str:
    """Return the pattern of the word that opens a phrase: by first letters, since the search then skips to the next of these."""
    by_letter: dict[str, list[tuple[str, str]]] = {}
    for choice in sorted(token.choices, key=len, reverse=True):
        letter, body = re.escape(choice[0]), _body(choice)
        by_letter.setdefault(letter, []).append((choice, body.removeprefix(letter)))
    if "'" in by_letter:  # it may be missing
        return rf"(?<!\w){_token_pattern(token, spaced=True)}"
    return "(?:" + "|".join(rf"{letter}(?<!\w{letter}){_one_of(rest, spaced=True)}" for letter, rest in by_letter.items()) + ")"


def _one_of(bodies: Iterable[tuple[str, str]], *, spaced: bool) -> str:
    """Return the pattern of alternatives, given by their choices."""
    parts = []
    for begins, group in groupby(bodies, key=lambda one: _is_beginning(one[0])):
        either = "|".join(body for _, body in group)
        parts.append(either if not spaced else rf"(?:{either})\w{{0,20}}" if begins else rf"(?:{either})(?!\w)")
    return "(?:" + "|".join(parts) + ")"


def _is_beginning(choice: str) -> bool:
    return choice.endswith("*")


def _body(choice: str) -> str:
    if choice in _OTHER_WORDS:
        return re.escape(choice)
    return re.escape(choice.removesuffix("*")).replace("'", "'?").replace(r"\ ", _BETWEEN)


def _pattern(tokens: tuple[Token, ...], *, spaced: bool, sought: bool) -> str:
    """Return the pattern of a phrase; `sought` where it may begin anywhere, and not just where its anchor stands."""
    parts: list[str] = []
    between = ""
    for token in tokens:
        if token.mark:
            parts.append(rf"\s{{0,2}}\{token.mark}{{1,5}}\s{{0,3}}")
        elif token.gap:
            parts.append(rf"(?:{_BETWEEN}\w{{1,24}}){{0,{token.gap}}}?" if spaced else rf"[^{_STOP}\n]{{0,{token.gap}}}?")
        elif not token.choices:
            parts.append(_CLAUSE_END)
        else:
            opens = spaced and sought and not parts
            word = _opening(token) if opens else between + (r"(?<!\w)" if spaced else "") + _token_pattern(token, spaced=spaced)
            parts.append(f"(?:{word}|{_CLAUSE_END})" if token.ends else f"(?:{word})?" if token.optional else word)
        between = "" if token.mark else _BETWEEN if spaced else r"\s?"
    return "".join(parts)


def _stem(choice: str, frequent: frozenset[str]) -> str:
    """Return the part of a word that is looked for first, with spaces where a word begins and ends; "" where there is none."""
    if choice.isalnum():
        return f" {choice} "
    parts = [f" {part} " for part in re.split(r"\W+", choice.removesuffix("*")) if part]
    if parts and choice.endswith("*"):
        parts[-1] = parts[-1].rstrip()
    return max(parts, key=lambda stem: _rarity(stem, frequent), default="")


def _rarity(stem: str, frequent: frozenset[str]) -> float:
    """Guess how rare the posts are that hold a stem: long words are, frequent words are not."""
    return 0.5 if stem.strip() in frequent or len(stem.strip()) == 1 else len(stem.strip()) + 0.5 * stem.endswith(" ")


def parse(line: str, name: str, grammar: Grammar) -> Entry:
    """Read one line of a phrase file; `name` is the finding it stands for.

    Raises:
        ValueError: it names a class that is not there, has no word to look for, or begins with one that may be missing.
    """
    words = [grammar.read(word) for word in line.split()]
    firm = [word for word in words if word.rarity is not None]
    if not firm or words[0].token.optional:
        message = f"a phrase needs a word to look for, and begins with a word that must be there: {line}"
        raise ValueError(message)
    anchor = max(firm, key=_by_rarity)
    alone = len(words) == 1 and grammar.spaced and anchor.whole
    leads = anchor is words[0] and (not grammar.spaced or anchor.plain)
    rarest = sorted((word for word in words if word.stems and word is not anchor), key=_by_rarity, reverse=True)
    others = sorted((word.stems for word in firm if word is not anchor and len(word.stems) <= _QUICK), key=len)
    return Entry(
        name,
        grammar.language,
        tuple(sorted(set(anchor.stems))),
        tuple(dict.fromkeys(word.token for word in rarest)),  # what is rarest is missing first
        tuple(sorted(set(others[0]))) if others else (),
        leads,
        grammar.spaced,
        () if alone else tuple(word.token for word in words),
    )


def _by_rarity(word: _Word) -> float:
    return word.rarity or 0.0
