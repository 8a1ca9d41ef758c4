"""What each network's own search understands, as data. What it does not know is left to us: it is asked for more, never for less.

- X: docs.x.com, "Build a query" and "Operators" for recent search (read in November 2026): a space is and, `OR`, `-`, quotation marks and
  brackets; and binds before or; a group is never negated and what is negated never stands alone; 512 characters. Words near each other
  (`"a b"~5`) are known to the filtered stream only. Words are cut at punctuation, so what holds any stands in quotation marks.
- Reddit: www.reddit.com/dev/api, "GET search": at most 512 characters; praw 8.0.3, `Subreddit.search`: the syntax is Lucene's unless
  asked otherwise, with `AND`, `OR`, `NOT`, quotation marks, brackets and fields such as `subreddit:`.
- Hacker News: Algolia's API reference, "query" and "advancedSyntaxFeatures" (March 2026): all words must be there, quotation marks hold a
  phrase together, `AND`, `OR` and `NOT` are not supported, 512 bytes. One word may be left out with `-`, but what else that hides is not
  told, so we leave out ourselves.
- Bluesky: the lexicon of app.bsky.feed.searchPosts (read in November 2026) leaves the syntax of its `q` open, so only words and phrases
  are sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from listener.queries.language import Account, Node, Own, QueryWrong, Tag, Words, written

_PLAIN = re.compile(r"[^\W_]+")
_RESERVED = frozenset({"and", "or", "not", "near", "to"})
_X_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")

_X_ALONE = (
    *("from", "to", "url", "retweets_of", "in_reply_to_tweet_id", "in_reply_to_status_id", "retweets_of_tweet_id", "retweets_of_status_id"),
    *("quotes_of_tweet_id", "quotes_of_status_id", "context", "entity", "conversation_id", "list", "place", "place_country"),
)
_IS = frozenset({"retweet", "reply", "quote", "verified", "nullcast"})
_HAS = frozenset({"hashtags", "cashtags", "links", "mentions", "media", "media_link", "images", "video_link", "videos", "geo"})
_YES_NO = frozenset({"yes", "no", "true", "false", "1", "0"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one network's search is spoken to.

    `leaf` writes one part. `accounts` and `tags` say whether it tells them from words. `own` are its own operators, each with the values
    it takes (none: any); those in `alone` may stand without a word. `joint` is put between what must all be there; `without` before what
    must not be there, or is None where we leave it out ourselves; `either` is put between alternatives, or is None where each is asked
    for by itself. `longest` is how long a question may be by `measure`.
    """

    name: str
    longest: int
    leaf: Callable[[Node], str]
    accounts: bool = False
    tags: bool = False
    joint: str = " "
    without: str | None = None
    either: str | None = None
    own: Mapping[str, frozenset[str]] = field(default_factory=dict)
    alone: frozenset[str] = frozenset()
    measure: Callable[[str], int] = len


def _words(words: Words) -> str:
    return words.text if _PLAIN.fullmatch(words.text) and words.text.casefold() not in _RESERVED else f'"{words.text}"'


def _own(own: Own) -> str:
    return f"{own.name}:{own.value}" if re.fullmatch(r"[\w.-]+", own.value) else f'{own.name}:"{own.value}"'


def _on_x(leaf: Node) -> str:
    if isinstance(leaf, Account):
        if not _X_HANDLE.fullmatch(leaf.handle):
            message = f'no account on X is called "{leaf.handle}"'
            raise QueryWrong(message, leaf.at, "letters, digits and _, at most 15 of them")
        return f"@{leaf.handle}"
    return f"#{leaf.name}" if isinstance(leaf, Tag) else _simply(leaf)


def _on_reddit(leaf: Node) -> str:
    return f'"u/{leaf.handle}"' if isinstance(leaf, Account) else _simply(leaf)


def _simply(leaf: Node) -> str:
    """Write a leaf as a word or a phrase."""
    if isinstance(leaf, Words):
        return _words(leaf)
    if isinstance(leaf, Account):
        return _words(Words(leaf.handle.partition("@")[0]))
    if isinstance(leaf, Tag):
        return _words(Words(leaf.name))
    return _own(leaf) if isinstance(leaf, Own) else written(leaf)


def _bytes(text: str) -> int:
    return len(text.encode())


X = Dialect(
    "X",
    512,
    _on_x,
    accounts=True,
    tags=True,
    without="-",
    either=" OR ",
    own={**dict.fromkeys(_X_ALONE, frozenset[str]()), "is": _IS, "has": _HAS, "lang": frozenset()},
    alone=frozenset(_X_ALONE),
)
REDDIT = Dialect(
    "Reddit",
    512,
    _on_reddit,
    accounts=True,
    joint=" AND ",
    without="NOT ",
    either=" OR ",
    own={
        **dict.fromkeys(("author", "subreddit", "title", "selftext", "url", "site", "flair"), frozenset[str]()),
        "self": _YES_NO,
        "nsfw": _YES_NO,
    },
    alone=frozenset({"author", "subreddit", "title", "selftext", "url", "site", "flair"}),
)
HACKERNEWS = Dialect("Hacker News", 512, _simply, measure=_bytes)
BLUESKY = Dialect("Bluesky", 512, _simply)

ALL = (X, REDDIT, HACKERNEWS, BLUESKY)
