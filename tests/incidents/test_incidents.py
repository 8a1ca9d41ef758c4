"""Incidents that happened to others and must not happen here: each file beside this one is played, and must come out as it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from apprise.decorators import notify

from listener.store.base import Row
from listener.text import clean
from responders.handles import readings
from responders.wording import find_words, words
from tests.incidents.stage import Stage, span

STORIES = sorted(Path(__file__).parent.glob("*.yaml"))
SECRETS = ("ONCALL", "BILLING_CHANNEL")
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # one of the alert library's own services

Finding = tuple[object, object]
"""What was wanted and what was found; both are equal where it holds."""


def _drafts(stage: Stage) -> list[Row]:
    return stage.house.rows("SELECT d.*, c.handle FROM drafts d JOIN cases c ON c.id = d.case_id ORDER BY d.id")


def _sayable(stage: Stage) -> list[tuple[str, str]]:
    """Return every public text that left, or that a person could let leave as it stands, with whom it answers."""
    waiting = [(str(row["handle"]), str(row["public_text"])) for row in _drafts(stage) if row["public_text"] and row["problems"] == "[]"]
    return waiting + [(one.parent.author.handle, one.text) for one in stage.house.mouth.published]


def _automatic(stage: Stage) -> int:
    alone = {row["key"] for row in stage.house.rows("SELECT key FROM deliveries WHERE automatic = 1")}
    return sum(one.key in alone for one in stage.house.mouth.published)


def _brake_told(stage: Stage) -> list[str]:
    return [one.team for one in stage.told if one.case_id is None and not one.problem]


def _paused(stage: Stage, wanted: Mapping[str, Any] | bool) -> Finding:  # noqa: FBT001  # as the file says it
    if isinstance(wanted, bool):
        return wanted, stage.paused_at is not None
    of_post, _ = stage.written[wanted["of_post"] - 1]
    late = None if stage.paused_at is None else stage.paused_at - of_post
    return "in time", "in time" if late is not None and late <= span(wanted["within"]) else f"{late} after post {wanted['of_post']}"


def _never_said(stage: Stage, wanted: list[str]) -> Finding:
    return [], [text for _, text in _sayable(stage) if find_words(wanted, text)]


def _no_run_of(stage: Stage, length: int) -> Finding:
    heard = [words(str(row["text"])) for row in stage.house.rows("SELECT text FROM posts WHERE own = 0")]
    theirs = {post[start : start + length] for post in heard for start in range(len(post) - length + 1)}
    said = [(text, words(text)) for _, text in _sayable(stage)]
    return [], [text for text, spoken in said if any(spoken[start : start + length] in theirs for start in range(len(spoken)))]


def _nameless(stage: Stage, wanted: list[str]) -> Finding:
    """No sayable text holds one of these, in the author's spelling or in any that a reader would see."""
    said = [(text, " ".join((clean(text), *readings(text)))) for _, text in _sayable(stage)]
    return [], [text for text, read in said for name in wanted if clean(name) in read or name in text]


def _held_by(stage: Stage, wanted: Mapping[str, str]) -> Finding:
    found = {noted.heard.mention.post.author.handle: [hold.gate for hold in noted.decision.holds] for noted in stage.noted}
    return wanted, {who: gate if gate in found[who] else found[who] for who, gate in wanted.items()}


def _flagged(stage: Stage, wanted: Mapping[str, Mapping[str, str]]) -> Finding:
    """Each of these reached a team, and in time."""
    rows = stage.house.rows(
        "SELECT c.handle, e.team, e.told_at, p.created_at FROM escalations e JOIN cases c ON c.id = e.case_id "
        "JOIN posts p ON p.id = e.post_id ORDER BY e.id"
    )
    found = {row["handle"]: row for row in rows}
    late = [who for who in wanted if who not in found or not found[who]["told_at"]]
    late += [who for who, how in wanted.items() if who not in late and _took(found[who]) > span(how["within"]).total_seconds()]
    return [], late


def _took(row: Row) -> float:
    from datetime import datetime  # noqa: PLC0415

    told, written = (datetime.fromisoformat(str(row[column])) for column in ("told_at", "created_at"))
    return (told - written).total_seconds()


MUST: Mapping[str, Callable[[Stage, Any], Finding]] = {
    "automatic": lambda stage, n: (n, _automatic(stage)),
    "published": lambda stage, n: (n, len(stage.house.mouth.published)),
    "published_to": lambda stage, who: (
        who,
        {name: n for name, n in Counter(one.parent.author.handle for one in stage.house.mouth.published).items() if n},
    ),
    "to_each_at_most": lambda stage, n: (
        [],
        [who for who, many in Counter(one.parent.author.handle for one in stage.house.mouth.published).items() if many > n],
    ),
    "drafts_at_most": lambda stage, n: ([], _drafts(stage)[n:]),
    "drafts_for": lambda stage, who: (who, sorted({str(row["handle"]) for row in _drafts(stage)})),
    "incidents": lambda stage, n: (n, len(stage.house.rows("SELECT * FROM incidents"))),
    "told": lambda stage, teams: (teams, _brake_told(stage)),
    "paused": _paused,
    "never_said": _never_said,
    "no_run_of": _no_run_of,
    "nameless": _nameless,
    "held_by": _held_by,
    "flagged": _flagged,
    "states": lambda stage, states: (
        states,
        {str(row["handle"]): str(row["state"]) for row in stage.house.rows("SELECT handle, state FROM cases ORDER BY id")},
    ),
    "heard": lambda stage, n: (n, len(stage.noted)),
}


@pytest.fixture
async def played(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    @notify(on="incidentbell")  # type: ignore[untyped-decorator]  # a service as anybody may add one to the library
    def ring(*_: object, **__: object) -> bool:
        return True

    for name in SECRETS:
        monkeypatch.setenv(f"EARNEST_SECRET_{name}", "incidentbell://here")
    stage = Stage.of(yaml.safe_load(request.param.read_text(encoding="utf-8")), tmp_path)
    await stage.play()
    yield stage
    stage.house.store.close()


@pytest.mark.parametrize("played", STORIES, ids=lambda path: path.stem, indirect=True)
async def test_what_happened_to_others_does_not_happen_here(played: Stage) -> None:
    must = played.story["must"]
    assert must
    findings = {name: MUST[name](played, wanted) for name, wanted in must.items()}
    assert {name: found for name, (wanted, found) in findings.items() if wanted != found} == {}
