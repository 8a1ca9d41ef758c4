"""Words of a brand that can never match, or that match far too much; each is named, with its place.

A word that can never match is a mistake: whoever wrote it believes that it is listened for. What a network calls its accounts:
docs.joinmastodon.org, and atproto.com/specs/handle (handles of Bluesky are domain names), read in November 2026. How long names are on X
(15 characters), Reddit (3 to 20) and Hacker News (2 to 15) is general knowledge, not read in their documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import regex

from listener.queries.language import Near, Node, Words, leaves, written
from listener.queries.sense import branches, clash_words, clashes, of_a_brand, stands_in
from listener.rules.inside import inside
from listener.rules.look import Look, Path
from listener.rules.ordinary import ORDINARY
from listener.rules.problems import Problem
from listener.rules.rulebook import Brand
from listener.rules.tree import Scalar
from listener.text import clean

_SEEN = regex.compile(r"[^\p{P}\p{Z}\p{C}]")
_SPACED = regex.compile(r"[\p{Latin}\p{Cyrillic}\p{Greek}\p{N}]+")
_TAG = regex.compile(r"[\p{L}\p{N}\p{M}_]+")
_LONGEST_TAG = 100
_SHORT = 2
_HANDLES = {
    "x": (regex.compile(r"[A-Za-z0-9_]{1,15}"), "letters, digits and _, at most 15 of them"),
    "reddit": (regex.compile(r"(?:/?u/)?[A-Za-z0-9_-]{3,20}"), "letters, digits, - and _, 3 to 20 of them"),
    "hackernews": (regex.compile(r"[A-Za-z0-9_-]{2,15}"), "letters, digits, - and _, 2 to 15 of them"),
    "mastodon": (regex.compile(r"[\w.-]+(?:@[^\s@/]+)?"), "such as acme@mastodon.social"),
    "bluesky": (regex.compile(r"(?:[\w-]+\.)*[\w-]+|did:\S+"), "such as acme.bsky.social"),
}
_JOINT = regex.compile(r"and|or|not|near/[0-9]+")


def keywords(look: Look) -> Iterator[Problem]:
    """Find words that can never match, and words that match nearly everything."""
    for name, brand in look.book.brands.items():
        path: Path = ("brands", name)
        for check in (_names, _handles, _tags, _queries):
            yield from check(look, path, brand)


def _names(look: Look, path: Path, brand: Brand) -> Iterator[Problem]:
    for number, name in enumerate(brand.names):
        place = _place(look, (*path, "names"), number)
        if not _SEEN.search(clean(name)):
            hint = "a name needs a letter, a digit or a sign such as an emoji"
            yield look.error(place, "never", "this name holds nothing that can be found as a word", hint)
        elif phrase := _ignored((name,), brand):
            yield look.error(place, "never", f'"{name}" can never match: {_always(name, phrase)}', "take one of the two out")
        elif _is_common(name):
            hint = f'take it out and ask for more: queries: ["{name} (shoes OR order OR refund)"]'
            yield look.warning(place, "common-word", f'"{name}" stands in very many posts that are not about you', hint)


def _is_common(name: str) -> bool:
    folded = clean(name).strip()
    return folded in ORDINARY or (len(folded) <= _SHORT and bool(_SPACED.fullmatch(folded)))


def _always(text: str, phrase: str) -> str:
    same = clean(text).strip() == clean(phrase).strip()
    return "ignore.phrases holds it too" if same else f'it always holds "{phrase}", which ignore.phrases leaves alone'


def _ignored(texts: Iterable[str], brand: Brand) -> str:
    """Return the phrase by which a post that holds one of the texts is always left alone."""
    return _first_within(brand.ignore.phrases, tuple(texts))


def _first_within(phrases: tuple[str, ...], texts: Sequence[str]) -> str:
    """Return the first of our phrases that stands in one of the texts, or ""; each is folded once, however many texts are asked about."""
    folded = "\n".join(map(_squeezed, texts))
    within = (phrase for phrase, squeezed in _folded(phrases) if squeezed in folded)
    return next((phrase for phrase in within if any(stands_in(text, phrase) for text in texts)), "")


@lru_cache(maxsize=8)
def _folded(phrases: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((phrase, _squeezed(phrase)) for phrase in phrases)


def _squeezed(text: str) -> str:
    return " ".join(clean(text).split())


def _handles(look: Look, path: Path, brand: Brand) -> Iterator[Problem]:
    for network, handle in brand.handles.items():
        pattern, hint = _HANDLES.get(network, (None, ""))
        if pattern and not pattern.fullmatch(handle.strip()):
            yield look.error((*path, "handles", network), "never", f'no account on {network} can be called "{handle}"', hint)


def _tags(look: Look, path: Path, brand: Brand) -> Iterator[Problem]:
    for number, tag in enumerate(brand.hashtags):
        place, name = _place(look, (*path, "hashtags"), number), clean(tag).strip()
        if not _TAG.fullmatch(name) or len(name) > _LONGEST_TAG:
            hint = f"one word of letters, digits and _, at most {_LONGEST_TAG} of them; with spaces it is a name"
            yield look.error(place, "never", f'"{tag}" can never be a hashtag', hint)
        elif phrase := _ignored((tag,), brand):
            yield look.error(place, "never", f'"{tag}" can never match: {_always(tag, phrase)}', "take one of the two out")


def _queries(look: Look, path: Path, brand: Brand) -> Iterator[Problem]:
    for number, text in enumerate(brand.queries):
        place, root = _place(look, (*path, "queries"), number), of_a_brand(text).root
        every = [[held for leaf in branch.wanted for held in _held(leaf)] for branch in branches(root) or ()]
        killed = [_ignored(texts, brand) for texts in every]
        if killed and all(killed):
            message = f'this query can never match: what it finds always holds "{killed[0]}", which ignore.phrases leaves alone'
            yield look.error(place, "never", message, "take one of the two out")
            continue
        for clash in clashes(root):
            message = f"a part of {clash_words(clash).replace('this', 'this query', 1)}"
            yield _at(look, place, clash.unwanted.at, message, "take that part out")
        yield from _small_joints(look, place, root)
        names = [_first_within(brand.names, texts) for texts in every]
        if names and all(names):
            hint = "take the name out if only this is wanted, or the query"
            yield look.warning(place, "needless", f'all that this query finds is found by the name "{names[0]}" already', hint)


def _held(leaf: Node) -> list[str]:
    """Return texts of which each stands, whole, in every post that has the leaf."""
    if isinstance(leaf, Words):
        return [leaf.text]
    if isinstance(leaf, Near):
        return [side[0].text for side in (leaf.left, leaf.right) if len(side) == 1]
    return []


def _small_joints(look: Look, place: Path, root: Node) -> Iterator[Problem]:
    for leaf in leaves(root):
        if isinstance(leaf, Words) and _JOINT.fullmatch(leaf.text) and not _quoted(look, place, leaf.at):
            message = f'"{leaf.text}" in small letters is a word to look for'
            yield _at(look, place, leaf.at, message, f"write {leaf.text.upper()}, or {written(leaf)} to look for it")


def _quoted(look: Look, place: Path, at: int) -> bool:
    node = look.node(place)
    return isinstance(node, Scalar) and not node.text[at : at + 1].isalpha()


def _place(look: Look, path: Path, number: int) -> Path:
    """Return the path of an entry; one word may stand for a list of one."""
    return path if isinstance(look.node(path), Scalar) else (*path, number)


def _at(look: Look, place: Path, at: int, message: str, hint: str) -> Problem:
    node = look.node(place)
    where = inside(look.sheet, node, at) if isinstance(node, Scalar) else node.at
    return look.sheet.problem(where, "query", message, hint, "warning")
