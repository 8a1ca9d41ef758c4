"""Which language a post is written in, by py3langid among the languages Earnest may meet, or "und" where nobody could tell."""

from __future__ import annotations

import re
import threading
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

UNKNOWN = "und"
# The ten languages with phrase files, and those most often met beside them: offering more makes short posts drift to rare ones.
_OFFERED: tuple[str, ...] = ("en", "de", "fr", "es", "pt", "it", "nl", "pl", "tr", "ja", "sv", "da", "no", "fi", "cs", "ro", "hu", "id")
_OFFERED += ("ar", "he", "hi", "th", "ru", "uk", "el", "zh", "ko")
_READ = 240  # characters are plenty
_SURE, _LIKELY = 0.5, 0.3  # how sure it must be of a short text, and of one with several words
_SEVERAL = 4  # words from which a guess is fair
_NO_WORDS = re.compile(r"https?://\S+|[@#]\S+|\b(?:RT|http)\b")
# Words that hardly another language on offer uses: a text with enough of them is English, and the model need not be asked.
_ENGLISH = frozenset(
    {"the", "you", "your", "my", "and", "this", "that", "with", "have", "are", "they", "it's", "i'm", "what", "just", "been", "from"}
    | {"please", "would", "there", "when", "why", "how", "not", "but", "our", "their", "because", "can't", "don't", "didn't", "it"}
    | {"get", "got", "i'll", "i've", "know", "good", "need", "who", "where", "him", "his"}
    | {"them", "these", "those", "you're", "that's", "should", "could", "going", "than", "more", "out", "after"}
    | {"never", "much", "thanks", "thank", "today", "new", "any", "about", "does", "doesn't", "isn't", "won't", "being", "very"}
    | {"really"},
)
_ENOUGH, _ONE_IN = 2, 6  # so many, and so large a share
# Below three letters nobody can tell.
_LETTERS = re.compile(r"[^\W\d_](?:.*?[^\W\d_]){2}")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_OFFERED)
    return identifier


_LOADING = threading.Lock()


def _plainly_english(words: list[str]) -> bool:
    found = len(_ENGLISH.intersection(words))
    return found >= _ENOUGH and found * _ONE_IN >= len(words)


def detect(text: str) -> str:
    """Return the ISO 639-1 code of the language of `text`, or "und" where it is too short or too mixed to tell."""
    words = " ".join(_NO_WORDS.sub(" ", text[: _READ * 4]).split())[:_READ]
    if _plainly_english(words.lower().split()):
        return "en"
    if not words.isascii() and _KANA.search(words):
        return "ja"
    if not _LETTERS.search(words):
        return UNKNOWN
    if not words.isascii() and _HANGUL.search(words):
        return "ko"
    with _LOADING:
        identifier = _identifier()
    language, sure = identifier.classify(words.encode("utf-8", "replace").decode())
    return str(language) if sure >= (_LIKELY if words.count(" ") >= _SEVERAL - 1 else _SURE) else UNKNOWN
