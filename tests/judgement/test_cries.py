"""Cries for help in ten languages reach a person, also in the midst of other chatter: every critical post of the files beside this one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from listener.model import Author, Level, Post
from listener.rules.rulebook import Scoring
from listener.scoring.assessor import Assessor

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("posts*.yaml"))
CRIES: list[dict[str, Any]] = [
    entry
    for file in FILES
    for entry in yaml.safe_load(file.read_text(encoding="utf-8"))
    if entry.get("urgency") == "critical" and "after" not in entry
]
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
# What people say before and behind a cry: a greeting and the weather, praise, a question about something else.
CHATTER: dict[str, tuple[str, str]] = {
    "en": ("Hi there. Lovely weather today, isn't it?", "Anyway. By the way, I like your new logo. When do you open on Sundays?"),
    "de": ("Hallo zusammen. Schönes Wetter heute.", "Übrigens. Euer neues Logo gefällt mir. Wann habt ihr sonntags auf?"),
    "fr": ("Bonjour à tous. Il fait beau aujourd'hui.", "Au passage. J'aime bien votre nouveau logo. Vous ouvrez quand le dimanche ?"),
    "es": ("Hola a todos. Qué buen tiempo hace hoy.", "Por cierto. Me gusta su nuevo logo. ¿Cuándo abren los domingos?"),
    "pt": ("Olá a todos. Que dia bonito.", "A propósito. Gosto do novo logótipo. Quando abrem ao domingo?"),
    "it": ("Ciao a tutti. Bella giornata oggi.", "A proposito. Mi piace il vostro nuovo logo. Quando aprite la domenica?"),
    "nl": ("Hallo allemaal. Mooi weer vandaag.", "Trouwens. Ik vind jullie nieuwe logo leuk. Wanneer zijn jullie op zondag open?"),
    "pl": ("Cześć wszystkim. Ładna dziś pogoda.", "Przy okazji. Podoba mi się wasze nowe logo. Kiedy otwieracie w niedzielę?"),
    "tr": ("Herkese selam. Bugün hava güzel.", "Bu arada. Yeni logonuzu beğendim. Pazar günü kaçta açılıyorsunuz?"),  # noqa: RUF001
    "ja": ("みなさんこんにちは。今日はいい天気ですね。", "ところで。新しいロゴ、いいですね。日曜は何時に開きますか？"),  # noqa: RUF001
}


@pytest.fixture(scope="module")
def assessor() -> Assessor:
    return Assessor(Scoring())


def level(assessor: Assessor, text: str) -> Level:
    return assessor.assess(Post("x", "9", text, Author("x", "7", "marta_k"), NOW, "9")).urgency.level


def spoken(assessor: Assessor, entry: dict[str, Any]) -> str:
    """Return the language of a cry that is not labelled with one."""
    found = assessor.assess(Post("x", "9", entry["post"], Author("x", "7", "marta_k"), NOW, "9")).language
    return str(entry.get("language") or found)


def test_two_hundred_cries_in_ten_languages_are_heard(assessor: Assessor) -> None:
    languages = {entry.get("language") for entry in CRIES} - {None, "und"}
    assert len(CRIES) >= 200
    assert languages | {"en"} == set(CHATTER)
    missed = [entry["post"] for entry in CRIES if level(assessor, entry["post"]).rank < Level.HIGH.rank]
    assert missed == []


def test_they_are_heard_in_the_midst_of_chatter(assessor: Assessor) -> None:
    missed = []
    for entry in CRIES:
        before, behind = CHATTER.get(spoken(assessor, entry), CHATTER["en"])
        around = (f"{before} {entry['post']}", f"{entry['post']}\n{behind}", f"{before} {entry['post']}\n{behind}")
        missed += [text for text in around if level(assessor, text).rank < Level.HIGH.rank]
    assert missed == []
