"""Which written answer fits a post, found by its words.

The answers are weighed by BM25: a word that few answers ask for says more than one that many do. An answer fits as far as the post
says the words of one of its questions: 1.0 where it says all of them, 0.0 where none. Below `ENOUGH` nothing is offered, for a wrong
answer is worse than a question. A post is only ever a bag of words here; no sign in it means anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

import regex

from listener.rules.answers import Answer, Wording
from listener.text import clean
from responders.model import Offered

ENOUGH = 0.6
"""So much of a question a post must say before its answer is offered."""

FEWEST = 2
"""So many words of a question a post must say: one alone means too little."""

NOBODY_KNOWS = "und"
LONGEST_POST = 20_000
_LONGEST_WORD = 100

_SAME = 0.005  # scores that differ by less fit equally well
_SET_ASIDE = regex.compile(r"https?://\S+|www\.\S+|[@\uff20][\w.-]+(?:@[\w.-]+)?")
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}ー]"
_WORD = regex.compile(rf"(?P<signs>{_UNSPACED}+)|(?:(?!{_UNSPACED})[\p{{L}}\p{{N}}\p{{M}}])+(?:'(?!{_UNSPACED})[\p{{L}}\p{{M}}]+)?")
_TONGUES: Mapping[str, tuple[str, str]] = {  # which endings are taken off, and which words are too small to count
    "da": ("danish", "DANISH"),
    "de": ("german", "GERMAN"),
    "en": ("english", "EN_PLUS"),
    "es": ("spanish", "SPANISH"),
    "fi": ("finnish", ""),
    "fr": ("french", "FRENCH"),
    "it": ("italian", "ITALIAN"),
    "nl": ("dutch", "DUTCH"),
    "no": ("norwegian", "NORWEGIAN"),
    "pl": ("polish", ""),
    "pt": ("portuguese", "PORTUGUESE"),
    "sv": ("swedish", "SWEDISH"),
    "tr": ("turkish", "TURKISH"),
    NOBODY_KNOWS: ("english", ""),
}
_ASKING = (
    "can't cannot could get got hello hey hi know like long may much must need one please say tell thank thanks us want would",
    "bitte danke hallo kann könnt könnte möchte gibt viel lange geht bonjour merci svp hola gracias por favor ciao grazie",
)


@dataclass(frozen=True, slots=True)
class Found:
    """An answer that a post may be asking for: how well it fits (0 to 1), by which of its questions, and how it would be said."""

    answer: Answer
    score: float
    question: str
    wording: Wording

    @property
    def text(self) -> str:
        """The words as they would stand in a text."""
        return self.answer.said(self.wording)


@cache
def _small(language: str) -> frozenset[str]:
    """Return the words that say nothing of what is asked; of every language we know, where nobody can tell which it is."""
    from bm25s import stopwords  # noqa: PLC0415  # heavy, and needed only where there are answers

    name = _TONGUES.get(language, ("", ""))[1]
    names = [name] if name else [other for _, other in _TONGUES.values() if other]
    polite = (word for line in _ASKING for word in line.split())
    return frozenset(polite).union(*(getattr(stopwords, f"STOPWORDS_{name}") for name in names))


@cache
def _stemmer(language: str) -> Callable[[str], str]:
    """Return what takes the endings off words; people use the same words, so what it found is kept."""
    if language not in _TONGUES:
        return str
    import snowballstemmer  # noqa: PLC0415  # needed only where there are answers

    stem = snowballstemmer.stemmer(_TONGUES[language][0]).stemWord
    return lru_cache(maxsize=LONGEST_POST)(lambda word: str(stem(word[:_LONGEST_WORD])))


def terms(text: str, language: str = NOBODY_KNOWS) -> tuple[str, ...]:
    """Return the words of a text that a search goes by, each once: without handles, addresses and small words, and without endings."""
    folded = _SET_ASIDE.sub(" ", clean(text[:LONGEST_POST]))
    return tuple(dict.fromkeys(_terms(folded, language)))


def _terms(folded: str, language: str) -> Iterator[str]:
    small, stem = _small(language), _stemmer(language)
    for found in _WORD.finditer(folded):
        if signs := found["signs"]:  # two signs in a row tell more than one, where no spaces part words
            yield from (signs[place : place + 2] for place in range(max(len(signs) - 1, 1)))
        elif found[0] not in small:
            yield stem(found[0])


class _Weighed:
    """The questions of all answers in the words of one language, and how much each word says about each answer."""

    def __init__(self, answers: Sequence[Answer], language: str) -> None:
        from bm25s import BM25  # noqa: PLC0415  # heavy, and needed only where there are answers

        self.questions = [[(question, terms(question, language)) for question in answer.questions] for answer in answers]
        asked = [[term for _, words in questions for term in words] for questions in self.questions]
        known = sorted({term for words in asked for term in words})
        ranking = BM25()
        ranking.index(asked, show_progress=False)
        self.weights: Mapping[str, Sequence[float]] = {term: ranking.get_scores([term]).tolist() for term in known}

    def fits(self, number: int, said: frozenset[str]) -> tuple[float, str]:
        """Return how well the words of a post fit an answer, and by which question."""
        best = (0.0, "")
        for question, words in self.questions[number]:
            shared = [word for word in words if word in said]
            if len(shared) < FEWEST:
                continue
            whole = sum(self.weights[word][number] for word in words)
            part = sum(self.weights[word][number] for word in shared)
            best = max(best, (round(part / whole, 4) if whole else 0.0, question), key=lambda one: one[0])
        return best


class Index:
    """The written answers of one rulebook, ready to be searched. It is made once; what may be offered depends on the day."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        """Take the answers; they are weighed in a language when somebody first writes in it."""
        self._answers = tuple(answers)
        self._weighed: dict[str, _Weighed] = {}

    def search(self, text: str, *, brand: str, language: str, informal: bool, today: date) -> tuple[Found, ...]:
        """Return the answers that may be offered today to a post about `brand`, the best first; those that share no word are left out."""
        usable = [
            (number, wording)
            for number, answer in enumerate(self._answers)
            if today <= answer.review_by and answer.brand in {"", brand} and (wording := wording_for(answer, language, informal=informal))
        ]
        said = frozenset(terms(text, self._known(language))) if usable else frozenset()
        if not said:
            return ()
        weighed = self._in(self._known(language))
        fits = [(number, wording, *weighed.fits(number, said)) for number, wording in usable]
        found = [Found(self._answers[number], score, question, wording) for number, wording, score, question in fits if score]
        return tuple(sorted(found, key=lambda one: -one.score))

    @staticmethod
    def _known(language: str) -> str:
        return language if language in _TONGUES else NOBODY_KNOWS

    def _in(self, language: str) -> _Weighed:
        if language not in self._weighed:
            self._weighed[language] = _Weighed(self._answers, language)
        return self._weighed[language]


def best(found: Sequence[Found]) -> Found | None:
    """Return the answer to offer: the one that fits best, if it fits well enough and no other fits as well."""
    if not found or found[0].score < ENOUGH:
        return None
    if len(found) > 1 and found[0].score - found[1].score < _SAME:
        return None
    return found[0]


def wording_for(answer: Answer, language: str, *, informal: bool) -> Wording | None:
    """Return how an answer is said to somebody: in their language, or in words for everybody; None where it has neither.

    Where nobody can tell the language, the first words of the file will do.
    """
    asked = language.casefold()
    if asked == NOBODY_KNOWS:
        return answer.wordings[0]
    fitting = (
        one
        for tongue in (asked, "")
        for manner in (informal, not informal)
        for one in answer.wordings
        if (one.language, one.informal) == (tongue, manner)
    )
    return next(fitting, None)


def offered(found: Found) -> Offered:
    """Return what a draft remembers of the answer it tells."""
    answer = found.answer
    return Offered(answer.file, answer.title, answer.source, answer.review_by, found.score, found.question)


ASKING: Mapping[str, str] = {
    "de": "Das klären wir gern. Worum genau geht es?",
    "en": "Happy to help with that. What exactly would you like to know?",
    "es": "Con gusto le ayudamos. ¿Qué quiere saber exactamente?",
    "fr": "Nous vous aidons volontiers. Que souhaitez-vous savoir exactement ?",
    "it": "La aiutiamo volentieri. Che cosa vorrebbe sapere esattamente?",
    "ja": "お手伝いします。具体的に何をお知りになりたいですか。",
    "nl": "Daar helpen we graag mee. Wat wilt u precies weten?",
    "pl": "Chętnie pomożemy. Co dokładnie chcą Państwo wiedzieć?",
    "pt": "Teremos gosto em ajudar. O que gostaria de saber exatamente?",
    "tr": "Memnuniyetle yardımcı oluruz. Tam olarak neyi öğrenmek istersiniz?",  # noqa: RUF001  # Turkish
}
"""What is asked where no answer fits and every text of the template needs one. A person says yes to it, always."""


def asking(language: str) -> str:
    """Return a plain question in the person's language, else in English."""
    return ASKING.get(language, ASKING["en"])
