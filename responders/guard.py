"""The voice check: every text that leaves passes here, whether a machine or a person wrote it.

A problem blocks the text until it is edited. It is said in words for a person and names what was found, personal data masked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from listener.model import Post
from listener.rules.answers import Answer
from listener.rules.rulebook import Rulebook
from listener.rules.texts import variants
from listener.text import clean, hidden, one_line
from responders import linking, personal
from responders.handles import is_insult, readings
from responders.lexicon import AGAINST_OURSELVES, PROFANITY, PROMISES_OF_LAW
from responders.model import Kind
from responders.promising import promises, unsourced
from responders.wording import find_words, unspaced, words

_RUN = 4  # so many words in a row repeat a post
_UNSPACED_RUN = 8  # so many letters in a row, where no spaces are written
_SHORTEST_NAME = 3  # shorter names are found inside ordinary sentences
_LONGEST_NAME = 200  # no network takes longer ones
_LONGEST = 20_000  # twice what any network takes; beyond it reading would take its time
_QUOTE_WIDTH = 60
_AROUND = ".,;:?!\"'()[]*_~-"
_SENTENCE_END = re.compile(r"[.!?](?:\s+|$)|[\u3002\uff01\uff1f\n]")
_MENTION = re.compile(r"(?<![\w@/\uff20])(?:[@\uff20]|/?\bu/)([\w.-]+(?:@[\w.-]+)?)")
_PREFIX = re.compile(r"\s*@(\S+)(?:\s+|$)")
_KINDS = {
    "email": "an e-mail address",
    "phone": "a phone number",
    "card": "a card number",
    "iban": "an IBAN",
    "order_number": "an order number",
}


def _same(one: str, other: str) -> bool:
    """Return whether two handles are one and the same, server included: without it, another account may be meant."""
    return one.casefold().rstrip(".:,-") == other.casefold()


def _alike(one: str, other: str) -> bool:
    """Return whether two handles may name one account, whatever their servers."""
    first, second = (handle.casefold().rstrip(".:,-").partition("@")[0] for handle in (one, other))
    return first == second


def _is_ours(handle: str, book: Rulebook, post: Post | None) -> bool:
    """Return whether a handle is ours on the post's network: in full, or without a server, which then is our own."""
    handles = [brand.handles.items() for brand in book.brands.values()]
    ours = [name for items in handles for network, name in items if post is None or network == post.network]
    return any(_same(handle, name) or ("@" not in handle and _alike(handle, name)) for name in ours)


def _unaddressed(text: str, post: Post | None) -> str:
    """Return `text` without the author's handle in front, which addressing needs."""
    while post and (found := _PREFIX.match(text)) and _same(found[1], post.author.handle):
        text = text[found.end() :]
    return text


def _templates(book: Rulebook) -> tuple[str, ...]:
    """Return the texts of templates, with our own pages where they lead to them."""
    texts = tuple(text for template in book.templates.values() for _, text, _ in variants(template))
    pages = {brand.contact: None for brand in book.brands.values() if brand.contact}
    return tuple(dict.fromkeys(text.replace("{link}", page) for text in texts for page in (pages if "{link}" in text else {"": None})))


def _answers(book: Rulebook) -> tuple[str, ...]:
    """Return the words of every written answer, whatever the day."""
    return tuple(answer.said(wording) for answer in book.answers for wording in answer.wordings)


def _own_texts(book: Rulebook) -> str:
    """Return what we say ourselves: the templates, the names of brands and of people in teams."""
    said = [*_templates(book), *_answers(book)]
    said += [name for brand in book.brands.values() for name in brand.names]
    said += [member for team in book.teams.values() for member in team.members]
    return " \n ".join(said)


def _listed(found: Sequence[str]) -> str:
    return ", ".join(f'"{one_line(one, _QUOTE_WIDTH)}"' for one in found)


def _never_said(text: str, book: Rulebook) -> Iterator[str]:
    if found := find_words(book.boundaries.never_say, text):
        yield f"it says {_listed(found)}, which the boundaries never allow"
    if found := find_words(AGAINST_OURSELVES, text):
        yield f"it speaks against ourselves: {_listed(found)}"
    if found := find_words(PROMISES_OF_LAW, text):
        yield f"it makes a contract: {_listed(found)}"


