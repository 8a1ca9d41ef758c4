"""An assessment as the one JSON object that `earnest score` prints for it; its fields are a contract."""

from __future__ import annotations

from typing import Any

from listener.model import Assessment

SCHEMA = 1


def score_line(assessment: Assessment, id: str) -> dict[str, Any]:  # noqa: A002 - the field's name
    """Return the JSON object of one judged post; `failed` and `wishes` are there only where there is something to say."""
    line: dict[str, Any] = {
        "id": id,
        "language": assessment.language,
        "sentiment": assessment.sentiment.to_json(),
        "urgency": {"level": assessment.urgency.level.value, "points": assessment.urgency.points},
        "intent": assessment.intent.value,
        "needs_reply": assessment.needs_reply,
        "moment_of_truth": assessment.moment_of_truth,
        "sarcasm": assessment.sarcasm,
        "signals": [{"name": signal.name, "points": signal.points, "because": list(signal.because)} for signal in assessment.signals],
        "schema": SCHEMA,
    }
    if assessment.wishes:
        line["wishes"] = [{"name": wish.name, "because": list(wish.because)} for wish in assessment.wishes]
    if assessment.failed:
        line["failed"] = assessment.failed
    return line
