"""How a mention was judged when it was decided: the judgement of its post, with what a storm around the brand put on top.

A post is judged once, by its words, and that judgement is stored with it. What a storm adds belongs to one mention and one moment, so it
stands with the decision. It holds numbers and our own words, never the author's.
"""

from __future__ import annotations

from dataclasses import replace

from listener.model import Assessment, Level, Signal, Urgency
from listener.store import mentions as heard_ledger
from listener.store.base import Reader, Row, Value, pack, text, unpack


def kept(bare: Assessment, seen: Assessment) -> str:
    """Return what is to be kept of a judgement that was raised, or "" where it was not."""
    if seen is bare or seen == bare:
        return ""
    known = {signal.name: set(signal.because) for signal in bare.signals}
    signals = [[one.name, one.points, [why for why in one.because if why not in known.get(one.name, ())]] for one in seen.signals]
    return pack({"level": seen.urgency.level.value, "points": seen.urgency.points, "needs_reply": seen.needs_reply, "signals": signals})


def put(bare: Assessment, raised: Value) -> Assessment:
    """Return a judgement with what was kept put on top."""
    found = unpack(raised)
    if not isinstance(found, dict):
        return bare
    known = {signal.name: signal.because for signal in bare.signals}
    signals = tuple(Signal(name, points, (*known.get(name, ()), *because)) for name, points, because in found["signals"])
    urgency = Urgency(Level(found["level"]), int(found["points"]))
    return replace(bare, signals=signals, urgency=urgency, needs_reply=bool(found["needs_reply"]))


def assessment(reader: Reader, network: str, post_id: str, brand: str) -> Assessment | None:
    """Return how a mention was judged when it was last decided; None where its post is not stored."""
    bare = heard_ledger.assessment(reader, network, post_id)
    row = reader.one(
        "SELECT raised FROM decisions WHERE network = :network AND post_id = :id AND brand = :brand ORDER BY id DESC LIMIT 1",
        network=network,
        id=post_id,
        brand=brand,
    )
    return put(bare, text(row, "raised")) if bare and row else bare


RAISED = """(SELECT d.raised FROM decisions d WHERE d.network = m.network AND d.post_id = m.post_id AND d.brand = m.brand
    ORDER BY d.id DESC LIMIT 1)"""
"""What was kept for a mention (alias `m`), as SQL."""

LEVEL = f"COALESCE(json_extract(NULLIF({RAISED}, ''), '$.level'), a.level)"
"""The level of a mention (alias `m`, its judgement `a`), as SQL."""


def on_row(row: Row) -> Row:
    """Return a row of mentions with `level`, `points` and `record` as they were when it was decided; it holds `raised`."""
    if not row["raised"]:
        return row
    seen = put(heard_ledger.read_assessment({**row, "language": row["judged_language"]}), row["raised"])
    record = unpack(row["record"])
    signals = [[one.name, one.points, list(one.because)] for one in seen.signals]
    merged = pack({**(record if isinstance(record, dict) else {}), "signals": signals})
    return {**row, "level": seen.urgency.level.value, "points": seen.urgency.points, "record": merged}