def _is_starred(token: str) -> bool:
    """Return whether a token is a rude word with letters starred out."""
    if "*" not in token or len(token) < _RUN:
        return False
    seen = re.compile(re.escape(token).replace(r"\*", "."))
    return any(seen.fullmatch(word) for word in PROFANITY)


def _profanity(text: str) -> Iterator[str]:
    tokens = dict.fromkeys(part for token in clean(text).split() for part in (token.strip(_AROUND), *words(token)))
    rude = (token for token in tokens if not PROFANITY.isdisjoint(readings(token)) or _is_starred(token))
    if found := tuple(dict.fromkeys((*find_words(PROFANITY, text), *rude))):
        yield f"it swears: {_listed(found)}"


def _personal(text: str, book: Rulebook) -> Iterator[str]:
    for found in personal.find(text, book.boundaries.keep_private):
        yield f'it shows {_KINDS[found.kind]} in public: "{found.masked}"'

    for found in personal.find_patterns(text, book.boundaries.private_patterns):
        yield f'it shows what the boundaries keep private ({found.kind}) in public: "{found.masked}"'


def _promises(text: str, book: Rulebook, today: date | None) -> Iterator[str]:
    """Yield what is promised without a source. An entry with an end counts only where the day is known and has not passed it."""
    entries = book.boundaries.may_promise
    valid = (entry for entry in entries if entry.until is None or (today is not None and today <= entry.until))
    backed = tuple(words for entry in valid for words in entry.say)
    answers = tuple(answer for answer in book.answers if today is not None and today <= answer.review_by)
    if found := unsourced(text, _templates(book), (*backed, *_sentences(answers))):
        yield f"it promises {_listed(found)}, and neither a template nor boundaries.may_promise says that we do"


@lru_cache(maxsize=16)
def _sentences(answers: tuple[Answer, ...]) -> tuple[str, ...]:
    """Return the sentences in which written answers that still count promise something: each has a named source."""
    whole = (wording.text for answer in answers for wording in answer.wordings)
    said = (one.strip(_AROUND + " ") for text in whole for one in _SENTENCE_END.split(text))
    return tuple(dict.fromkeys(one for one in said if promises(one)))


def _past(text: str, book: Rulebook, today: date | None) -> Iterator[str]:
    """Yield which written answer a text tells whose last day is over."""
    over = [answer for answer in book.answers if today is not None and today > answer.review_by]
    shown = " ".join(clean(text).split()) if over else ""
    for answer in over:
        if any(" ".join(clean(wording.text).split()) in shown for wording in answer.wordings):
            name = one_line(answer.file, _QUOTE_WIDTH)
            yield f"it tells the answer {name}, which was to be looked at again by {answer.review_by.isoformat()}"


def _links(text: str, book: Rulebook) -> Iterator[str]:
    brands = book.brands.values()
    sites = tuple(site for brand in brands for site in brand.sites)
    handles = tuple(handle for brand in brands for handle in brand.handles.values())
    names = tuple(name for brand in brands for name in brand.names)
    yield from linking.problems(text, linking.sites_of(sites, handles, (*_templates(book), *_answers(book)), names))


def _is_common(name: str, body: str) -> bool:
    """Return whether a one-word name only stands in `body` as an ordinary word: "Please" is called so, and we say "please"."""
    folded = clean(name).strip()
    if name.islower() or len(folded.split()) != 1:
        return False
    standing = [token.strip(_AROUND) for token in body.split() if clean(token).strip(_AROUND) == folded]
    return bool(standing) and all(token.islower() for token in standing)


