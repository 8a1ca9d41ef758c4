"""Short posts are told in their language, or said to be unknown: languages.yaml is the list, and anybody may add to it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from listener.scoring.language import UNKNOWN, detect
from listener.scoring.phrases import LANGUAGES

WRITTEN: dict[str, str] = yaml.safe_load((Path(__file__).parent / "languages.yaml").read_text(encoding="utf-8"))
POSTS = [(language, line) for language, lines in WRITTEN.items() for line in lines.splitlines()]
RIGHT = 0.8  # of each language, at least; two of twelve may be missed


@pytest.mark.parametrize(("language", "post"), POSTS)
def test_a_short_post_is_never_taken_for_another_language(language: str, post: str) -> None:
    found = detect(post)
    assert found in {language, UNKNOWN}


@pytest.mark.parametrize("language", WRITTEN)
def test_most_short_posts_of_a_language_are_told(language: str) -> None:
    posts = WRITTEN[language].splitlines()
    assert len(posts) >= 12
    assert all(len(post) < 40 for post in posts)
    assert sum(detect(post) == language for post in posts) >= RIGHT * len(posts)


def test_the_list_has_every_language_with_phrases_and_many_more() -> None:
    assert set(WRITTEN) >= {*LANGUAGES, UNKNOWN, "hi", "ar"}
    assert len(WRITTEN) >= 25


@pytest.mark.parametrize("language", LANGUAGES)
def test_links_handles_and_laughter_say_nothing(language: str) -> None:
    posts = WRITTEN[language].splitlines()
    dressed = [f"@where_is_it @das_ist {post} #ThisAndThat https://the.example/this-and-that hahaha lol" for post in posts]
    assert [detect(post) for post in dressed] == [detect(post) for post in posts]


@pytest.mark.parametrize(
    ("post", "language"),
    [
        ("my app crashed again ¯\\_(ツ)_/¯", "en"),
        ("ＷＨＥＲＥ ＩＳ ＭＹ ＰＡＲＣＥＬ", "en"),  # noqa: RUF001 - full width
        ("SIPARİŞİM HALA GELMEDİ", "tr"),
        ("充電器爆発", "ja"),
        ("還沒收到訂單", "zh"),
        ("优の良品不错", "zh"),
        ("بسته من کجاست", UNKNOWN),  # Persian, which is not on offer
        ("माझे पार्सल कुठे आहे", UNKNOWN),  # Marathi
        ("என் பார்சல் எங்கே", UNKNOWN),  # Tamil
        ("ㅋㅋㅋㅋ", UNKNOWN),
        ("\ud83d where is my \ud83d parcel", "en"),
        ("", UNKNOWN),
        (" \n\t", UNKNOWN),
        ("\x00\x00", UNKNOWN),
    ],
)
def test_strange_signs_mislead_nobody(post: str, language: str) -> None:
    assert detect(post) == language
