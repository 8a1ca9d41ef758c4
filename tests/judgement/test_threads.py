"""Every thread in threads.yaml: its last post is judged as labelled, in the light of what stands before it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from listener.model import Assessment, Author, Post
from listener.rules.rulebook import Scoring
from listener.scoring.assessor import Assessor

THREADS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "threads.yaml").read_text(encoding="utf-8"))
KNOWN = {"turns", "apart", "urgency", "intent", "needs_reply", "moment_of_truth", "signals", "not_signals"}
OURS = "acme"
BEGUN = datetime(2026, 11, 20, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def assessor() -> Assessor:
    return Assessor(Scoring())


def posts(thread: dict[str, Any]) -> list[Post]:
    """Make the posts of a thread."""
    apart = timedelta(minutes=thread.get("apart", 180))
    found = []
    for place, turn in enumerate(thread["turns"]):
        who, _, words = turn.partition(": ")
        name, _, to = who.partition(" > ")
        at = BEGUN + place * apart
        found.append(
            Post("x", str(place), words, Author("x", name, name), at, "0", parent_author_id=to or None, own=name == OURS),
        )
    return found


def judged(assessor: Assessor, thread: dict[str, Any]) -> Assessment:
    *before, last = posts(thread)
    return assessor.assess(last, before)


@pytest.mark.parametrize("thread", THREADS, ids=[" / ".join(thread["turns"])[-60:] for thread in THREADS])
def test_the_last_post_of_a_thread_is_judged_as_labelled(assessor: Assessor, thread: dict[str, Any]) -> None:
    assert set(thread) <= KNOWN
    found = judged(assessor, thread)
    labels = {
        "urgency": found.urgency.level.value,
        "intent": found.intent.value,
        "needs_reply": found.needs_reply,
        "moment_of_truth": found.moment_of_truth,
    }
    assert {key: labels[key] for key in labels if key in thread} == {key: thread[key] for key in labels if key in thread}
    names = {signal.name for signal in found.signals}
    if "signals" in thread:
        assert names >= set(thread["signals"])
        assert thread["signals"] or not names
    assert not names & set(thread.get("not_signals", ()))
    assert not found.failed


def test_what_the_thread_adds_says_which_words_it_is_from(assessor: Assessor) -> None:
    found = judged(assessor, {"turns": ["bob: the charger caught fire on my desk", "ana: same thing happened to me"]})
    assert any("caught fire" in words for signal in found.signals for words in signal.because)


def test_posts_of_others_and_of_later_do_not_make_anybody_wait(assessor: Assessor) -> None:
    first, later = posts({"turns": ["ana: hello??", "ana: where is my parcel?"]})
    assert "waiting" not in {signal.name for signal in assessor.assess(first, [later]).signals} - {
        signal.name for signal in assessor.assess(first).signals
    }
