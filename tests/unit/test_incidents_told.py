"""What concerns Earnest itself is told to one team, once: a brake, a gap, an account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from apprise.decorators import notify

from listener.model import Gap
from listener.rules.rulebook import Rulebook
from listener.store import mentions as heard_ledger
from responders.alerts import Alerts, team_to_tell
from responders.cli.telling import tell
from responders.ledger import incidents
from tests.braking import ANGRY, resume, say, told
from tests.mouth import NETWORK, House

Make = Callable[..., House]
OPEN = {"per_thread": 100, "per_author": 100, "per_hour": 100}


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[House] = []

    def build(*pause_when: dict[str, object], **changes: object) -> House:
        limits = {"limits": OPEN, "pause_when": list(pause_when)}
        house = House(tmp_path / str(len(made)), **{"boundaries": limits, **changes})
        made.append(house)
        return house

    yield build
    for house in made:
        house.store.close()


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # one of the alert library's own services
async def test_a_brake_is_told_once_to_the_team_in_tell_until_it_hears(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    works: list[bool] = []

    @notify(on="brakebell")  # type: ignore[untyped-decorator]  # a service as anybody may add one to the library
    def ring(body: str, *_: object, **__: object) -> bool:
        if works:
            heard.append(body)
        return bool(works)

    monkeypatch.setenv("EARNEST_SECRET_NIGHT", "brakebell://here")
    teams = {"day": {"alert": "secret:day"}, "night": {"alert": "secret:night"}}
    house = make({"negative": 2, "within": "1h"}, teams=teams, tell="night")
    alerts = Alerts(house.store, lambda: house.book, house.clock)
    await say(house, ANGRY, ANGRY + " and a canary")
    (first,) = await alerts.round()
    assert (first.case_id, first.team, bool(first.problem)) == (None, "night", True)
    assert await alerts.round() == [], "it rests before it tries again"
    house.clock.forward(seconds=10)
    assert await alerts.round() == [], "what fails again for the same reason is no news"
    works.append(True)
    house.clock.forward(seconds=10)
    assert [one.problem for one in await alerts.round()] == [""]
    house.clock.forward(hours=1)
    assert await alerts.round() == []
    assert heard == [first.words]
    assert "earnest resume" in first.words
    assert "canary" not in first.words
    assert tell(first, 300).startswith("earnest night could NOT be told")


@pytest.mark.parametrize(
    ("changes", "team"),
    [
        ({"teams": {"a": {}, "b": {"alert": "secret:b"}, "c": {"alert": "secret:c"}}}, "b"),
        ({"teams": {"a": {}, "b": {"alert": "secret:b"}}, "tell": "a"}, "a"),
        ({"teams": {"a": {}}}, "a"),
        ({"teams": {}}, ""),
    ],
)
def test_what_concerns_earnest_itself_is_told_to_one_team(changes: dict[str, object], team: str) -> None:
    made = {"version": 1, "brands": {"acme": {"names": ["Acme"]}}, "routes": [{"name": "all", "when": "always"}], **changes}
    assert team_to_tell(Rulebook.model_validate(made)) == team


async def test_a_resume_ends_the_incident_without_another_mention(make: Make) -> None:
    house = make({"negative": 1, "within": "1h"})
    await say(house, ANGRY)
    alerts = Alerts(house.store, lambda: house.book, house.clock)
    await alerts.round()
    assert len(incidents.open_(house.store.read())) == 1
    resume(house)
    await alerts.round()
    assert incidents.open_(house.store.read()) == []


async def test_a_gap_is_told_once_a_source_until_an_hour_passes_without_one(make: Make) -> None:
    house = make()
    alerts = Alerts(house.store, lambda: house.book, house.clock)

    async def gap(source: str) -> None:
        house.store.write(lambda tx: heard_ledger.record_gap(tx, source, Gap("the page was full"), at=house.clock()))
        await alerts.round()

    for _ in range(3):
        await gap("mastodon")
        house.clock.forward(minutes=50)
    await gap("bluesky")
    assert told(house) == ["gap mastodon", "gap bluesky"]
    house.clock.forward(minutes=61)
    await alerts.round()
    assert incidents.open_(house.store.read()) == []
    await gap("mastodon")
    assert told(house) == ["gap mastodon", "gap bluesky", "gap mastodon"]
    assert "the page was full" in str(house.rows("SELECT words FROM incidents")[0]["words"])


async def test_an_old_gap_that_nobody_was_told_of_is_not_news(make: Make) -> None:
    house = make()
    house.store.write(lambda tx: heard_ledger.record_gap(tx, NETWORK, Gap("old"), at=house.clock() - timedelta(days=3)))
    await Alerts(house.store, lambda: house.book, house.clock).round()
    assert told(house) == []
