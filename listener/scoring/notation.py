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
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from listener.text import clean

_QUICK = 12  # so many words are looked for faster one by one than by a pattern
_STOP = r".!?;\u3002\uff01\uff1f"  # the last three are the Japanese full stop, exclamation and question mark
_BETWEEN = rf"[^\w{_STOP}]{{1,4}}"
_GAPS = {"..": 3, "...": 7}
_UNSPACED_GAPS = {"..": 8, "...": 18}
_NOT = tuple(
    f"{verb}n't"
    for verb in ("do", "does", "did", "wo", "ca", "could", "is", "are", "was", "were", "have", "has", "had", "would", "should", "ai")
)
_CLAUSE_END = rf"(?=\W{{0,3}}(?:[{_STOP},:)@#\n]|https?:|$|[^\w\s]))"

# Letters whose accents people leave out when they type in a hurry; each maps to exactly one letter, so places stay the same.
_FROM = "àáâãäåāăąçćčďèéêëēęěğìíîïīįłñńňòóôõöøōőŕřśşšșťţțùúûüūůűýÿźżž"
_TO = "aaaaaaaaacccdeeeeeeegiiiiiilnnnoooooooorrsssstttuuuuuuuyyzzz"
_PLAIN = str.maketrans(_FROM, _TO)


def plain(folded: str) -> str:
    """Take the accents off the Latin letters of a folded text; its length stays the same."""
    return folded if folded.isascii() else folded.translate(_PLAIN)


@dataclass(frozen=True, slots=True)
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
    a match begins with its anchor. One of `also` stands beside the anchor in every match, if there are any: a quick look for them
    spares the exact one. `tokens` are empty where an anchor alone is the phrase. `spaced` is false for languages without spaces.
    """

    name: str
    language: str
    anchors: tuple[str, ...]
    also: tuple[str, ...]
    leads: bool
    spaced: bool
    tokens: tuple[Token, ...]

    def pattern(self) -> re.Pattern[str]:
        """Compile the exact pattern; the caller keeps it."""
        return re.compile(_pattern(self.tokens, spaced=self.spaced))


Classes = Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=65_536)
def _word(choice: str) -> str:
    return plain(clean(choice.replace("_", " ")))


def read_classes(written: Mapping[str, list[str]]) -> Classes:
    """Read the [classes] of a file; a class may use those above it.

    Raises:
        KeyError: it uses one that is not above it.
    """
    classes: dict[str, tuple[str, ...]] = {}
    for name, lines in written.items():
        classes[name] = tuple(choice for line in lines for choice in _choices(line, classes))
    return classes


def _choices(word: str, classes: Classes) -> tuple[str, ...]:
    choices: list[str] = []
    for choice in word.split("|"):
        if choice.startswith("{"):
            choices.extend(classes[choice[1:-1]])
        elif choice == "n't":
            choices.extend(_NOT)
        else:
            choices.append(_word(choice))
    return tuple(dict.fromkeys(choices))


@dataclass(frozen=True, slots=True)
class Grammar:
    """How the phrases of one language are read; `frequent` words are never what is looked for first."""

    language: str
    classes: Classes
    frequent: frozenset[str]
    spaced: bool = True

    def stem(self, choice: str) -> str:
        """Return the literal text by which a word is found."""
        return _stem(choice, self.frequent) if self.spaced else choice


def _tokens(line: str, grammar: Grammar) -> list[Token]:
    tokens = []
    for word in line.split():
        if word in _GAPS:
            tokens.append(Token(gap=(_GAPS if grammar.spaced else _UNSPACED_GAPS)[word]))
        elif word in {"?", "!"}:
            tokens.append(Token(mark=word))
        else:
            choices = _choices(word.removesuffix("?"), grammar.classes)
            words = tuple(choice for choice in choices if choice != "$")
            tokens.append(Token(words, optional=word.endswith("?"), ends=words != choices))
    return tokens


def _choice_pattern(choice: str, *, spaced: bool) -> str:
    body = re.escape(choice.removesuffix("*")).replace("'", "'?").replace(r"\ ", _BETWEEN)
    if not spaced:
        return body
    return body + (r"\w{0,20}" if choice.endswith("*") else r"(?!\w)")


def _token_pattern(token: Token, *, spaced: bool) -> str:
    # Longer alternatives first, since the first that fits is taken.
    choices = sorted(token.choices, key=len, reverse=True)
    return "(?:" + "|".join(_choice_pattern(choice, spaced=spaced) for choice in choices) + ")"


def _pattern(tokens: tuple[Token, ...], *, spaced: bool) -> str:
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
            word = between + (r"(?<!\w)" if spaced else "") + _token_pattern(token, spaced=spaced)
            parts.append(f"(?:{word}|{_CLAUSE_END})" if token.ends else f"(?:{word})?" if token.optional else word)
        between = "" if token.mark else _BETWEEN if spaced else r"\s?"
    return "".join(parts)


def _stem(choice: str, frequent: frozenset[str]) -> str:
    """Return the part of a word that is looked for first, with spaces where a word begins and ends; "" where there is none."""
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
        KeyError: it names a class that is not there.
        ValueError: it has no word to look for, or begins with one that may be missing.
    """
    tokens = _tokens(line, grammar)
    stems = {token: [grammar.stem(choice) for choice in token.choices] for token in tokens if not token.optional and not token.ends}
    rarity = {
        token: min(_rarity(stem, grammar.frequent) for stem in found) - len(found) / 50
        for token, found in stems.items()
        if all(found) and found
    }
    if not rarity or tokens[0].optional:
        message = f"a phrase needs a word to look for, and begins with a word that must be there: {line}"
        raise ValueError(message)
    anchor = max(rarity, key=rarity.__getitem__)
    alone = len(tokens) == 1 and grammar.spaced and all(re.fullmatch(r"\w+", choice) for choice in anchor.choices)
    leads = anchor is tokens[0] and (not grammar.spaced or all(re.fullmatch(r"\w+\*?", choice) for choice in anchor.choices))
    anchors = tuple(sorted(set(stems[anchor])))
    others: list[list[str]] = [
        sorted(set(found)) for token, found in stems.items() if token in rarity and token is not anchor and len(found) <= _QUICK
    ]
    also = min(others, key=len) if others else []
    return Entry(name, grammar.language, anchors, tuple(also), leads, grammar.spaced, () if alone else tuple(tokens))
