"""The parts of judging: patterns from the rules, the phrase notation, language, mood."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from listener.scoring.language import detect
from listener.scoring.notation import Grammar, parse, read_classes
from listener.scoring.patterns import Pattern, pattern_problem
from listener.scoring.phrases import LANGUAGES, entries, grammar, names, read_file, read_phrases
from listener.scoring.sentiment.base import Words
from listener.scoring.sentiment.vader import Vader
from listener.scoring.signals import builtin_signal_names
from listener.scoring.standing import laughs
from listener.text import clean


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("(?=fire)", "look"),
        ("(?<!no )fire", "look"),
        ("(?<=a)b", "look"),
        (r"(a)\1", "refers back"),
        ("(?P<x>a)(?P=x)", "refers back"),
        ("a++", "possessive"),
        ("(?>a)", "possessive"),
        ("(unclosed", "no pattern"),
        ("[a", "no pattern"),
        ("*", "no pattern"),
        ("\ud800", "half a character"),
        ("x" * 3_000, "longer"),
    ],
)
def test_what_re2_refuses_is_said_in_plain_words(pattern: str, word: str) -> None:
    assert word in pattern_problem(pattern)
    with pytest.raises(ValueError, match=re.escape(pattern_problem(pattern))):
        Pattern.of(pattern)


@pytest.mark.parametrize("pattern", [r"\d+ (day|week)s?", r"\bécole\b", "[[:alpha:]]+", r"\(\?=", "a{2,3}", r"[(?=]", "", r"^(\w+\s?)*$"])
def test_what_re2_takes_is_no_problem(pattern: str) -> None:
    assert pattern_problem(pattern) == ""


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"\bécole\b", "vive l'École!", "école"),
        (r"\bécole\b", "Écolesse", None),
        ("\\bпомогите\\b", "ПОМОГИТЕ!!", "помогите"),  # noqa: RUF001 - Cyrillic
        ("\\bпомог\\b", "ПОМОГИТЕ!!", None),  # noqa: RUF001 - Cyrillic
        ("助けて", "今すぐ助けてください", "助けて"),
        (r"\bacme\b", "昨日acmeで", "acme"),
        (r"\w+fail", "größtfail", "grösstfail"),
        (r"\d+ (day|week)s?", "after 12 WEEKS", "12 weeks"),
        (r"x*", "no match that is empty", None),
        (r"[\w]+é", "café", "café"),
    ],
)
def test_patterns_know_every_script(pattern: str, text: str, found: str | None) -> None:
    folded = clean(text)
    place = Pattern.of(pattern).find(folded)
    assert (folded[slice(*place)] if place else None) == found


def test_a_pattern_that_others_never_finish_comes_back() -> None:
    assert Pattern.of(r"^(\w+\s?)*$").find("a" * 100_000 + "!") is None  # two to the power of 100,000 steps elsewhere


def test_every_phrase_of_every_file_can_be_read() -> None:
    for language in LANGUAGES:
        for name in names(language):
            for entry in entries(language, name):
                assert entry.anchors
                if entry.tokens:
                    assert entry.pattern().search("") is None
        said = {name.removeprefix("signals.") for name in names(language) if name.startswith("signals.")}
        assert said <= set(builtin_signal_names())
    files = {file.name for file in resources.files("listener.scoring.words").iterdir() if file.name.endswith(".toml")}
    assert files == {f"{language}.toml" for language in LANGUAGES}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[signals]\nsafety = ['on fire', 'very? hot']", ("words/xx.toml", "[signals] safety", '"very? hot"', "must be there")),
        ("[marks]\npraise = ['{nice} shoes']", ("words/xx.toml", "[marks] praise", '"{nice} shoes"', "no class {nice}")),
        ("[classes]\na = ['{b}']\nb = ['x']", ("words/xx.toml", "[classes]", "no class {b}")),
        ("[signals]\nsafety = ['on", ("words/xx.toml", "at end of document")),
        ("[signal]\nsafety = ['on fire']", ("words/xx.toml", "[signal]", "signals")),
        ("[signals]\nsafety = 'on fire'", ("words/xx.toml", "[signals] safety", "list of lines")),
        ("[signals]\nsafety = ['']", ("words/xx.toml", "[signals] safety", "none of them empty")),
    ],
)
def test_a_broken_phrase_file_is_named_with_its_line(text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=re.escape(words[0])) as caught:
        _read_all(text, "words/xx.toml")
    assert all(word in str(caught.value) for word in words)


def _read_all(text: str, file: str) -> None:
    written = read_file(text, file)
    how = grammar(written, "xx", file)
    for part in ("signals", "marks"):
        for name in written.get(part, {}):
            read_phrases(written, f"{part}.{name}", how, file)


LAUGHTER = (
    "ahah;ahahah;jajaja;kkk;rsrs;wwww;\uff57\uff57\uff57;\u6b7b\u306c\uff57;\u8349;haha;hahah;hehe;xD;lol;loool;"
    "sjsjsj;ksksks;asdfghjkl;skdjskdj;\u0445\u0430\u0445\u0430;\u314b\u314b\u314b;\U0001f602"
)
NO_LAUGHTER = "\u7159\u8349;\u96d1\u8349;www.acme.com;https://www.x.example;where;wow;hi there;ja ja;she;asks;job;ah;aha"


@pytest.mark.parametrize("text", LAUGHTER.split(";"))
def test_laughter_of_many_languages_is_heard(text: str) -> None:
    assert laughs(clean(f"stop {text}"))


@pytest.mark.parametrize("text", NO_LAUGHTER.split(";"))
def test_what_only_looks_like_laughter_is_none(text: str) -> None:
    assert not laughs(clean(f"stop {text}"))


def test_the_notation_says_what_it_cannot_read() -> None:
    english = Grammar("en", read_classes({"x": ["a|b"]}), frozenset())
    with pytest.raises(ValueError, match="must be there"):
        parse("very? good", "marks.x", english)
    with pytest.raises(ValueError, match="no class"):
        parse("{y} good", "marks.x", english)


@pytest.mark.parametrize(
    ("line", "text", "stands"),
    [
        ("caught fire", "it caught\nfire!", True),
        ("caught fire", "caught. Fire", False),
        ("burn* .. hand", "burned my left hand", True),
        ("burn* .. hand", "burned it all up and then the hand", False),
        ("burn* ... hand", "burned it all up and then the hand", True),
        ("can't stop", "i cant stop", True),
        ("n't work", "doesn't work", True),
        ("{x} very? good", "b good", True),
        ("{x} very? good", "c good", False),
        ("done $", "i am done.", True),
        ("done $", "done it", False),
        ("anyone ?", "anyone??", True),
    ],
)
def test_the_notation_finds_what_it_says(line: str, text: str, *, stands: bool) -> None:
    entry = parse(line, "marks.x", Grammar("en", read_classes({"x": ["a|b"]}), frozenset()))
    assert bool(entry.pattern().search(clean(text))) is stands


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How do I return these shoes?", "en"),
        ("Wo bleibt denn eigentlich mein Paket?", "de"),
        ("助けて", "ja"),
        ("👍", "und"),
        ("@acme https://acme.example #acme", "und"),
        ("ok", "und"),
        ("", "und"),
    ],
)
def test_language_is_told_or_said_to_be_unknown(text: str, language: str) -> None:
    assert detect(text) == language


def test_mood_is_unknown_where_the_scorer_cannot_read() -> None:
    def score(text: str, language: str) -> float | None:
        (opinion,) = Vader(emoji=True).judge([Words(text, language)])
        return opinion.score if opinion else None

    assert score("Der Zug ist da", "de") is None
    assert score("qwertz", "und") is None
    assert (score("Der Zug ist da 😡😡", "de") or 0) < -0.3
    assert (score("love it 👍", "en") or 0) > 0.5
    assert score("the train", "en") == 0
