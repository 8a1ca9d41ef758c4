"""Every post in posts.yaml, and in the files of single languages beside it, is judged as it is labelled there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from listener.model import Assessment, Author, Post
from listener.rules.rulebook import Scoring
from listener.scoring.assessor import Assessor

FILES = sorted(Path(__file__).parent.glob("posts*.yaml"))
POSTS: list[dict[str, Any]] = [entry for file in FILES for entry in yaml.safe_load(file.read_text(encoding="utf-8"))]
KNOWN = {"post", "language", "urgency", "sentiment", "intent", "needs_reply", "moment_of_truth", "sarcasm", "informal"}
KNOWN |= {"signals", "not_signals", "wishes", "after", "note"}
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
AUTHOR = Author("x", "7", "marta_k")


@pytest.fixture(scope="module")
def assessor() -> Assessor:
    return Assessor(Scoring())


def judge(assessor: Assessor, entry: dict[str, Any]) -> Assessment:
    before = entry.get("after", [])
    thread = [Post("x", f"0{n}", text, AUTHOR, NOW - timedelta(hours=9 - n), "00") for n, text in enumerate(before)]
    return assessor.assess(Post("x", "9", entry["post"], AUTHOR, NOW, "00" if before else "9"), thread)


def told(assessment: Assessment) -> dict[str, Any]:
    return {
        "language": assessment.language,
        "urgency": assessment.urgency.level.value,
        "sentiment": assessment.sentiment.label.value,
        "intent": assessment.intent.value,
        "needs_reply": assessment.needs_reply,
        "moment_of_truth": assessment.moment_of_truth,
        "sarcasm": assessment.sarcasm,
        "informal": assessment.informal,
    }


@pytest.mark.parametrize("entry", POSTS, ids=[entry["post"][:40] for entry in POSTS])
def test_a_post_is_judged_as_labelled(assessor: Assessor, entry: dict[str, Any]) -> None:
    assert set(entry) <= KNOWN
    found = judge(assessor, entry)
    labels = told(found)
    assert {key: labels[key] for key in labels if key in entry} == {key: entry[key] for key in labels if key in entry}
    names = {signal.name for signal in found.signals}
    if "signals" in entry:
        assert names >= set(entry["signals"])
        assert names or not entry["signals"]
        assert entry["signals"] or not names
    assert not names & set(entry.get("not_signals", ()))
    if "wishes" in entry:
        assert [wish.name for wish in found.wishes] == entry["wishes"]
    assert not found.failed


def test_the_file_covers_ten_languages() -> None:
    spoken = {entry.get("language") for entry in POSTS} - {None, "und"}
    assert spoken == {"en", "de", "fr", "es", "pt", "it", "nl", "pl", "tr", "ja"}
    assert len(POSTS) >= 80


@pytest.mark.parametrize("entry", [entry for entry in POSTS if entry.get("urgency") == "critical"], ids=lambda entry: entry["post"][:30])
def test_a_cry_for_help_is_heard_in_capitals_and_without_accents_too(assessor: Assessor, entry: dict[str, Any]) -> None:
    shouted = judge(assessor, entry | {"post": entry["post"].upper()})
    assert shouted.urgency.level.value == "critical"
