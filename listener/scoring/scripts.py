"""What the script of a text says about its language: all there is to know for Greek or Thai, nothing for Latin and Cyrillic letters."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

LATIN, CYRILLIC, NOBODY_KNOWS = "latin", "cyrillic", "und"
_SCRIPTS = {
    LATIN: "a-zA-Z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff",
    CYRILLIC: "\u0400-\u052f",
    "greek": "\u0370-\u03ff\u1f00-\u1fff",
    "hebrew": "\u05d0-\u05f4",
    "arabic": "\u0620-\u065f\u066e-\u06d3\u0750-\u077f",
    "devanagari": "\u0900-\u0963\u0970-\u097f",
    "thai": "\u0e01-\u0e4e",
    "hangul": "\uac00-\ud7af",
    "kana": "\u3041-\u3096\u30a1-\u30fa",
    "han": "\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
    "other": "\u0530-\u058f\u0700-\u074f\u0780-\u08ff\u0980-\u0dff\u0e80-\u10ff\u1200-\u1dff\uaa00-\uabff",
}
_RUN = re.compile("|".join(f"(?P<{name}>[{letters}]+)" for name, letters in _SCRIPTS.items()))
_BEYOND_LATIN = re.compile(f"[{''.join(letters for name, letters in _SCRIPTS.items() if name != LATIN)}]")
_DENSE = ("kana", "han", "hangul")  # a sign of these says as much as two letters
_FEW = 2  # letters, or points for a language; below, a smiley is meant
_LANGUAGES = {"greek": "el", "hebrew": "he", "arabic": "ar", "devanagari": "hi", "thai": "th", "hangul": "ko"}
# What Persian and Urdu write and Arabic does not, and words of Marathi and Nepali.
_ANOTHER = {
    "arabic": re.compile("[\u067e\u0686\u0698\u06a9\u06af\u06cc\u0679\u0688\u0691\u06ba\u06be\u06c1\u06d2]"),
    "devanagari": re.compile("\u0933|आहे|आणि|गर्न|हुन्छ|छैन"),
}
_SMALL_CHINESE = frozenset("的了太很我你是在吧呢啊")
_RARE_IN_JAPAN = 0x989F  # where the second level of JIS X 0208 begins in Shift JIS
_COMMON_IN_TAIWAN = 0xC67E  # where the first level of Big5 ends


def script_of(text: str) -> str:
    """Return the language that the script of `text` gives away; else LATIN, CYRILLIC, or NOBODY_KNOWS.

    The script that most of the text is written in decides.
    """
    if text.isascii() or not _BEYOND_LATIN.search(text):
        return LATIN
    letters: Counter[str] = Counter()
    for run in _RUN.finditer(text):
        letters[str(run.lastgroup)] += run.end() - run.start()
    for name in _DENSE:
        letters[name] *= 2
    letters["east"] = letters.pop("kana") + letters.pop("han")
    script, size = letters.most_common(1)[0]
    if script in {LATIN, CYRILLIC}:
        return script
    if script == "east":
        return _east_asian(text)
    another = _ANOTHER.get(script)
    if size < _FEW or (another and another.search(text)):
        return NOBODY_KNOWS
    return _LANGUAGES.get(script, NOBODY_KNOWS)


def _east_asian(text: str) -> str:
    """Return Chinese or Japanese: by the kana, and by the signs that only one of them writes so."""
    balance = sum(map(_speaks_for, text))
    if abs(balance) < _FEW:
        return NOBODY_KNOWS
    return "zh" if balance > 0 else "ja"


@lru_cache(maxsize=8_192)
def _speaks_for(sign: str) -> int:
    """Return how much a sign speaks for Chinese, or (below 0) for Japanese; by which of the old character sets know it."""
    if "\u3041" <= sign <= "\u30fa":
        return -1
    if sign < "\u3400":
        return 0
    japan, mainland, taiwan = _code(sign, "shift_jis"), _code(sign, "gb2312"), _code(sign, "big5")
    if japan and not mainland and not taiwan:
        return -2
    small = sign in _SMALL_CHINESE
    if not japan and (mainland or taiwan):
        return 2 + small
    return small + (japan >= _RARE_IN_JAPAN and 0 < taiwan <= _COMMON_IN_TAIWAN)


def _code(sign: str, characters: str) -> int:
    """Return the number of a sign in a character set, 0 where it is not in it."""
    return int.from_bytes(sign.encode(characters, "ignore"), "big")
