"""The `watch` of rules.yaml: what our own people are told of without one mention deciding it. Storms, silence, and new words."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from listener.rules.conditions import MOST_COUNTED, NewTerm, Spike
from listener.rules.kinds import Name, Span, Strict, Word, Words

KINDS = ("spike", "flatline", "new_term")
"""What a watch may look for; each looks for one of them."""


class Flatline(Strict):
    """Less than usual was heard in a span in which something usually is."""

    over: Span = Field(default=timedelta(hours=3), description="the span that is looked at, at most a day")
    fewer_than: Annotated[int, Field(strict=True, ge=1, le=MOST_COUNTED)] = Field(default=1, description="rings where fewer were heard")
    share: Annotated[float, Field(strict=True, ge=0.01, le=0.99)] | None = Field(
        default=None, description="rings also where less than this share of the usual was heard, such as 0.1"
    )
    usually: Annotated[float, Field(strict=True, ge=1, le=MOST_COUNTED)] = Field(
        default=10.0, description="only at hours at which so many are usual in that span"
    )


class Watch(Strict):
    """Something to watch over time. A team is told once when it begins, and once when it is over."""

    name: Name = Field(description="its name, used in alerts and in `earnest status`")
    brand: Name | None = Field(default=None, description="only mentions of this brand; of any unless said otherwise")
    network: Word | None = Field(default=None, description="only what was written on this network")
    source: Name | None = Field(default=None, description="only what this source brought first")
    words: Words = Field(default=(), description="only posts with one of these words or phrases, matched whole, in any script")
    signals: Words = Field(default=(), description="only posts with one of these signals")
    spike: Spike | None = Field(default=None, description="rings at more of a kind than is usual at that hour")
    flatline: Flatline | None = Field(default=None, description="rings at less than is usual at that hour")
    new_term: NewTerm | None = Field(default=None, description="rings at a word or hashtag that is new and that several people use")
    tell: Name = Field(description="the team that is told")
    hours: Literal["open"] | None = Field(default=None, description="rings in business hours only (see `hours`)")
