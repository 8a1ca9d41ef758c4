"""Reading what is typed after `/`: plain words such as "critical bluesky", each a level, network, route, team or brand."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace

from listener.clock import in_words
from listener.errors import UsageError
from listener.model import Level
from listener.rules.rulebook import Rulebook
from listener.text import one_line
from responders.views import Filters

_WIDTH = 40
_Change = dict[str, str | bool | Level]


def read_filter(words: str, base: Filters, book: Rulebook, networks: Sequence[str], me: str) -> Filters:
    """Return `base` narrowed by what was typed; nothing typed returns `base`.

    Raises:
        UsageError: a word means nothing here; the nearest word that does is named.
    """
    known = _known(book, networks, me)
    changed: _Change = {}
    for word in words.casefold().split():
        if word not in known:
            near = difflib.get_close_matches(word, known, 1)
            message = f'"{one_line(word, _WIDTH)}" is no level, network, route, team or brand'
            raise UsageError(message, f'did you mean "{near[0]}"?' if near else "")
        changed |= known[word]
    return replace(base, **changed)  # type: ignore[arg-type]  # each value was made for its field, below


def _known(book: Rulebook, networks: Sequence[str], me: str) -> dict[str, _Change]:
    """Return every word that means something and what it narrows; where two share a word, the one named later counts."""
    known: dict[str, _Change] = {brand.casefold(): {"brand": brand} for brand in book.brands}
    known |= {team.casefold(): {"team": team} for team in book.teams}
    known |= {route.name.casefold(): {"route": route.name} for route in book.routes}
    known |= {network.casefold(): {"network": network} for network in networks}
    known |= {level.value: {"urgency": level} for level in Level}
    return known | {"overdue": {"overdue": True}, "mine": {"assignee": me}}


def narrowed_to(filters: Filters) -> str:
    """Say what a list is narrowed to; "" where it shows everything."""
    said = [f"{name} {getattr(filters, name)}" for name in ("brand", "network", "route", "team", "assignee") if getattr(filters, name)]
    if filters.urgency:
        said.append(f"urgency {filters.urgency.value} or more")
    if filters.since:
        said.append(f"moved in the last {in_words(filters.since)}")
    if filters.overdue:
        said.append("overdue")
    return ", ".join(said)
