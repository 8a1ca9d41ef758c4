"""`earnest mentions --competitor`: posts that name a competitor."""

from __future__ import annotations

from listener import clock
from listener.errors import UsageError
from listener.store import competitors
from listener.store.base import Row, number, text
from responders.cli.base import App
from responders.cli.phrases import ago, moment_of
from responders.views import Filters


def named(app: App, filters: Filters, competitor: str, *, search: str, limit: int) -> None:
    """List the posts that name a competitor ("" for any), the newest first.

    Raises:
        UsageError: something is asked of them that is not kept: they have no case, and no words.
    """
    if search or filters != Filters(brand=filters.brand, network=filters.network, since=filters.since):
        message = "posts that name a competitor are only counted, so they have no words and no case"
        raise UsageError(message, "with --competitor go --brand, --network, --since and --limit")
    since = clock.now() - filters.since if filters.since else None
    found = competitors.named(
        app.store.read(), competitor=competitor, brand=filters.brand or "", network=filters.network or "", since=since, limit=limit
    )
    if app.options.json:
        for row in found:
            app.out.record(_json(row))
        return
    rows = [_cells(row, app) for row in found]
    app.out.table(("WRITTEN", "NETWORK", "BRAND", "COMPETITOR", "MOOD", "ALSO OURS", "WHERE"), rows)
    app.out.next_step(
        "How much of all that is said: earnest report voice" if rows else "Nothing was heard of them. What is: earnest mentions"
    )


def _cells(row: Row, app: App) -> tuple[str, ...]:
    written = moment_of(row, "created_at")
    when = (ago(written, clock.now()) if app.out.terminal else text(row, "created_at")) if written else ""
    also = "yes" if row["ours"] else "no"
    return (when, text(row, "network"), text(row, "brand"), text(row, "competitor"), text(row, "mood"), also, text(row, "url"))


def _json(row: Row) -> dict[str, object]:
    names = ("network", "brand", "competitor", "url", "created_at")
    return {
        "id": text(row, "post_id"),
        **{name: text(row, name) for name in names},
        "sentiment": text(row, "mood"),
        "ours": bool(number(row, "ours")),
    }
