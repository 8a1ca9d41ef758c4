"""How fast Reddit takes posts from one account: apart from its channel, which is slow to import for whoever only looks."""

from __future__ import annotations

from typing import Final

from responders.channels.base import Pace

# A request a minute, where Reddit allows a hundred (support.reddithelp.com, "Reddit Data API Wiki", November 2026): comments are
# limited by an account's standing too, down to one in ten minutes, and that figure is nowhere to be read.
PACE: Final = Pace(10, 600.0)
