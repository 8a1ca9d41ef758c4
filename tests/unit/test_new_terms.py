"""New words: what several people say about a brand now and hardly anybody before; which words count, and that they go with their posts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from listener.commonwords import COMMON
from listener.model import Page
from listener.polling import Ear
from listener.terms import MOST, own_words, terms_of
from listener.text import clean
from responders.ledger import terms
from responders.model import Fresh
from tests.asking import Asking
from tests.mouth import NETWORK, House

ASKED = {"over": "6h", "at_least": 3, "authors": 2}
FRESH = Fresh(timedelta(hours=6), 3, 2)
NEWS = "@acme the battery smells of smoke"
Make = Callable[..., House]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[House] = []

    def build(**changes: object) -> House:
        routes = [{"name": "news", "when": {"new_term": ASKED}}, {"name": "rest", "when": "always"}]
        made.append(House(tmp_path / str(len(made)), **{"routes": routes, "boundaries": {"pause_when": []}, **changes}))
        return made[-1]

    yield build
    for house in made:
        house.store.close()


async def said(house: House, post_id: str, words: str, by: str = "", **more: object) -> tuple[str, str]:
    """Let somebody say something; return the route and why the first one took it or not."""
    await house.hear(house.post(post_id, words, by or f"by-{post_id}", age=5, **more))
    (noted,) = await house.think()
    return noted.decision.route, noted.decision.trace[0].because


async def grown_up(house: House, words: str = "@acme hello there shop", days: int = 2) -> None:
    """Let the store be some days old."""
    for day in range(days):
        await said(house, f"day{day}", words)
        house.clock.forward(days=1)


@pytest.mark.parametrize(
    ("text", "tags", "found"),
    [
        ("The NEW battery, it's Anna's battery!", (), ["battery", "anna"]),
        ("mail jo@acme.example, @marta@town.example, https://x.example/recall www.acme.example/a acme.example/b", (), ["mail"]),
        ("order AC-123456 of 2026, 4111 1111, p_w", (), ["order"]),
        ("#Boycott2026 #id1234567 #a", ("Recall", "acme"), ["#boycott2026", "#recall", "#acme"]),
        ("Ｂａｔｔｅｒｙ bat\u200btery", (), ["battery"]),  # noqa: RUF001 - full width
        ("Батарея взорвалась", (), ["батарея", "взорвалась"]),
        ("電池から煙が出た バッテリー", (), ["電池", "煙", "出", "バッテリー"]),
        ("电池爆炸起火", (), ["电池", "池爆", "爆炸", "炸起", "起火"]),
        ("แบตเตอรี่", (), ["แบตเ", "บตเต", "ตเตอ", "เตอร", "ตอรี", "อรี่"]),
        ("der Akku brennt und das ist nicht gut, artık yeter", (), ["akku", "brennt", "yeter"]),  # noqa: RUF001 - Turkish
    ],
)  # fmt: skip
def test_which_words_of_a_post_are_terms(text: str, tags: tuple[str, ...], found: list[str]) -> None:
    assert list(terms_of(text, tags)) == found


def test_a_brands_own_names_are_no_news_about_it() -> None:
    own = own_words(["Acme Shoes", "acmefail", "acme@mastodon.social"])
    assert terms_of("acme shoes #acmefail #shoes laces", without=own) == ("laces",)


def test_a_post_has_at_most_forty_terms_and_common_words_are_folded() -> None:
    assert len(terms_of(" ".join(f"wort{'abcdefghij'[n % 10]}{'abcdefghij'[n // 10]}" for n in range(99)))) == MOST
    assert {word for word in COMMON if clean(word) != word} == set()


async def test_a_word_of_several_people_is_new_and_the_reason_names_it(make: Make) -> None:
    house = make()
    await grown_up(house)
    assert (await said(house, "n1", NEWS))[0] == "rest"
    assert await said(house, "n2", NEWS) == ("rest", "none of its words is new within 6h in 3 posts of 2 people")
    assert await said(house, "n3", NEWS) == ("news", 'new within 6h: "battery", "smells", "smoke"')
    assert (await said(house, "n4", "@acme hello there shop"))[0] == "rest", "it speaks of something else"
    house.clock.forward(hours=7)
    assert (await said(house, "n5", NEWS))[0] == "rest", "it is not new any more"


async def test_one_person_alone_makes_no_news(make: Make) -> None:
    house = make()
    await grown_up(house)
    assert {(await said(house, f"n{n}", NEWS, by="marta"))[0] for n in range(5)} == {"rest"}
    assert (await said(house, "tom", NEWS, by="tom"))[0] == "news"


async def test_a_word_that_two_people_used_last_week_is_not_new_and_one_of_a_single_person_is(make: Make) -> None:
    house = make()
    await said(house, "old1", "@acme battery and smoke")
    await said(house, "old2", "@acme battery")
    house.clock.forward(days=6)
    for n in range(2):
        await said(house, f"n{n}", NEWS)
    assert await said(house, "n2", NEWS) == ("news", 'new within 6h: "smells", "smoke"')


async def test_on_the_first_day_nothing_is_new(make: Make) -> None:
    house = make()
    for n in range(6):
        assert await said(house, f"n{n}", NEWS) == ("rest", "no day yet to compare its words with")


async def test_it_is_new_for_one_brand_and_old_for_another(make: Make) -> None:
    brands = {name: {"names": [name], "handles": {"mastodon": name}} for name in ("acme", "zenith")}
    house = make(brands=brands)
    for day in range(2):
        await house.hear(
            house.post(f"a{day}", "acme hello", f"a{day}"), house.post(f"z{day}", "zenith battery smells of smoke", f"z{day}", mentions=())
        )
        await house.think()
        house.clock.forward(days=1)
    found = {}
    for n in range(3):
        await house.hear(house.post(f"n{n}", NEWS.replace("@acme", "acme and zenith:"), f"n{n}", mentions=()))
        found = {one.heard.mention.brand: one.decision.trace[0].because for one in await house.think()}
    assert found == {"acme": 'new within 6h: "battery", "smells", "smoke", "zenith"', "zenith": 'new within 6h: "acme"'}


async def test_history_that_is_imported_is_no_news(make: Make) -> None:
    house = make()
    await grown_up(house)
    ear = Ear(house.store, house.book, house.clock)
    old = [house.post(f"old{n}", NEWS, f"old{n}", age=60) for n in range(9)]
    house.store.write(lambda tx: ear.take_past(tx, "import file", ear.judge_past("import file", old, "acme")))
    await house.think()
    assert (await said(house, "n1", NEWS))[0] == "rest"


async def test_it_is_remembered_over_a_restart(make: Make) -> None:
    house = make()
    await grown_up(house)
    await said(house, "n1", NEWS)
    await said(house, "n2", NEWS)
    house.store.close()
    again = House(house.folder, routes=[{"name": "news", "when": {"new_term": ASKED}}, {"name": "rest", "when": "always"}])
    again.clock.moment = house.clock.moment
    assert (await said(again, "n3", NEWS))[0] == "news"
    again.store.close()


async def test_without_anybody_asking_no_word_is_kept(make: Make) -> None:
    house = make(routes=[{"name": "rest", "when": "always"}])
    await said(house, "n1", NEWS)
    assert house.rows("SELECT * FROM term_uses") == []


async def test_a_deleted_post_takes_its_words_with_it_out_of_table_and_file(make: Make) -> None:
    house = make()
    await grown_up(house)
    await said(house, "n1", "@acme zugvogel zugvogel")
    assert house.rows("SELECT term FROM term_uses WHERE post_id = 'n1'") == [{"term": "zugvogel"}]
    await Ear(house.store, house.book, house.clock).take(NETWORK, Page((), "c", gone=("n1",)))
    await house.think()
    assert house.rows("SELECT * FROM term_uses WHERE term = 'zugvogel'") == []
    assert house.store.read().one("SELECT 1 FROM remains") is not None
    house.store.scrub()
    assert [file.name for file in house.folder.glob("earnest.db*") if b"zugvogel" in file.read_bytes().lower()] == []


async def test_a_word_is_not_new_any_more_when_its_posts_are_gone(make: Make) -> None:
    house = make()
    await grown_up(house)
    for n in range(4):
        await said(house, f"n{n}", NEWS)
    assert terms.fresh(house.store.read(), "acme", FRESH, at=house.clock()) == ("battery", "smells", "smoke")
    await Ear(house.store, house.book, house.clock).take(NETWORK, Page((), "c", gone=("n1", "n2")))
    await house.think()
    assert terms.fresh(house.store.read(), "acme", FRESH, at=house.clock()) == ()


async def test_an_edited_post_takes_back_the_words_it_does_not_have_any_more(make: Make) -> None:
    house = make()
    await grown_up(house)
    await said(house, "n1", NEWS)
    await said(house, "n1", "@acme sorry, all is well", version="2")
    assert house.rows("SELECT term FROM term_uses WHERE term = 'smoke'") == []


async def test_words_are_kept_for_eight_days(make: Make) -> None:
    house = make()
    await grown_up(house, days=20)
    (row,) = house.rows("SELECT MIN(at) AS first, COUNT(*) AS n FROM term_uses")
    assert str(row["first"]) >= (house.clock() - timedelta(days=9, minutes=1)).isoformat()[:19]
    house.clock.forward(days=9)
    assert terms.is_old(house.store.read(), at=house.clock())
    house.store.write(lambda tx: terms.tidy(tx, at=house.clock()))
    assert house.rows("SELECT * FROM term_uses") == []


async def test_a_storm_of_one_word_and_a_word_of_every_day_fill_few_rows(make: Make) -> None:
    house = make()
    for day in range(3):
        await said(house, f"a{day}", "@acme laces")
        await said(house, f"b{day}", "@acme laces")
        house.clock.forward(days=1)
    house.clock.moment = house.clock().replace(minute=10)
    for page in range(10):
        await house.hear(*(house.post(f"s{page}-{n}", "@acme laces smoke", by=f"s{page}-{n}", age=1) for n in range(200)))
    while await house.think():
        pass
    found = {str(row["term"]): row["n"] for row in house.rows("SELECT term, COUNT(*) AS n FROM term_uses GROUP BY term")}
    assert found["smoke"] == 100, "no more of one word in an hour"
    assert found["laces"] <= 8, "everybody knows it"


async def test_what_people_make_up_fills_at_most_five_thousand_rows_an_hour(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "MOST_AN_HOUR", 50)
    house = make()
    house.clock.moment = house.clock().replace(minute=10)
    letters = "abcdefghijklmnopqrstuvwxyz"
    await house.hear(
        *(
            house.post(f"m{n}", "@acme " + " ".join(f"wort{letters[n]}{letters[k]}" for k in range(20)), by=f"m{n}", age=1)
            for n in range(20)
        )
    )
    await house.think()
    assert house.rows("SELECT COUNT(*) AS n FROM term_uses") == [{"n": 50}]


@pytest.mark.in_a_file
async def test_no_question_about_words_reads_a_whole_table(make: Make) -> None:
    house = make()
    await grown_up(house)
    post = house.post("n1", NEWS)

    def work(tx: Asking) -> list[str]:
        terms.note(tx, "acme", post, ("smoke", "battery"), at=house.clock())
        terms.fresh(tx, "acme", FRESH, at=house.clock())
        terms.fresh(tx, "acme", FRESH, at=house.clock(), among=("smoke",))
        terms.is_old(tx, at=house.clock())
        terms.erase(tx, NETWORK, "n1")
        return tx.slow()

    assert house.store.write(lambda tx: work(Asking(tx))) == []
