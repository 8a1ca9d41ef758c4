"""How sure a mood is: from the scorer's odds to the store, to scripts and to people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listener.model import Assessment, Author, Mood, Post, Sentiment
from listener.rules.rulebook import Scoring
from listener.scoring.assessor import Assessor
from listener.scoring.printed import score_line
from listener.scoring.sentiment.base import Odds, Opinion, Weight, Words
from listener.store import intake, mentions
from listener.store.base import Tx
from listener.store.schema import MIGRATIONS
from listener.store.sqlite import SqliteStore
from responders.cli.screen.sheet import _mood

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class Told:
    """A scorer that always says the same."""

    opinion: Opinion

    def judge(self, many: Sequence[Words]) -> list[Opinion | None]:
        return [self.opinion for _ in many]

    def weights(self, words: Words) -> list[Weight]:  # noqa: ARG002 - the scorers' own shape
        return []


def post(text: str) -> Post:
    return Post("x", "9", text, Author("x", "7", "marta_k"), NOW, "9")


def judged(text: str, score: float, odds: Odds | None) -> Assessment:
    return Assessor(Scoring(), Told(Opinion(score, odds))).assess(post(text))


@pytest.mark.parametrize(
    ("score", "label", "sure"),
    [(-0.6, Mood.NEGATIVE, 0.7), (0.0, Mood.NEUTRAL, 0.2), (0.8, Mood.POSITIVE, 0.1)],
)
def test_the_odds_of_the_label_say_how_sure_it_is(score: float, label: Mood, sure: float) -> None:
    assert judged("the parcel is blue", score, Odds(0.7, 0.2, 0.1)).sentiment == Sentiment(label, score, sure)


def test_nobody_is_sure_where_the_scorer_gave_no_odds_or_findings_changed_the_label() -> None:
    assert judged("the parcel is blue", 0.8, None).sentiment.sure is None
    changed = judged("@acme the site is down again and you charged me twice", 0.1, Odds(0.3, 0.4, 0.3)).sentiment
    assert (changed.label, changed.sure) == (Mood.NEGATIVE, None)


@pytest.mark.parametrize("odds", [(0.5, 0.5), Odds(0.9, 0.9, 0.9), Odds(-0.5, 0.5, 1.0), "abc", Odds(float("nan"), 0.5, 0.5)])
def test_odds_that_are_none_ask_for_a_person(odds: Odds) -> None:
    found = judged("the parcel is blue", 0.0, odds)
    assert "odds" in found.failed
    assert found.needs_reply


def _keep(store: SqliteStore, assessment: Assessment) -> None:
    def both(tx: Tx) -> None:
        mentions.store_post(tx, post("the parcel is blue"), heard_at=NOW, source="x", late=False)
        intake.store_assessment(tx, post("the parcel is blue"), assessment, judged_at=NOW)

    store.write(both)


def test_it_is_kept_in_the_store_and_printed_only_where_it_is_known(tmp_path: Path) -> None:
    store = SqliteStore(f"sqlite:///{tmp_path}/a.db", (MIGRATIONS,))
    known, unknown = judged("the parcel is blue", -0.6, Odds(0.7, 0.2, 0.1)), judged("the parcel is blue", -0.6, None)
    for one in (known, unknown):
        _keep(store, one)
        assert mentions.assessment(store.read(), "x", "9") == one
    store.close()
    assert score_line(known, "1")["sentiment"] == {"label": "negative", "score": -0.6, "sure": 0.7}
    assert score_line(unknown, "1")["sentiment"] == {"label": "negative", "score": -0.6}
    assert _mood(known, ()).startswith("mood negative \N{MINUS SIGN}0.60, 70 % sure, ")
    assert "sure" not in _mood(unknown, ())