def _names(body: str, post: Post, book: Rulebook, *, name_allowed: bool) -> Iterator[str]:
    """Yield where the author's name is repeated, unless the word is one of our own."""
    handle = post.author.handle
    said = handle.partition("@")[0]
    asked: list[tuple[str, tuple[str, ...]]] = [("display name", (post.author.display_name,))]
    asked += [] if name_allowed else [("handle", (handle, said))]
    allowed = {clean(said)} if name_allowed else set()
    for what, names in asked:
        long = tuple(name[:_LONGEST_NAME] for name in names if len(name.strip()) >= _SHORTEST_NAME and clean(name).strip() not in allowed)
        long = tuple(name for name in long if not _is_common(name, body))
        found = find_words(long, body)
        if found and not find_words(long, _own_texts(book)):
            yield f"it repeats the author's {what} in public: {_listed(found)}"
    others = [name for name in _MENTION.findall(body) if not _same(name, handle) and not _is_ours(name, book, post)]
    if copied := [name for name in others if any(_alike(name, named) for named in post.mentions)]:
        yield f"it draws in people the post names: {_listed(copied)}"


def _runs(tokens: Sequence[str], length: int) -> dict[tuple[str, ...], None]:
    return dict.fromkeys(tuple(tokens[start : start + length]) for start in range(len(tokens) - length + 1))


def _repeats(body: str, post: Post, book: Rulebook) -> Iterator[str]:
    """Yield the first run of words that repeats the post, unless it is in a template of ours."""
    for split, length, joint in ((words, _RUN, " "), (unspaced, _UNSPACED_RUN, "")):
        theirs = _runs(split(post.text), length)
        shared = [run for run in _runs(split(body), length) if run in theirs]
        if shared:
            ours = _runs(split(_own_texts(book)), length)
            if foreign := [run for run in shared if run not in ours]:
                yield f"it repeats the post in public: {_listed([joint.join(foreign[0])])}"


def _foreign(text: str, post: Post, book: Rulebook, *, name_allowed: bool) -> Iterator[str]:
    body = _unaddressed(text, post)
    if body != text and is_insult(post.author.handle.partition("@")[0]):
        yield "it says a handle in public that was chosen as an insult"
    yield from _names(body, post, book, name_allowed=name_allowed)
    yield from _repeats(body, post, book)


def _widening(text: str, book: Rulebook, post: Post | None) -> Iterator[str]:
    others = [name for name in _MENTION.findall(text) if not (post and _same(name, post.author.handle)) and not _is_ours(name, book, post)]
    if others:
        yield f"it mentions {_listed(others)}, who could then read this private text"


def today_of(book: Rulebook, at: datetime) -> date:
    """Return which day it is, at a moment, in the zone that the rules are meant in; UTC's where there is no such zone."""
    try:
        return at.astimezone(ZoneInfo(book.timezone)).date()
    except (ValueError, KeyError):
        return at.astimezone(UTC).date()


def check(
    text: str,
    *,
    kind: Kind,
    book: Rulebook,
    post: Post | None,
    name_allowed: bool = False,
    today: date | None = None,
    limits: Callable[[str], str] | None = None,
) -> tuple[str, ...]:
    """Return what is wrong with a text that is about to leave, in words for a person; empty where nothing is.

    `post` is what is answered, so that nothing of it is repeated in public; the author's handle in front, for addressing, is fine.
    `name_allowed` says that the handle may stand elsewhere too. Personal data and foreign text count in public only; other
    people's handles count in private only, where a mention may let them read along. `today` is the day in the rules' own zone: without
    it, nothing that may be promised up to some day may be. `limits` says in the network's own count why a text does not fit, or "".
    """
    if len(text) > _LONGEST:
        return (f"it is far too long: {len(text)} characters",)
    body = _unaddressed(text, post)
    problems = [] if body.strip() and clean(text).strip() else ["there is nothing in it to say"]
    if names := hidden(text):
        problems.append(f"it carries hidden characters: {', '.join(names)}")
    problems += (*_never_said(text, book), *_profanity(body), *_promises(body, book, today), *_past(body, book, today))
    problems += _links(body, book)
    if kind is Kind.PRIVATE:
        problems += _widening(text, book, post)
    else:
        problems += _personal(text, book)
        problems += _foreign(text, post, book, name_allowed=name_allowed) if post is not None else ()
    problems += filter(None, (limits(text),) if limits else ())
    return tuple(problems)
