"""What the wider rules language knows and this version does not have, in one table.

A key from here is refused by its name, so that nobody believes a rule works that is never looked at. Whoever builds one of these
takes it out of the table and adds it to the rulebook.
"""

from __future__ import annotations

from collections.abc import Mapping

# The part of the file (the name of its type in `rulebook`) and the keys it does not have.
KEYS: Mapping[str, frozenset[str]] = {}

SOURCES = frozenset(
    {
        "discourse",
        "facebook",
        "github",
        "instagram",
        "lemmy",
        "stackexchange",
        "telegram",
        "threads",
        "youtube",
    }
)

QUIET_HOURS_THEN = frozenset({"drop", "queue", "send", "draft"})

HINT = "docs/rules.md lists what is"


def message(name: str) -> str:
    """Say that a part of the language is not built."""
    return f'"{name}" is not in this version of Earnest'
