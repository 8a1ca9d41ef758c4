"""Words looked for in posts: how they are asked of the index, in the one dialect that a search has. All else is SQL of any database."""

from __future__ import annotations

from listener.errors import UsageError

FOUND = "SELECT rowid AS seq FROM words WHERE words MATCH :words"
"""The places (`posts.seq`) of all posts that hold `:words`, as SQL."""

BETWEEN = "SELECT rowid AS seq FROM words WHERE words MATCH :words AND rowid BETWEEN :first AND :last"
"""The same of those posts whose places lie between `:first` and `:last`."""


_MOST_WORDS = 1_000
_LONGEST = 10_000  # characters; one word may have many parts


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
        raise UsageError(message, "a few words that stand together in hardly any other post find it as well")
    return " ".join('"' + word.replace('"', '""') + '"' for word in words)
