"""A query's text in pieces, each with its column. Every character is looked at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import regex

from listener.queries.language import QueryWrong
from listener.text import clean

LONGEST = 2_000
MOST_WORDS = 64

Kind = Literal["(", ")", "AND", "OR", "NOT", "-", "NEAR", "phrase", "word", "handle", "tag", "own", "end"]

_JOINTS: dict[str, Kind] = {"AND": "AND", "OR": "OR", "NOT": "NOT"}
_QUOTES = '"\u201c\u201d\u201e\u00ab\u00bb\uff02'
_PIECE = regex.compile(
    rf"(?P<space>\s+)|(?P<open>[(\uff08])|(?P<close>[)\uff09])"
    rf"|(?P<phrase>[{_QUOTES}](?P<inside>[^{_QUOTES}]*+)(?P<shut>[{_QUOTES}])?)"
    rf"|(?P<own>(?P<name>[A-Za-z_]{{2,40}}):(?!//)(?:\"(?P<quoted>[^\"]*+)\"|(?P<value>[^\s(){_QUOTES}]++)))"
    rf"|(?P<minus>[-\u2212\u2013](?![\s)]|$))|(?P<word>[^\s()\uff08\uff09{_QUOTES}]++)"
)
_NEAR = regex.compile(r"NEAR(?:/(?P<within>[0-9]{1,9}))?")
_WISHED_PART = regex.compile(r"[\p{P}\p{Z}\p{C}]")
_TAG = regex.compile(r"[\p{L}\p{N}\p{M}_]{1,100}")
_HANDLE = regex.compile(r"[\w-]+(?:\.[\w-]+)*(?:@[\w-]+(?:\.[\w-]+)*)?")


@dataclass(frozen=True, slots=True)
class Token:
    """One piece: what it is, its text, its column (from 0), and for an operator of a network's own what stands behind its colon."""

    kind: Kind
    text: str
    at: int
    value: str = ""


def tokens(text: str) -> Iterator[Token]:
    """Cut a query into pieces, the last one "end".

    Raises:
        QueryWrong: a piece makes no sense.
    """
    if len(text) > LONGEST:
        message = f"this query has {len(text):,} characters, and at most {LONGEST:,} are read"
        raise QueryWrong(message, LONGEST, "make several queries of it")
    words = 0
    for found in _PIECE.finditer(text):
        if found["space"]:
            continue
        token = _token(found)
        words += token.kind in {"phrase", "word", "handle", "tag", "own"}
        if words > MOST_WORDS:
            message = f"this query has more than {MOST_WORDS} words"
            raise QueryWrong(message, token.at, "make several queries of it")
        yield token
    yield Token("end", "", len(text))


def _token(found: regex.Match[str]) -> Token:
    at = found.start()
    if found["open"] or found["close"]:
        return Token("(" if found["open"] else ")", found[0], at)
    if found["phrase"]:
        if not found["shut"]:
            message = "the quotation mark here is never closed"
            raise QueryWrong(message, at, "end the phrase with another one")
        return Token("phrase", _looked_for(found["inside"], at, "there is nothing between these quotation marks"), at)
    if found["own"]:
        value = found["quoted"] if found["quoted"] is not None else found["value"]
        return Token("own", found["name"].casefold(), at, _shown(value))
    if found["minus"]:
        return Token("-", "-", at)
    return _word(found[0], at)


def _word(text: str, at: int) -> Token:
    if text in _JOINTS:
        return Token(_JOINTS[text], text, at)
    if near := _NEAR.fullmatch(text):
        return Token("NEAR", text, at, near["within"] or "")
    if text.startswith("NEAR/"):
        message = f'"{_shown(text)}" does not say how near'
        raise QueryWrong(message, at, "write NEAR/5: at most five words apart")
    shown = _shown(text)
    if shown[:1] in {"@", "\uff20"}:
        return Token("handle", _handle(shown[1:], at), at)
    if shown[:1] in {"#", "\uff03"}:
        return Token("tag", _tag(shown[1:], at), at)
    if "*" in shown.strip("*") or (shown.endswith("*") and shown.strip("*")):
        message = f'"{shown}" holds a "*", which stands for nothing here: words are looked for whole'
        raise QueryWrong(message, at, "write the words you mean, joined with OR")
    return Token("word", _looked_for(text.strip(",;") or text, at, "this is no word"), at)


def _handle(name: str, at: int) -> str:
    bare = name.rstrip(".,;:!?")
    if not _HANDLE.fullmatch(bare):
        message = f'"@{name}" is no account' if name else '"@" stands alone'
        raise QueryWrong(message, at, "write it as the network does, such as @acme or @acme@mastodon.social")
    return bare


def _tag(name: str, at: int) -> str:
    if not _TAG.fullmatch(name):
        message = f'"#{name}" is no hashtag' if name else '"#" stands alone'
        raise QueryWrong(message, at, "a hashtag is one word of letters, digits and _, at most 100 of them")
    return name


def _shown(text: str) -> str:
    """Return a text without what nobody can see in it, and with one space where there were several."""
    kept = "".join(sign for sign in unicodedata.normalize("NFC", text) if sign.isspace() or clean(sign))
    return " ".join(kept.split())


def _looked_for(text: str, at: int, nothing: str) -> str:
    shown = _shown(text)
    if not shown:
        message = nothing if not text.strip() else "there is nothing here but characters that nobody can see"
        raise QueryWrong(message, at, "write what is looked for, or take it out")
    if not _WISHED_PART.sub("", shown):
        message = f'"{shown}" holds no letter or digit, so it can never be found as a word'
        raise QueryWrong(message, at, "write what is looked for, or take it out")
    return shown
