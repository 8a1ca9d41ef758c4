"""What the files in tests/rules are checked against: two made-up kinds of source and a real one, and the real voice."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import available_timezones

from pydantic import Field

from listener.errors import EarnestError
from listener.rules.kinds import Strict, Words
from listener.rules.look import Known
from listener.sources.base import server_of
from responders.surroundings import known

FOLDER = Path(__file__).parent / "rules"
BAD = sorted((FOLDER / "bad").glob("*.yaml"))
GOOD = sorted((FOLDER / "good").glob("*.yaml"))


class MastodonLike(Strict):
    instance: str = Field(description="the server, such as mastodon.social")
    tags: Words = ()


class BlueskyLike(Strict):
    handle: str = ""


REAL = known()
KINDS = {"mastodon": MastodonLike, "bluesky": BlueskyLike, "webhook": REAL.source_options("webhook")}
KNOWN = Known(
    source_options=KINDS.get,
    kinds=("bluesky", "mastodon"),
    server_of=server_of,
    networks={"bluesky", "mastodon"},
    signals={"safety", "money", "outage", "waiting"},
    gates={"quiet_hours", "answered"},
    scorers={"default", "vader", "accurate"},
    scorer_problem=lambda name: EarnestError("it needs a library", "pip install it") if name == "accurate" else None,
    timezones=available_timezones(),
    pattern_problem=lambda pattern: "look-around" if "(?=" in pattern else "",
    source_checks={"webhook": REAL.source_checks["webhook"]},
    voice=REAL.voice,
    asks_for=REAL.asks_for,
    promises_private=REAL.promises_private,
    too_long={"bluesky": lambda text: f"{len(text)} of 300" if len(text) > 300 else ""},
)
