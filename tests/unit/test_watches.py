"""Watches: what our own people are told of over time: once when it begins, once when it is over, and nothing while nobody can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apprise.decorators import notify

from listener.model import Page
from listener.polling import Ear
from responders.alerts import Alerts
from responders.cli.telling import tell
from responders.ledger import incidents
from responders.ledger import watches as watch_ledger
from responders.views import health
from responders.watches import Watches
from responders.watchkeeper import Rang, WatchKeeper, look
from tests.asking import Asking
from tests.braking import ANGRY
from tests.mouth import NETWORK, House

CALM = "@acme hello there shop"
STORM = {"name": "storm", "tell": "care", "spike": {"of": "negative", "over": "1h", "times": 2, "at_least": 4}}
SILENCE = {"name": "silence", "tell": "care", "network": "mastodon", "flatline": {"over": "3h", "usually": 3}}
TALK = {"name": "talk", "tell": "care", "brand": "acme", "new_term": {"over": "6h", "at_least": 3, "authors": 2}}
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
TEAMS = {"ops": {"alert": "secret:ops"}, "care": {"alert": "secret:care"}}
Make = Callable[..., House]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[House] = []

    def build(*watch: dict[str, object], **changes: object) -> House:
        rules = {"routes": [{"name": "rest", "when": "always"}], "boundaries": {"pause_when": []}, "teams": TEAMS, "tell": "ops"}
        made.append(House(tmp_path / str(len(made)), **{**rules, "watch": list(watch), **changes}))
        made[-1].clock.moment = NOON
        return made[-1]

    yield build
    for house in made:
        house.store.close()


async def say(house: House, name: str, *words: str, source: str = NETWORK, **more: object) -> None:
    """Let one stranger after the other say something, and decide it."""
    posts = [house.post(f"{name}{n}", text, by=f"{name}{n}", age=5, **more) for n, text in enumerate(words)]
    await Ear(house.store, house.book, house.clock).take(source, Page(tuple(posts), "c"), network=NETWORK)
    while await house.mind.round():
        pass


async def days(house: House, *words: str, many: int = 3, source: str = NETWORK) -> None:
    """Let some days go by, with the same said on each at this hour."""
    for day in range(many):
        await say(house, f"day{day}-", *words, source=source)
        house.clock.forward(days=1)


async def watch(house: House) -> list[Rang]:
    """Ask all watches, as a daemon does that has heard all sources just now."""
    return await WatchKeeper(house.store, lambda: house.book, house.clock).round(settled=True)


def states(house: House) -> dict[str, str]:
    return {str(row["name"]): str(row["state"]) for row in watch_ledger.all_(house.store.read())}


def open_ones(house: House) -> list[tuple[str, str]]:
    return [(str(row["name"]), str(row["team"])) for row in incidents.open_(house.store.read())]


async def test_a_storm_rings_once_and_is_over_once(make: Make) -> None:
    house = make(STORM)
    await days(house, ANGRY, ANGRY)
    await say(house, "a", ANGRY, ANGRY, ANGRY)
    assert await watch(house) == []
    assert states(house) == {"storm": "quiet"}
    await say(house, "b", ANGRY)
    (rang,) = await watch(house)
    words = "storm: 4 negative mentions within 1h, 2.0 are usual at this hour. Look: earnest mentions --since 1h"
    assert rang == Rang("storm", words, over=False)
    assert tell(rang) == f"watch   {words}"
    assert open_ones(house) == [("watch storm", "care")]
    await say(house, "c", ANGRY)
    assert await watch(house) == [], "it was told"
    house.clock.forward(minutes=61)
    (over,) = await watch(house)
    assert over == Rang("storm", "storm is over: 0 negative mentions within 1h, 0.0 are usual at this hour", over=True)
    assert (open_ones(house), states(house), await watch(house)) == ([], {"storm": "quiet"}, [])


async def test_a_storm_that_ebbs_a_little_is_not_over_and_does_not_ring_twice(make: Make) -> None:
    house = make(STORM)
    await days(house, ANGRY, ANGRY)
    await say(house, "a", ANGRY)
    house.clock.forward(minutes=30)
    await say(house, "b", ANGRY, ANGRY, ANGRY)
    assert len(await watch(house)) == 1
    house.clock.forward(minutes=31)
    assert await watch(house) == []
    assert states(house) == {"storm": "ringing"}


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # one of the alert library's own services
async def test_the_team_of_the_watch_hears_the_beginning_and_the_end(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []

    @notify(on="watchbell")  # type: ignore[untyped-decorator]  # a service as anybody may add one to the library
    def ring(body: str, *_: object, **__: object) -> bool:
        heard.append(body)
        return True

    monkeypatch.setenv("EARNEST_SECRET_CARE", "watchbell://here")
    house = make(STORM)
    alerts = Alerts(house.store, lambda: house.book, house.clock)
    await days(house, ANGRY, ANGRY)
    await say(house, "a", *[ANGRY + " zugvogel"] * 5)
    await watch(house)
    assert [(one.team, one.problem) for one in await alerts.round()] == [("care", "")]
    house.clock.forward(hours=2)
    await watch(house)
    assert [one.team for one in await alerts.round()] == ["care"]
    assert [words.partition(":")[0] for words in heard] == ["storm", "storm is over"]
    assert not [words for words in heard if "zugvogel" in words]
    assert await alerts.round() == []


async def test_where_the_team_is_gone_those_are_told_who_look_after_earnest(make: Make) -> None:
    house = make(STORM)
    await days(house, ANGRY)
    await say(house, "a", *[ANGRY] * 5)
    await watch(house)
    house.book = house.book.model_copy(update={"teams": {"ops": house.book.teams["ops"]}})
    (told,) = await Alerts(house.store, lambda: house.book, house.clock).round()
    assert told.team == "ops"


async def test_silence_where_something_is_usual_rings_and_ends_when_something_is_heard(make: Make) -> None:
    house = make(SILENCE)
    await days(house, *[CALM] * 4)
    (rang,) = await watch(house)
    assert rang.words == "silence: 0 mentions on mastodon within 3h, 4.0 are usual at this hour. Are all sources heard? earnest status"
    house.clock.forward(days=9)
    assert await watch(house) == [], "after nine days nothing is usual any more, and it is still silent"
    assert states(house) == {"silence": "ringing"}
    await say(house, "a", CALM)
    (over,) = await watch(house)
    assert over.over
    assert open_ones(house) == []


async def test_at_hours_at_which_little_is_said_silence_is_no_news(make: Make) -> None:
    house = make(SILENCE)
    await days(house, *[CALM] * 2)
    assert await watch(house) == []
    house.clock.forward(hours=6)
    assert await watch(house) == []
    assert states(house) == {"silence": "quiet"}


async def test_a_share_of_the_usual_is_silence_too(make: Make) -> None:
    house = make({**SILENCE, "flatline": {"over": "3h", "share": 0.5, "usually": 3}})
    await days(house, *[CALM] * 8)
    await say(house, "a", *[CALM] * 3)
    assert [one.over for one in await watch(house)] == [False]
    await say(house, "b", CALM)
    assert [one.over for one in await watch(house)] == [True]


async def test_what_is_heard_late_breaks_a_silence_when_it_is_heard(make: Make) -> None:
    house = make(SILENCE)
    await days(house, *[CALM] * 4)
    assert len(await watch(house)) == 1
    await house.hear(house.post("late", CALM, age=10 * 3600))
    await house.mind.round()
    assert [one.over for one in await watch(house)] == [True]


async def test_one_source_that_hears_nothing_is_found_beside_one_that_does(make: Make) -> None:
    house = make({**SILENCE, "network": None, "source": "tags"}, {**SILENCE, "name": "all", "network": None})
    for day in range(3):
        await say(house, f"m{day}-", *[CALM] * 4, source="mentions")
        await say(house, f"t{day}-", *[CALM] * 4, source="tags")
        house.clock.forward(days=1)
    await say(house, "m", CALM, source="mentions")
    assert [one.name for one in await watch(house)] == ["silence"]
    assert states(house) == {"silence": "ringing", "all": "quiet"}


async def test_after_a_start_silence_means_nothing_until_sources_were_heard_again(make: Make) -> None:
    house = make(SILENCE, sources={"mastodon": {"instance": "town.example", "every": "2m"}})
    await days(house, *[CALM] * 4)
    watching = WatchKeeper(house.store, lambda: house.book, house.clock)
    house.clock.forward(minutes=8)
    assert await watching.round() == []
    house.clock.forward(minutes=1, seconds=1)
    assert [one.name for one in await watching.round()] == ["silence"]


async def test_new_words_ring_with_their_names_and_go_with_their_posts(make: Make) -> None:
    house = make(TALK)
    await days(house, CALM)
    await say(house, "a", *["@acme the battery smells of zugvogel"] * 3)
    (rang,) = await watch(house)
    assert rang.words.startswith('talk: new within 6h, about acme: "battery", "smells", "zugvogel". Look: ')
    await Ear(house.store, house.book, house.clock).take(NETWORK, Page((), "c", gone=("a0", "a1")))
    await house.mind.round()
    assert "zugvogel" not in str(house.rows("SELECT words FROM incidents")) + str(house.rows("SELECT words FROM watches"))
    assert [one.over for one in await watch(house)] == [True]


async def test_another_new_word_rings_again_after_an_hour_at_the_earliest(make: Make) -> None:
    house = make(TALK)
    await days(house, CALM)
    await say(house, "a", *["@acme battery"] * 3)
    assert len(await watch(house)) == 1
    house.clock.forward(minutes=1)
    await say(house, "b", *["@acme recall"] * 3)
    assert await watch(house) == []
    house.clock.forward(minutes=61)
    await say(house, "c", "@acme recall")
    (again,) = await watch(house)
    assert '"recall"' in again.words
    assert len(open_ones(house)) == 1
    house.clock.forward(minutes=61)
    assert await watch(house) == []


async def test_a_young_store_rings_nothing_and_says_so(make: Make) -> None:
    house = make(STORM, SILENCE, TALK)
    await say(house, "a", *[ANGRY] * 9)
    assert await watch(house) == []
    assert states(house) == {"silence": "young", "storm": "young", "talk": "young"}
    house.clock.forward(hours=12)
    assert await watch(house) == []
    found = {str(row["name"]): str(row["words"]) for row in health(house.store, running=True, at=house.clock()).watches}
    assert found["storm"] == "0 negative mentions within 1h, no day yet to compare with"
    assert found["talk"] == "no day yet to compare words with"


async def test_outside_business_hours_nothing_rings_and_nothing_is_over(make: Make) -> None:
    house = make({**STORM, "hours": "open"}, hours={"mon-fri": "08:00-18:00"})
    await days(house, ANGRY, many=2)
    await say(house, "a", *[ANGRY] * 5)
    assert len(await watch(house)) == 1
    house.clock.moment = house.clock().replace(hour=20)
    await say(house, "night", *[ANGRY] * 9)
    assert await watch(house) == []
    assert (states(house), len(open_ones(house))) == ({"storm": "closed"}, 1)
    house.clock.moment = (house.clock() + timedelta(days=3)).replace(hour=9)  # Monday
    assert [one.over for one in await watch(house)] == [True]


async def test_a_topic_counts_only_what_is_about_it(make: Make) -> None:
    brands = {name: {"names": [name], "handles": {"mastodon": name}} for name in ("acme", "zenith")}
    spike = {"over": "1h", "times": 2, "at_least": 2}
    topic = {"tell": "care", "spike": spike}
    house = make(
        {"name": "word", "words": ["recall"], **topic},
        {"name": "signal", "signals": ["money"], **topic},
        {"name": "brand", "brand": "zenith", **topic},
        {"name": "elsewhere", "network": "bluesky", **topic},
        {"name": "all", **topic},
        brands=brands,
    )
    await say(house, "first", "@acme recall, you charged me twice, zenith")
    house.clock.forward(days=1, hours=2)
    await say(house, "a", "@acme a Recall?", "@acme RECALL!")
    assert {one.name for one in await watch(house)} == {"word", "all"}
    await say(house, "b", "@acme charged me twice", "@acme you charged me twice too")
    assert {one.name for one in await watch(house)} == {"signal"}
    await say(house, "c", "zenith and @acme", "zenith and @acme")
    assert {one.name for one in await watch(house)} == {"brand"}
    counts = {str(row["name"]): row["n"] for row in house.rows("SELECT name, SUM(n) AS n FROM tallies GROUP BY name")}
    tallies = {one.watch.name: one.tally for one in Watches(house.book).all}
    assert counts[tallies["all"]] == 7, "a post about two brands is one post"
    assert tallies["elsewhere"] not in counts


async def test_an_edit_and_an_import_count_for_no_watch(make: Make) -> None:
    house = make({**STORM, "brand": "acme"})
    await say(house, "a", ANGRY)
    for version in "234":
        await say(house, "a", f"{ANGRY} {version}", version=version)
    ear = Ear(house.store, house.book, house.clock)
    old = [house.post(f"old{n}", ANGRY, f"old{n}", age=60) for n in range(9)]
    house.store.write(lambda tx: ear.take_past(tx, "import file", ear.judge_past("import file", old, "acme")))
    await house.mind.round()
    assert house.rows("SELECT SUM(n) AS n FROM tallies") == [{"n": 1}]


async def test_a_watch_that_is_taken_out_of_the_rules_ends_without_a_word(make: Make) -> None:
    house = make(STORM)
    await days(house, ANGRY)
    await say(house, "a", *[ANGRY] * 5)
    await watch(house)
    house.book = house.book.model_copy(update={"watch": ()})
    assert await watch(house) == []
    assert (states(house), open_ones(house)) == ({}, [])


async def test_one_watch_that_cannot_be_asked_keeps_no_other_silent(make: Make) -> None:
    house = make(TALK, STORM)
    await days(house, ANGRY)
    await say(house, "a", *[ANGRY] * 5)
    house.store.write(lambda tx: tx.run("ALTER TABLE term_uses RENAME COLUMN term TO word"))
    assert [one.name for one in await watch(house)] == ["storm"]


async def test_it_is_told_once_also_over_a_restart(make: Make) -> None:
    house = make(STORM)
    await days(house, ANGRY)
    await say(house, "a", *[ANGRY] * 5)
    assert len(await watch(house)) == 1
    house.store.close()
    again = House(house.folder, watch=[STORM], teams=TEAMS)
    again.clock.moment = house.clock.moment
    assert await watch(again) == []
    assert open_ones(again) == [("watch storm", "care")]
    again.clock.forward(hours=2)
    assert [one.over for one in await watch(again)] == [True]
    again.store.close()


@pytest.mark.in_a_file
async def test_no_question_of_a_watch_reads_a_whole_table_and_a_storm_is_a_few_rows(make: Make) -> None:
    house = make(STORM, SILENCE, TALK)
    await days(house, CALM)
    for page in range(10):
        await say(house, f"s{page}-", *[ANGRY] * 200)

    def work(tx: Asking) -> list[str]:
        for one in (watches := Watches(house.book)).all:
            look(tx, watches, one, at=house.clock())
        return tx.slow()

    assert house.store.write(lambda tx: work(Asking(tx))) == []
    assert len(house.rows("SELECT * FROM tallies")) <= 12
