"""The filters, the same for every list: `--brand --network --route --urgency --team --assignee --since --overdue`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

import click

from listener.model import Level
from responders.views import Filters

F = TypeVar("F", bound=Callable[..., Any])

_SPAN = re.compile(r"([0-9]{1,5})\s*([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def to_span(value: str) -> timedelta:
    """Read a length of time from a command line, written as in rules.yaml: 90s, 15m, 4h, 2d.

    Raises:
        click.BadParameter: it is none of these, or zero.
    """
    found = _SPAN.fullmatch(value.strip())
    if not found or not int(found[1]):
        message = f'"{value}" is no length of time; write it like 90s, 15m, 4h or 2d'
        raise click.BadParameter(message)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


_OPTIONS: Sequence[Callable[[Any], Any]] = (
    click.option("--brand", "filter_brand", metavar="NAME", help="Only this brand."),
    click.option("--network", "filter_network", metavar="NAME", help="Only this network."),
    click.option("--route", "filter_route", metavar="NAME", help="Only this route."),
    click.option("--urgency", "filter_urgency", type=click.Choice([level.value for level in Level]), help="This urgent or more urgent."),
    click.option("--team", "filter_team", metavar="NAME", help="Only this team's cases."),
    click.option("--assignee", "filter_assignee", metavar="NAME", help="Only this person's cases."),
    click.option("--since", "filter_since", type=to_span, metavar="SPAN", help="Only what moved in this time: 90s, 15m, 4h, 2d."),
    click.option("--overdue", "filter_overdue", is_flag=True, help="Only what should have been answered by now."),
)


def filtered(command: F) -> F:
    """Give a command the filters; it is handed them as `filters`. Stands above `common`."""

    @wraps(command)
    def run(*args: object, **kwargs: Any) -> object:  # noqa: ANN401  # Click's own
        asked = {name: kwargs.pop(f"filter_{name}") for name in Filters.__slots__}
        if asked["urgency"]:
            asked["urgency"] = Level(asked["urgency"])
        return command(*args, filters=Filters(**asked), **kwargs)

    decorated: Any = run
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]  # Click's decorators keep the signature
