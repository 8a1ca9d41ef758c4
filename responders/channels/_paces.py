"""How fast each network here takes posts from one account: apart from its file, which is slow to import for whoever only looks."""

from __future__ import annotations

from typing import Final

from responders.channels.base import Pace

# Making a record costs 3 points, of which an account has 5,000 an hour and 35,000 a day: 1,666 and 11,666 posts (docs.bsky.app, "Rate
# Limits", November 2026). This many an hour, all day long, stay below both.
BLUESKY: Final = Pace(400, 3_600.0)

# A token may ask 300 times in five minutes (docs, "rate-limits"), and an account may post 300 times in three hours (the server's own
# lib/rate_limiter.rb; both November 2026). A reply takes about four requests, and people post by hand as well: so far below both.
MASTODON: Final = Pace(60, 3_600.0)

# A request a minute, where Reddit allows a hundred (support.reddithelp.com, "Reddit Data API Wiki", November 2026): comments are
# limited by an account's standing too, down to one in ten minutes, and that figure is nowhere to be read.
REDDIT: Final = Pace(10, 600.0)

X: Final = Pace(100, 900.0)

PACES: Final = {"bluesky": BLUESKY, "mastodon": MASTODON, "reddit": REDDIT, "x": X}
"""By network; the same as each network's `KIND` says."""
