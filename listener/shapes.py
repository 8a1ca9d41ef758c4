"""What the shapes of every network's answers are made of."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from listener.clock import from_text


class Wire(BaseModel):
    """Reads types as they are; what we do not use is left alone."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


def _moment(value: object) -> datetime:
    if not isinstance(value, str):
        message = "is no moment"
        raise ValueError(message)  # noqa: TRY004 - pydantic turns a ValueError into a finding, a TypeError not
    try:
        return from_text(value)
    except OverflowError:
        message = "is outside the calendar"
        raise ValueError(message) from None


Moment = Annotated[datetime, BeforeValidator(_moment)]
"""A moment that a server tells, as RFC 3339."""
