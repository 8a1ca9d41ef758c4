"""Write the table of metrics anew, as the daemon offers them: python docs/metrics.py."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from listener import clock
from responders.house import open_store
from responders.ledger import facts
from responders.service.gauges import Gauges
from responders.service.meters import Meters

PAGE = Path(__file__).resolve().parent / "howto" / "run-as-a-service.md"
_TABLE = re.compile(r"(?<=<!-- metrics -->\n).*?(?=<!-- end -->)", re.DOTALL)
_ENDINGS = {"counter": "_total", "info": "_info"}


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Yield each metric of ours: its name, its kind, its labels and what it means."""
    meters = Meters()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/earnest.db", create=True)
        store.write(lambda tx: facts.keep(tx, "rules_version", "0", at=clock.now()))
        gauges = list(Gauges(store, clock.now, meters.progress, lambda: True).collect())
        store.close()
    counted = [(one, found) for one in meters.registry._collector_to_names for found in one.collect()]  # noqa: SLF001  # no other way
    for owner, one in [*counted, *((one, one) for one in gauges)]:
        if one.name.startswith("earnest_"):
            labels = ", ".join(f"`{label}`" for label in getattr(owner, "_labelnames", ()))
            yield f"{one.name}{_ENDINGS.get(one.type, '')}", one.type, labels, one.documentation


def renewed(page: str) -> str:
    """Return the page with the table as it is now."""
    lines = ["| metric | kind | labels | meaning |", "| --- | --- | --- | --- |"]
    lines += [f"| `{name}` | {kind} | {labels} | {words} |" for name, kind, labels, words in rows()]
    return _TABLE.sub(lambda _: "\n".join(lines) + "\n", page)


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
