"""Reading known posts of Reddit once more, by their names.

`/api/info` (www.reddit.com/dev/api, and the exchanges recorded for praw 8.0.3) takes up to 100 names. A comment or submission that was
deleted or removed is still told, with "[deleted]" or "[removed]" where its author or its words stood. What is not told at all may stand in
a subreddit that has become private, so nothing is told of it. What is deleted there is to be deleted elsewhere within two days (Reddit's
Data API Wiki, November 2026), so nothing waits longer for a look than 20 hours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from listener.model import Post
from listener.reddit_session import Session
from listener.reddit_wire import WireThing, is_id
from listener.sources._reddit_lists import PAGE_SIZE, things
from listener.sources.base import Looked

MOST = PAGE_SIZE
SLOWEST = timedelta(hours=20)


async def look(session: Session, ids: Sequence[str], make: Callable[[WireThing], Post]) -> Looked:
    """Read comments and submissions.

    Raises:
        SignInNeeded, RateLimited, Malformed, NotConnected, NetworkError
    """
    usable = [each for each in ids if is_id(each)]
    told = await things(session, usable) if usable else {}
    found = [told[name] for name in usable if name in told]
    return Looked(tuple(make(thing) for thing in found if not thing.gone), tuple(thing.name for thing in found if thing.gone))
