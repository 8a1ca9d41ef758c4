"""Which language a post is written in, or "und" where nobody could tell: by its script, its commonest words, its letters, and a model.

The script tells many languages. Those in Latin and Cyrillic letters are told by the words of languages.toml, where they are plain.
Only where a doubt is left is py3langid asked, and its guess is weighed against words and letters. Hindi in Latin letters, which
it does not know, is known by words alone. A wrong language is worse than none: the phrases of all languages are looked for then.
"""

from __future__ import annotations

import math
import re
import threading
import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from listener.scoring.scripts import CYRILLIC, LATIN, NOBODY_KNOWS, script_of

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

UNKNOWN = NOBODY_KNOWS
_READ = 240  # characters are plenty
# The languages with phrase files, and those most often met beside them: offering more makes short posts drift to rare ones.
_OFFERED: Mapping[str, tuple[str, ...]] = {
    LATIN: ("en", "de", "fr", "es", "pt", "it", "nl", "pl", "tr", "sv", "da", "no", "fi", "cs", "ro", "hu", "id"),
    CYRILLIC: ("ru", "uk"),
}
_UNMODELLED = "hi"  # Hindi in Latin letters
# Links, handles, hashtags, and what people laugh or shout in many languages.
_SHOUTED = (
    r"(?:rt|http|l+o+l+|lmf?ao+|rofl|x+d+|o+m+g+|wtf|mdr+|ptdr+|h*(?:[aeiou]h+)+[aeiou]*|(?:j[aeiu]+){2,}j?|k{3,}|(?:rs){2,}|wo+w+|hmm+"
    r"|uff+|pff+|br{2,}|ok(?:ay|ey)?)"
)
_SHOUT = re.compile(_SHOUTED, re.IGNORECASE)
_NO_WORDS = re.compile(
    rf"https?://\S*|[@#]\S+|(?<![\w.-])[\w-]++(?:\.[\w-]++)+(?:/\S*)?|\b{_SHOUTED}\b",
    re.IGNORECASE,
)
_TAG_SIGNS = frozenset("@#")
_NAMES = re.compile(r"[\W\d_]*(?:[A-ZÀ-Þ][\w'-]*[\W\d_]*){1,3}")
_WORD = re.compile(r"[^\W\d_]+'?")
_THREE_LETTERS = 3  # below these nobody can tell
_WEIGHTS = (0.0, 0.4, 0.6, 1.0, 1.3)  # what a word of so many letters says, and a longer one
_LETTERS = {
    **dict.fromkeys("ß", "de"),
    **dict.fromkeys("ñ¿¡", "es"),
    **dict.fromkeys("ãõ", "pt"),
    **dict.fromkeys("łąęśźżńć", "pl"),
    **dict.fromkeys("ğı", "tr"),
    **dict.fromkeys("ěřů", "cs"),
    **dict.fromkeys("őű", "hu"),
    **dict.fromkeys("ăț", "ro"),
    **dict.fromkeys("ы", "ru"),
    **dict.fromkeys("іїєґ", "uk"),
}
_LETTER = re.compile(f"[{''.join(_LETTERS)}]")
_PLAINER = str.maketrans({"ł": "l", "ı": "i", "ø": "o", "đ": "d", "ß": "ss"})  # noqa: RUF001 - Turkish
_CLEAR, _AHEAD, _ONE_IN = 2, 1.5, 5  # words that weigh so much, so much more than the next language's, for so few words: no model needed
_WORD_WEIGHS, _LETTER_WEIGHS, _HEAD_START = 1.5, 2.5, 0.5  # beside the logarithm of the model's odds
_LEAST = 1e-4  # the model is never surer than this against a language
_SEVERAL = 4  # words from which a guess is fair
# How sure it must be of a few words and of several: where a word or letter of the language is known, and where none is.
_SURE, _LIKELY, _BLIND, _BLINDLY_LIKELY = 0.7, 0.5, 0.5, 0.4
_NAMED, _TWIN = 0.75, 0.7  # what may be nothing but names, and languages that hardly differ in a few words
_TWINS = frozenset({"da", "no", "ru", "uk"})


