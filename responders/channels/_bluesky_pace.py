"""How fast Bluesky takes posts from one account: apart from its channel, which is slow to import for whoever only looks."""

from __future__ import annotations

from typing import Final

from responders.channels.base import Pace

# Making a record costs 3 points, of which an account has 5,000 an hour and 35,000 a day: 1,666 and 11,666 posts (docs.bsky.app, "Rate
# Limits", November 2026). This many an hour, all day long, stay below both.
PACE: Final = Pace(400, 3_600.0)
