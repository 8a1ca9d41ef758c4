"""How fast X takes posts from one account: apart from its channel, which is slow to import for whoever only looks."""

from __future__ import annotations

from typing import Final

from responders.channels.base import Pace

# A hundred posts in 15 minutes (docs.x.com, "rate limits", August 2026).
PACE: Final = Pace(100, 900.0)
