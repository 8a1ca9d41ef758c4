"""The ladder: by what a route earns the right to send by itself, and by what it loses it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from listener.rules.kinds import MOST, Span, Strict

_Count = Annotated[int, Field(strict=True, ge=1, le=MOST)]
_Share = Annotated[float, Field(strict=True, ge=0.01, le=1)]


class LowerWhen(Strict):
    """What lowers a route with `approval: none`, so that a person is asked again: whichever of these comes first."""

    reversals: _Count = Field(default=2, description="so many of its answers were taken back, before or after they left")
    upset_replies: _Count = Field(default=2, description="so many of its answers got an unhappy reply")
    rejected: _Share = Field(
        default=0.1, description="this share of what people decided was rejected, and at least two drafts; 0.1 is one in ten"
    )
    within: Span = Field(default=timedelta(days=7), description="the span that is counted, at most 90 days")


class Ladder(Strict):
    """When a route has earned `approval: none`, and when it loses it. It is never raised by itself, and is lowered by itself."""

    window: Span = Field(default=timedelta(days=30), description="how far back a record goes, at most 366 days")
    decisions: _Count = Field(default=50, description="how many drafts people must have decided before anything is said of a route")
    unchanged: Annotated[float, Field(strict=True, ge=0.5, le=0.99)] = Field(
        default=0.9,
        description="the share that must be approved unchanged, of all that will ever come and not only of those seen: "
        "58 of 60 are surely 0.9, 29 of 30 are not",
    )
    people: Annotated[int, Field(strict=True, ge=1, le=100)] = Field(
        default=2, description="how many people must have decided at least five of its drafts each"
    )
    lower_when: LowerWhen = Field(default=LowerWhen(), description="what lowers a route that sends by itself, until a person restores it")
