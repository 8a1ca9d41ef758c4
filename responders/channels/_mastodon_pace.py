"""How fast a Mastodon server takes posts from one account: apart from its channel, which is slow to import for whoever only looks."""

from __future__ import annotations

from typing import Final

from responders.channels.base import Pace

# A token may ask 300 times in five minutes (docs, "rate-limits"), and an account may post 300 times in three hours (the server's own
# lib/rate_limiter.rb; both November 2026). A reply takes about four requests, and people post by hand as well: so far below both.
PACE: Final = Pace(60, 3_600.0)
