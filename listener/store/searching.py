"""Words looked for in posts: how they are asked of the index, in the one dialect that a search has. All else is SQL of any database."""

from __future__ import annotations

import re
from string import ascii_lowercase, ascii_uppercase

from listener.errors import UsageError

FOUND = "SELECT rowid AS seq FROM words WHERE words MATCH :words"
"""The places (`posts.seq`) of all posts that hold `:words`, as SQL."""

BETWEEN = "SELECT rowid AS seq FROM words WHERE words MATCH :words AND rowid BETWEEN :first AND :last"
"""The same of those posts whose places lie between `:first` and `:last`."""


CONTAINS = "instr(lower(p.text || ' ' || p.handle), {name}) > 0"
"""Whether a post (alias `p`) has this value anywhere, even within a word, as SQL without an index."""

_MOST_WORDS = 1_000
_MOST_UNSPACED = 50  # each is looked for in every post
_LONGEST = 10_000  # characters; one word may have many parts
_FEWER = "a few words that stand together in hardly any other post find it as well"

_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)  # as `lower` does in SQL
# Thai and Lao, Burmese, Khmer, kana, Han: the index takes whatever stands between two signs for one word.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)


def parted(search: str) -> tuple[str, list[str]]:
    """Return the words that the index finds, and those of scripts without spaces between words, which `CONTAINS` finds.

    Raises:
        UsageError: they are so many that a server would not take them.
    """
    query(search)
    words = search.replace("\x00", " ").split()
    spaced = [word for word in words if not _UNSPACED.search(word)]
    unspaced = list(dict.fromkeys(word.translate(_LOWER) for word in words if _UNSPACED.search(word)))
    if len(unspaced) > _MOST_UNSPACED:
        message = f"a search has at most {_MOST_UNSPACED} words of scripts without spaces, and this one has {len(unspaced):,}"
        raise UsageError(message, _FEWER)
    return " ".join(spaced), unspaced


def query(search: str) -> str:
    """Return the value of `:words` for which all these words must occur, whatever signs stand in them; "" where there are none.

    Raises:
        UsageError: they are so many that a server would not take them.
    """
    words = search.replace("\x00", " ").split()
    if len(words) > _MOST_WORDS or len(search) > _LONGEST:
        message = (
            f"a search has at most {_MOST_WORDS:,} words and {_LONGEST:,} characters, and this one has {len(words):,} and {len(search):,}"
        )
        raise UsageError(message, _FEWER)
    return " ".join('"' + word.replace('"', '""') + '"' for word in words)
