"""How the watches of rules.yaml stand, for `earnest status`."""

from __future__ import annotations

from datetime import datetime

from listener.store.base import Row, text
from listener.text import one_line
from responders.cli.phrases import ago, moment_of

_WIDTH = 200  # columns of what a watch found
# Each `responders.watches.State` by its value: importing that reaches the whole rulebook, for which `earnest status` need not wait.
STANDS = {
    "quiet": "quiet",
    "ringing": "RINGING",
    "young": "too young",
    "closed": "at rest",
}

_YOUNG = "; it begins to tell after its first day"


def watch_json(row: Row) -> dict[str, object]:
    """Return one watch: `state` is quiet, ringing, young (no day to compare with yet) or closed (outside business hours)."""
    return {name: text(row, name) for name in ("name", "state", "words", "since")}


def watch_words(row: Row, at: datetime, *, running: bool) -> str:
    """Say how one watch stands, and since when; while no daemon runs it is how it stood then."""
    since = f" since {ago(moment_of(row, 'since'), at)}" if text(row, "state") == "ringing" else ""
    then = "" if running else " (when the daemon last ran)"
    stands = f"{STANDS[text(row, 'state')]}{since}{then}"
    why = _YOUNG if text(row, "state") == "young" else ""
    return f"{one_line(text(row, 'name'), 30):<14} {stands:<11} {one_line(text(row, 'words'), _WIDTH)}{why}"
