"""By which names a draft speaks: the brand's, and the person's who signs it."""

from __future__ import annotations

from listener.rules.rulebook import Route, Rulebook


def brand_name(book: Rulebook, brand: str) -> str:
    """Return what a brand is called in texts: the first of its names, else its key."""
    known = book.brands.get(brand)
    return known.names[0] if known and known.names else brand


def agent_name(book: Rulebook, route: Route, brand: str, *, assignee: str = "") -> str:
    """Return who signs: whoever the case is given to, else the first member of the route's team, else the brand."""
    team = book.teams.get(route.team or route.escalate or "")
    first = team.members[0] if team and team.members else ""
    return (assignee or first).capitalize() or brand_name(book, brand)
