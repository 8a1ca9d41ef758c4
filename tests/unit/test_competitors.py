"""What is said of competitors is heard and counted, and never answered: no case, no draft, no alert, no storm."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listener.matching import Matcher, Other
from listener.model import Author, Because, Ground, Page, Post
from listener.polling import Ear
from listener.rules.rulebook import Brand, Rulebook
from listener.sifting import Sieve
from listener.store import competitors, following
from responders.explaining import explain
from responders.house import open_store
from responders.model import Circumstances
from responders.playing import Play
from tests.program import Program
from tests.unit.deciding import rulebook

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
ACME = {
    "names": ["Acme"],
    "handles": {"mastodon": "acme@mastodon.example"},
    "competitors": ["Zenith Shoes", "アルファ"],
    "ignore": {"authors": ["zenith_jobs"], "phrases": ["win free"]},
}
OTHER = {"names": ["Other"], "competitors": ["Zenith Shoes"]}


def book() -> Rulebook:
    everything = {"name": "all", "when": "always", "reply": "sorry", "escalate": "on-call"}
    storm = {"pause_when": [{"negative": 1, "times": 1, "within": "1h"}, {"mentions": 1, "words": ["recall"], "within": "20m"}]}
    return rulebook(brands={"acme": ACME, "other": OTHER}, routes=[everything], boundaries=storm)


def said(text: str, number: int = 1, **changes: object) -> Post:
    author, address = Author("mastodon", f"a{number}", "marta"), f"https://town.example/{number}"
    settings = {"network": "mastodon", "id": str(number), "author": author, "thread_id": str(number), "created_at": NOW, "url": address}
    return Post(text=text, **settings | changes)  # type: ignore[arg-type]


@pytest.fixture
def play() -> Iterator[Play]:
    played = Play(book(), {}, begins=NOW)
    yield played
    played.close()


def hear(play: Play, *posts: Post) -> int:
    """Return how many mentions were decided."""
    return len(play.hear("mastodon", Page(posts, None), at=NOW))


def kept(play: Play) -> list[tuple[object, ...]]:
    rows = competitors.named(play.store.read(), competitor="", brand="", network="", since=None, limit=100)
    return [(row["post_id"], row["brand"], row["competitor"], row["mood"], row["ours"]) for row in rows]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("zenith SHOES are awful", [Other("acme", "Zenith Shoes"), Other("other", "Zenith Shoes")]),
        ("新しいアルファの靴", [Other("acme", "アルファ")]),
        ("Zenith Shoesmith, zenith-shoes.example", []),
        ("look: https://shop.example/zenith shoes", []),
        ("win free Zenith Shoes", [Other("other", "Zenith Shoes")]),
        ("Acme is fine", []),
    ],
)
def test_competitors_are_found_as_whole_words_where_the_brand_does_not_ignore_it(text: str, found: list[Other]) -> None:
    matcher = Matcher(book().brands)
    assert list(matcher.others(said(text))) == found
    assert matcher.match(said("Zenith Shoes")) == ()


def test_ignored_authors_and_our_own_posts_do_not_count() -> None:
    matcher = Matcher({"acme": Brand.model_validate(ACME)})
    assert matcher.others(said("Zenith Shoes", author=Author("mastodon", "1", "zenith_jobs"))) == ()
    assert matcher.others(said("Zenith Shoes", own=True)) == ()
    assert not Matcher({"acme": Brand(names=("Acme",))}).knows_others


def test_a_stream_lets_what_names_a_competitor_through() -> None:
    sieve = Sieve(book().brands)
    assert sieve.passes(["These ZENITH shoes"])
    assert not sieve.passes(["These zen shoes"])
    assert not sieve.clears('{"text":"zenith shoes"}')


def test_a_post_about_a_competitor_alone_is_counted_without_its_words_and_nothing_else_comes_of_it(play: Play) -> None:
    posts = [said(f"Zenith Shoes recall: terrible, awful, they burned my hand {number}", number) for number in range(30)]
    assert hear(play, *posts) == 0
    assert len(kept(play)) == 60
    assert {row[1:] for row in kept(play)} == {("acme", "Zenith Shoes", "negative", 0), ("other", "Zenith Shoes", "negative", 0)}
    assert list(play.brakes()) == []
    for table in ("posts", "mentions", "assessments", "cases", "drafts", "escalations", "tallies"):
        assert play.store.read().all(f"SELECT * FROM {table}") == [], table


def test_a_post_that_names_us_too_is_ours_as_before_and_carries_the_note(play: Play) -> None:
    text = "Acme or Zenith Shoes? Zenith shoes look fine"
    assert hear(play, said(text)) == 1
    (mention,) = Matcher(book().brands).match(said(text))
    assert mention.because == (
        Because(Ground.NAME, "Acme"),
        Because(Ground.COMPETITOR, "Zenith shoes"),
    )
    assert {row[1:3] + row[4:] for row in kept(play)} == {("acme", "Zenith Shoes", 1), ("other", "Zenith Shoes", 0)}


def test_the_same_page_again_counts_once_and_an_edit_or_deletion_is_followed(play: Play) -> None:
    both, alone = said("Acme or Zenith Shoes?", 1), said("Zenith Shoes", 2)
    hear(play, both, alone)
    hear(play, both, alone)
    assert len(kept(play)) == 4
    hear(play, said("Acme or nothing?", 1, version="2"))
    assert {row[0] for row in kept(play)} == {"2"}
    play.store.write(lambda tx: following.mark_gone(tx, "mastodon", ["2"], at=NOW))
    assert kept(play) == []
    hear(play, alone)
    assert kept(play) == [], "what is deleted does not come back"


def test_explain_says_that_it_would_only_be_counted() -> None:
    shown = explain(book(), said("Zenith Shoes are awful"), Circumstances(now=NOW)).lines()
    assert any(line.startswith("heard     only counted, for it names Zenith Shoes") for line in shown)


@pytest.fixture
def run(tmp_path: Path) -> Program:
    store = f"sqlite:///{tmp_path}/town.db"
    rules = tmp_path / "rules.yaml"
    wanted = {"version": 1, "brands": {"acme": ACME, "other": OTHER}, "routes": [{"name": "all", "when": "always"}]}
    rules.write_text(json.dumps(wanted), encoding="utf-8")
    program = Program(store, rules, {"EARNEST_NAME": "jo"})
    opened = open_store(store, create=True)
    moment = datetime.now(UTC) - timedelta(hours=1)
    texts = ["Acme is lovely, great", "Acme or Zenith Shoes?", "Zenith Shoes are awful", "Zenith Shoes are awful \x1b[31m"]
    posts = tuple(said(text, number, created_at=moment) for number, text in enumerate(texts))
    ear = Ear(opened, rulebook(brands={"acme": ACME, "other": OTHER}), lambda: moment)
    opened.write(lambda tx: ear.hear(tx, "mastodon", Page((*posts, said("Zenith Shoes", 9, created_at=moment - timedelta(days=30))), None)))
    opened.close()
    return program


def test_the_report_tells_each_brand_its_competitors_their_share_and_moods(run: Program) -> None:
    found = run("report", "voice", "--json").objects
    assert [(one["brand"], one["competitor"], one["mentions"], one["share"]) for one in found] == [
        ("acme", None, 2, 0.4),
        ("acme", "Zenith Shoes", 3, 0.6),
        ("acme", "アルファ", 0, 0.0),
        ("other", None, 0, 0.0),
        ("other", "Zenith Shoes", 3, 1.0),
    ]
    assert found[1]["moods"] == {"negative": 2, "neutral": 1, "positive": 0, "unknown": 0}
    assert run("report", "voice", "--since", "60d", "--json").objects[1]["mentions"] == 4
    assert run("report", "voice").out.splitlines()[1].split("\t")[:4] == ["acme", "Zenith Shoes", "3", "60%"]


def test_mentions_lists_posts_that_name_a_competitor_by_where_they_are(run: Program) -> None:
    found = run("mentions", "--competitor", "Zenith Shoes", "--brand", "acme", "--since", "7d", "--json").objects
    assert sorted((one["id"], one["ours"], one["url"]) for one in found) == [
        ("1", True, "https://town.example/1"),
        ("2", False, "https://town.example/2"),
        ("3", False, "https://town.example/3"),
    ]
    assert len(run("mentions", "--competitor", "any").out.splitlines()) == 8
    assert run("mentions", "--competitor", "Nobody").out == ""
    assert run("mentions", "--competitor", "any", "--search", "awful").code == 2
    assert run("mentions", "--competitor", "any", "--route", "all").code == 2