def detect(text: str) -> str:
    """Return the ISO 639-1 code of the language of `text`, or "und" where it is too short, too mixed or too strange to tell."""
    begin = _plain(text)
    script = script_of(begin)
    if script not in _OFFERED:
        return script
    small = begin.lower()
    words = _WORD.findall(small)
    if _too_few(words):
        return UNKNOWN
    known = _known(words)
    best = _plainly(known, len(words))
    if best:
        return best
    letters = {_LETTERS[letter] for letter in _LETTER.findall(small)}
    best, sure = _weighed(script, small, known, letters)
    spoken = best in known or best in letters
    needed = (_LIKELY if spoken else _BLINDLY_LIKELY) if len(words) >= _SEVERAL else _SURE if spoken else _BLIND
    if best in _TWINS and best not in letters:
        needed = _TWIN
    elif not known and not letters and _NAMES.fullmatch(begin):
        needed = _NAMED
    return best if sure >= needed else UNKNOWN


def wordless(text: str) -> bool:
    """Whether a text holds no words to tell a language by, such as a link and a laugh."""
    return _too_few(_WORD.findall(_plain(text)))


def _too_few(words: Sequence[str]) -> bool:
    return len(words) < _THREE_LETTERS and sum(map(len, words)) < _THREE_LETTERS


def _plain(text: str) -> str:
    """Return the beginning of a text without links, handles, hashtags and laughter."""
    begin = text[: 2 * _READ]
    if not begin.isascii():
        begin = unicodedata.normalize("NFKC", begin.encode("utf-8", "replace").decode()).replace("’", "'").replace("\u0307", "")  # noqa: RUF001
    return " ".join([spoken for piece in begin.split() if (spoken := _spoken(piece))])[:_READ]


@lru_cache(maxsize=16_384)
def _spoken(piece: str) -> str:
    """Return what is left of a piece without white space; nothing that is left out here ever spans any."""
    if piece.isalpha():
        return "" if _SHOUT.fullmatch(piece) else piece
    if piece[0] in _TAG_SIGNS and len(piece) > 1:
        return ""
    return " ".join(_NO_WORDS.sub(" ", piece).split())


def _known(words: Iterable[str]) -> dict[str, float]:
    """Return how much the words speak for each language."""
    known: dict[str, float] = {}
    for weight, languages in filter(None, map(_words().get, words)):
        for language in languages:
            known[language] = known.get(language, 0.0) + weight
    return known


def _plainly(known: Mapping[str, float], words: int) -> str:
    """Return the language that the words alone give away, or ""."""
    if not known:
        return ""
    best = max(known, key=known.__getitem__)
    most = known[best]
    if most < _CLEAR or most * _ONE_IN < words:
        return ""
    return "" if any(other > most - _AHEAD for language, other in known.items() if language != best) else best


def _weighed(script: str, text: str, known: Mapping[str, float], letters: Collection[str]) -> tuple[str, float]:
    """Weigh the model's odds against words and letters; return the best language and how sure that is."""
    odds = _odds(text)
    most = max(odds[language] for language in _OFFERED[script])
    speaks = {
        language: math.log(max(odds[language] / most, _LEAST))
        + _WORD_WEIGHS * known.get(language, 0.0)
        + _LETTER_WEIGHS * (language in letters)
        for language in _OFFERED[script]
    }
    if script == LATIN and _UNMODELLED in known:
        speaks[_UNMODELLED] = _WORD_WEIGHS * known[_UNMODELLED] - _HEAD_START
    best = max(speaks, key=speaks.__getitem__)
    return best, 1 / sum(math.exp(other - speaks[best]) for other in speaks.values())


@cache
def _words() -> Mapping[str, tuple[float, tuple[str, ...]]]:
    """Return the words of languages.toml: what each says, and for which languages."""
    file = resources.files("listener.scoring").joinpath("languages.toml")
    spoken: dict[str, tuple[str, ...]] = {}
    for language, words in tomllib.loads(file.read_text(encoding="utf-8")).items():
        for word in words.split():
            plainer = word if word.isascii() or language in _OFFERED[CYRILLIC] else _without_accents(word)
            for one in {word, plainer if len(word) >= _THREE_LETTERS else word}:
                if language not in spoken.get(one, ()):
                    spoken[one] = (*spoken.get(one, ()), language)
    return {word: (_WEIGHTS[min(len(word), len(_WEIGHTS) - 1)], languages) for word, languages in spoken.items()}


def _without_accents(word: str) -> str:
    letters = unicodedata.normalize("NFD", word.translate(_PLAINER))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


_LOADING = threading.Lock()


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - half a second that many runs never need

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages([language for offered in _OFFERED.values() for language in offered])
    return identifier


def _odds(text: str) -> Mapping[str, float]:
    """Return the model's odds of each language on offer; they add up to 1."""
    with _LOADING:
        identifier = _identifier()
    return dict(identifier.rank(text))
