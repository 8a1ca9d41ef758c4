"""Words looked for in posts: how they are asked of the index, in the one dialect that a search has. All else is SQL of any database."""

from __future__ import annotations

FOUND = "SELECT rowid AS seq FROM words WHERE words MATCH :words"
"""The places (`posts.seq`) of all posts that hold `:words`, as SQL."""

BETWEEN = "SELECT rowid AS seq FROM words WHERE words MATCH :words AND rowid BETWEEN :first AND :last"
"""The same of those posts whose places lie between `:first` and `:last`."""


def query(search: str) -> str:
    """Return the value of `:words` for which all these words must occur, whatever signs stand in them; "" where there are none."""
    return " ".join('"' + word.replace('"', '""') + '"' for word in search.replace("\x00", " ").split())
