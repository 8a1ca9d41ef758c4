"""The figures of `earnest eval` one by one, as its `--json` prints them; their names are a contract."""

from __future__ import annotations

from collections.abc import Iterator

from listener.measuring.certainty import Calibration
from listener.measuring.classes import Classes
from listener.measuring.judged import Wrong
from listener.measuring.measures import Measured, Part
from listener.measuring.shares import Estimate
from listener.measuring.thresholds import Found

_DIGITS = 4


def figures(measured: Measured) -> Iterator[dict[str, object]]:
    """Yield every figure, each with the scorer it is of."""
    for part in (*measured.whole, *measured.parts):
        split = {measured.by: part.value} if part.value else {}
        for one in _of_classes(part):
            yield {"scorer": measured.scorer, "aspect": part.aspect, **one, **({"by": split} if split else {})}
    for ranking in measured.rankings:
        yield {
            "scorer": measured.scorer,
            "aspect": ranking.name.split()[0],
            "figure": "auroc",
            "of": ranking.name,
            **estimate(ranking.area),
            "posts": ranking.of,
            "above": ranking.above,
        }
    if measured.calibration:
        yield {"scorer": measured.scorer, "aspect": "sentiment", **_calibration(measured.calibration)}
    for found in measured.found:
        yield {"scorer": measured.scorer, **_suggestion(found)}


def estimate(one: Estimate) -> dict[str, object]:
    """Return a figure with the two between which it lies."""
    return {"value": round(one.value, _DIGITS), "low": round(one.low, _DIGITS), "high": round(one.high, _DIGITS)}


def wrong(found: Wrong) -> dict[str, object]:
    """Return one post that was judged wrongly."""
    one = found.judged
    return {
        "figure": "wrong",
        "where": one.row.where,
        "text": one.row.post.text,
        "misses": [miss._asdict() for miss in found.misses],
        "sentiment": one.assessment.sentiment.to_json(),
        "urgency": {"level": one.assessment.urgency.level.value, "points": one.assessment.urgency.points},
        "words": list(found.words),
    }


def _of_classes(part: Part) -> Iterator[dict[str, object]]:
    found = part.figures
    named = {"right": found.right, "macro recall": found.macro_recall, "macro f1": found.macro_f1, "unknown": found.unknown}
    for name, value in named.items():
        if value:
            yield {"figure": name, **estimate(value), "posts": found.posts}
    if part.value:
        return
    for one in found.each:
        yield {"figure": "recall", "class": one.name, **estimate(one.recall), "posts": one.posts}
        if one.precision:
            yield {"figure": "precision", "class": one.name, **estimate(one.precision)}
        yield {"figure": "f1", "class": one.name, "value": round(one.f1, _DIGITS), "posts": one.posts}
    yield from _confusion(found)


def _confusion(found: Classes) -> Iterator[dict[str, object]]:
    for expected in found.expected:
        for said in found.said:
            if count := found.counts.get((expected, said), 0):
                yield {"figure": "confusion", "expected": expected, "said": said, "value": count}


def _calibration(one: Calibration) -> dict[str, object]:
    return {
        "figure": "calibration error",
        "value": round(one.error, _DIGITS),
        "posts": one.posts,
        "without": one.without,
        "ranges": [{name: round(value, _DIGITS) for name, value in each._asdict().items()} for each in one.bins],
    }


def _suggestion(found: Found) -> dict[str, object]:
    head: dict[str, object] = {
        "aspect": found.setting.split(".", maxsplit=1)[0],
        "figure": "thresholds",
        "setting": f"scoring.{found.setting}",
    }
    if found.suggestion is None:
        return {**head, "value": None, "rarest": found.rarest[0], "posts": found.rarest[1]}
    one = found.suggestion
    return {
        **head,
        "value": dict(zip(found.names, one.best, strict=True)),
        "now": dict(zip(found.names, one.now, strict=True)),
        "macro_recall": round(one.before, _DIGITS),
        "gain": round(one.gain, _DIGITS),
        "surely": one.surely,
    }
