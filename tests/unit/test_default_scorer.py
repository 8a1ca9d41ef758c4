"""The scorer that ships: what it judges, what it leaves alone, and that no text gets the better of it."""

from __future__ import annotations

import hashlib
import shutil
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.errors import EarnestError
from listener.scoring.sentiment._table import FOLDER, LANGUAGES, load
from listener.scoring.sentiment.base import Opinion, Words, make_scorer

SCORER = make_scorer("default")
BAD, GOOD = -0.35, 0.5
CLEAR = (
    ("en", "Love the new app, thank you so much, you are amazing!", "your app is broken again and nobody helps, worst service ever"),
    ("de", "Ich liebe es, so schön, einfach perfekt, vielen Dank!", "Das ist eine Frechheit, so ein schlechter Service, nie wieder"),
    ("fr", "Merci beaucoup, c'est génial, j'adore !", "C'est nul, une honte, service pourri, je suis dégoûtée"),
    ("es", "Me encanta, muchas gracias, qué bonito y qué feliz estoy", "Qué asco de servicio, fatal, odio esta mierda"),
    ("pt", "Amei demais, muito obrigada, que lindo, feliz demais", "Que merda de serviço, péssimo, odeio isso, que raiva"),
    ("it", "Grazie mille, bellissimo, bravi, complimenti!", "Che vergogna, schifo totale, basta, siete pessimi"),
    ("ar", "شكرا جزيلا رائع جدا الحمد لله", "اسوأ خدمة، للاسف سيئة جدا ومشكلة كبيرة"),
)


def judge(text: str, language: str = "en") -> Opinion | None:
    (opinion,) = SCORER.judge([Words(text, language)])
    return opinion


@pytest.mark.parametrize(("language", "happy", "angry"), CLEAR, ids=[language for language, *_ in CLEAR])
def test_clear_moods_are_told_in_the_languages_it_learnt(language: str, happy: str, angry: str) -> None:
    good, bad = judge(happy, language), judge(angry, language)
    assert good is not None
    assert bad is not None
    assert good.score >= GOOD
    assert bad.score <= BAD
    assert good.odds is not None
    assert good.odds.positive > good.odds.negative
    assert sum(good.odds) == pytest.approx(1)


@pytest.mark.parametrize("text", ["what time do you open on sunday?", "The meeting is on Tuesday at 10 in Room 4.", "ok", "@acme hello"])
def test_a_matter_of_fact_is_neutral(text: str) -> None:
    opinion = judge(text)
    assert opinion is not None
    assert BAD < opinion.score < GOOD


@pytest.mark.parametrize(
    ("text", "language"),
    [("Gdzie jest moja paczka?", "pl"), ("電車が遅れています", "ja"), ("", "en"), (" \n", "en"), ("qwertz xkcd", "und")],
)
def test_what_it_cannot_judge_it_does_not_judge(text: str, language: str) -> None:
    assert judge(text, language) is None
    assert SCORER.weights(Words(text, language)) == []


def test_other_languages_are_judged_by_clear_emoji_alone() -> None:
    happy, angry = judge("電車 😍😍", "ja"), judge("電車 🤬", "ja")
    assert happy is not None
    assert angry is not None
    assert happy.score >= GOOD
    assert angry.score <= BAD


def test_emoji_count_only_where_the_rules_let_them() -> None:
    deaf = make_scorer("default", emoji=False)
    (without,) = deaf.judge([Words("電車 🤬", "ja")])
    assert without is None
    assert deaf.judge([Words("🤬🤬", "und")]) == [None]
    (hears,), (does_not,) = SCORER.judge([Words("the train 🤬🤬", "en")]), deaf.judge([Words("the train 🤬🤬", "en")])
    assert hears is not None
    assert does_not is not None
    assert hears.score < does_not.score


def test_a_short_text_of_no_language_is_judged_where_its_words_are_known() -> None:
    opinion = judge("love it", "und")
    assert opinion is not None
    assert opinion.score >= GOOD


def test_many_at_once_are_judged_as_one_by_one_in_their_order() -> None:
    many = [Words(text, language) for language, *texts in CLEAR for text in (*texts, "the app is great", "", "日本")]
    alone = [SCORER.judge([one])[0] for one in many]
    for size in range(2, len(many) + 1):  # a processor adds up in another order for each number of texts
        assert SCORER.judge(many[:size]) == alone[:size]


@pytest.mark.parametrize(("language", "happy", "angry"), CLEAR[:3])
def test_the_words_that_made_a_score_add_up_to_it(language: str, happy: str, angry: str) -> None:
    for text in (happy, angry):
        opinion = judge(text, language)
        weights = SCORER.weights(Words(text, language))
        assert opinion is not None
        assert sum(weight.points for weight in weights) == pytest.approx(opinion.score)
        assert {weight.words for weight in weights} - {""} <= set(text.split())
    strongest = min(SCORER.weights(Words("the driver was rude today", "en")), key=lambda weight: weight.points)
    assert strongest.words == "rude"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=60), st.sampled_from([*LANGUAGES, "und", "ja"])), max_size=6))
def test_whatever_is_written_gets_a_score_or_none(many: list[tuple[str, str]]) -> None:
    for opinion in SCORER.judge([Words(*one) for one in many]):
        assert opinion is None or ((-1 <= opinion.score <= 1 and opinion.odds is not None) or opinion.odds is None)


@pytest.mark.parametrize(
    "piece", ["a", "\ud83d", "\u0301", "\u200b", "👨\u200d👩\u200d👧 ", "not ", "@", "&amp;", "\\ud83d", "😡", "\x00", "ﷺ"]
)
def test_a_long_text_of_anything_is_judged(piece: str) -> None:
    for language in ("en", "ar", "und", "ja"):
        opinion = judge(piece * 40_000, language)
        assert opinion is None or -1 <= opinion.score <= 1


@pytest.mark.parametrize("name", ["weights.npy", "default.toml", "words.txt"])
def test_a_broken_installation_says_so(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "default"
    shutil.copytree(FOLDER, folder)
    (folder / name).unlink()
    with pytest.raises(EarnestError, match="weights of the default scorer"):
        load(folder)
    if name != "words.txt":
        (folder / name).write_bytes(b"x = 1")
        with pytest.raises(EarnestError, match="weights of the default scorer"):
            load(folder)


def test_weights_that_were_damaged_are_not_judged_by(tmp_path: Path) -> None:
    folder = tmp_path / "default"
    shutil.copytree(FOLDER, folder)
    weights = bytearray((folder / "weights.npy").read_bytes())
    weights[-1] ^= 1
    (folder / "weights.npy").write_bytes(weights)
    with pytest.raises(EarnestError, match=r"weights\.npy is not the file that was shipped"):
        load(folder)


def test_the_card_names_the_files_beside_it() -> None:
    # The judge is named by the card, so that other weights are another judge.
    card = tomllib.loads((FOLDER / "default.toml").read_text(encoding="utf-8"))
    for name, seal in card["sums"].items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == seal
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 10_000_000


def test_a_file_that_is_cut_short_while_the_program_runs_ends_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "default"
    shutil.copytree(FOLDER, folder)
    table = load(folder)
    with (folder / "weights.npy").open("r+b") as file:
        file.truncate(1_000)
    assert len(table.answers([Words("I love it", "en")], emoji=False)) == 1
