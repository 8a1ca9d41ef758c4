"""Reading rules: what hostile and half-finished files do, and what positions and fingerprints mean."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from listener.errors import EarnestError, RulesWrong
from listener.rules.checking import check
from listener.rules.kinds import Rate
from listener.rules.problems import Problem, RulesProblems, Sheet, mask, render
from listener.rules.reading import fingerprint, read_rulebook
from listener.rules.rulebook import Rulebook

MINIMAL = "version: 1\nbrands: {acme: {names: [Acme]}}\nroutes: [{name: rest, when: always}]\n"
GOOD = Path(__file__).parents[1] / "rules" / "good"


def problems(text: str | bytes) -> tuple[Problem, ...]:
    with pytest.raises(RulesProblems) as caught:
        read_rulebook(text)
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("x" * 600_000, "too-large", 1),
        ("\n" * 600_000, "too-large", 1),
        ("日" * 200_000, "too-large", 1),
        (MINIMAL + "teams: " + "[" * 5_000, "too-deep", 4),
        (MINIMAL + "teams: " + "[a, " * 3_000, "too-deep", 4),
        (MINIMAL + "teams: " + "{a: " * 3_000, "too-deep", 4),
        (MINIMAL + "teams:\n" + "\n".join(" " * depth + "- " for depth in range(1, 300)), "too-deep", 44),
        (MINIMAL + "templates: {thanks: [" + "a," * 60_000 + "]}\n", "too-large", 4),
        (MINIMAL + "mode: " + "9" * 5_000, "number", 4),
        (MINIMAL + "mode: -" + "9" * 5_000 + ".5", "value", 4),
        (
            "a: &a [x, x]\n" + "".join(f"{new}: &{new} [*{old}, *{old}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)),
            "anchor",
            1,
        ),
        (MINIMAL + "mode: \x00", "control", 4),
        (MINIMAL + "mode: \ud800", "control", 4),
        (MINIMAL + "mode: \u2028draft", "control", 4),
        (MINIMAL + "\x1b]0;x\x07", "control", 4),
        (MINIMAL.encode() + b"mode: \xff", "encoding", 4),
        (MINIMAL.encode("utf-16"), "encoding", 1),
        ("%YAML 1.1\n---\n" + MINIMAL, "directive", 1),
        ("%TAG ! tag:x,2000:\n---\n" + MINIMAL, "directive", 1),
        (MINIMAL + "mode: !!binary aGk=", "tag", 4),
        ("&" * 50_000, "anchor", 1),
        ("? " * 10_000, "key", 1),
        ("null", "empty", 1),
        ("\ufeff", "empty", 1),
        ("just a sentence", "value", 1),
    ],
)
def test_a_hostile_file_is_refused_with_its_line(text: str | bytes, code: str, line: int) -> None:
    found = problems(text)

    assert (code, line) in [(one.code, one.line) for one in found]
    assert len(found) <= 101
    assert len(render(found)) < 40_000


def test_thousands_of_mistakes_are_told_briefly() -> None:
    wrong = "".join(f"wrong{number}: x\n" for number in range(4_000))
    found = check(MINIMAL + wrong)

    assert len(found) == 101
    assert found[-1].message == "3901 more mistakes from here on"


def test_a_changed_file_never_brings_down_the_checker() -> None:
    chance = random.Random(7)  # noqa: S311 - repeatable, not secret
    texts = [path.read_text(encoding="utf-8") for path in sorted(GOOD.glob("*.yaml"))]
    scraps = [
        "{",
        "}",
        "[",
        "]",
        ":",
        "- ",
        "\n",
        "  ",
        "#",
        "&a ",
        "*a",
        "'",
        '"',
        "|",
        ">",
        "@",
        "\t",
        "!x ",
        "null",
        "9" * 40,
        "é",
        "%",
        "?",
        ",",
    ]
    for _ in range(150):
        letters = list(chance.choice(texts)[:1_500])
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(letters))
            letters[place : place + chance.randint(0, 6)] = chance.choice(scraps)
        text = "".join(letters)
        lines = Sheet.of(text, "").lines
        for problem in check(text):
            assert 1 <= problem.line <= len(lines)
            assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
            assert problem.message
            str(problem)


def test_what_yaml_used_to_bend_stays_the_text_it_is() -> None:
    book = read_rulebook((GOOD / "yaml-words.yaml").read_text(encoding="utf-8"))

    assert book.brands["no"].ignore.phrases == ("on", "off", "yes", "NO")
    assert book.brands["no"].names == ("12:30:45", "2024-02-30", "0123", "0x1F", "1_000", "1e9999", ".inf")
    assert book.boundaries.quiet_hours is not None
    assert book.boundaries.quiet_hours.between == "22:00-07:00"
    assert book.routes[0].examples[0].at == "2026-11-20 23:30"


def test_one_word_may_stand_for_a_list_and_lengths_and_rates_are_read() -> None:
    book = read_rulebook((GOOD / "everything.yaml").read_text(encoding="utf-8"))

    assert book.brands["zenith"].hashtags == ("zenith",)
    assert book.sources["mastodon"].every == timedelta(seconds=90)
    assert book.sources["mastodon"].options == {"instance": "mastodon.social", "tags": ["acme", "acmefail"]}
    assert book.routes[0].sla.resolution == timedelta(days=2)
    assert book.boundaries.limits.per_author == Rate(count=3, per=timedelta(days=7))
    assert book.boundaries.limits.per_thread == Rate(count=2)


@pytest.mark.parametrize("text", [MINIMAL.replace("\n", "\r\n"), "\ufeff" + MINIMAL, MINIMAL.encode(), b"\xef\xbb\xbf" + MINIMAL.encode()])
def test_line_ends_and_byte_order_marks_do_not_matter(text: str | bytes) -> None:
    assert read_rulebook(text).routes[0].name == "rest"


def test_the_fingerprint_names_the_text_and_cannot_be_written_into_it() -> None:
    book = read_rulebook(MINIMAL)

    assert book.fingerprint == fingerprint(MINIMAL)
    assert len(book.fingerprint) == 12
    assert read_rulebook(MINIMAL + "# changed\n").fingerprint != book.fingerprint
    for name in ("fingerprint", "_fingerprint"):
        assert problems(f"{MINIMAL}{name}: aaaaaaaaaaaa\n")[0].code == "unknown-key"
    renamed = book.read_from("", "0123456789ab")
    assert (renamed.fingerprint, book.fingerprint) == ("0123456789ab", fingerprint(MINIMAL))


def test_a_rulebook_made_from_plain_values_is_the_same_without_a_fingerprint() -> None:
    book = Rulebook.model_validate({"version": 1, "brands": {"acme": {"names": ["Acme"]}}, "routes": [{"name": "rest", "when": "always"}]})

    assert book.fingerprint == ""
    assert book.routes == read_rulebook(MINIMAL).routes
    with pytest.raises(ValidationError):
        book.mode = "send"  # type: ignore[misc]


def test_several_signs_that_cannot_start_a_word_are_all_named() -> None:
    found = problems("version: 1\nbrands: {acme: {names: [Acme], handles: {mastodon: @a, bluesky: @b}}}\nmode: `draft`\nroutes: []\n")

    assert [(one.line, one.code) for one in found] == [(2, "yaml-sign"), (2, "yaml-sign"), (3, "yaml-sign"), (4, "empty")]


def test_one_mistake_does_not_hide_another_in_the_same_part() -> None:
    text = (
        MINIMAL
        + "boundaries: {answer_within: soon, limits: {per_hour: many, per_day: 3}, quiet_hour: x}\nteams: {a: {membrs: x, alert: 5}}\n"
    )

    assert [(one.line, one.message.split(" ")[0]) for one in problems(text)] == [
        (4, '"answer_within"'),
        (4, '"per_hour"'),
        (4, '"per_day"'),
        (4, '"quiet_hour"'),
        (5, '"membrs"'),
        (5, '"alert"'),
    ]


def test_the_caret_stands_under_wide_letters_and_long_lines_are_cut() -> None:
    wide = str(check("日本語: [x, @a]\n")[0]).splitlines()
    assert wide[1:] == ["    日本語: [x, @a]", " " * 16 + "^"]

    long = str(problems(MINIMAL + "boundaries: {never_say: [" + "word, " * 200 + "@x]}\n")[0]).splitlines()
    assert len(long[1]) < 160
    assert long[1][long[2].index("^") :].startswith("@x]}")


def test_terminal_escapes_in_a_file_or_its_name_are_shown_not_sent() -> None:
    shown = str(check('version: 1\n"ro\\e[31mutes": x\n', filename="ru\x1b[2Jles.yaml")[0])

    assert "\x1b" not in shown
    assert "\\x1b" in shown


@pytest.mark.parametrize(
    "line",
    [
        'alert: "https://hooks.example/T0/CANARY"',
        "on-call: {alert: CANARY, members: [jo]}",
        "bluesky: {password: CANARY}",
        "access_token: CANARY",
        '"api-key" : CANARY',
        '{"alert":"CANARY"}',
        "note: discord://id/CANARY is where it goes",
        "url: https://jo:CANARY@example.org/",
    ],
)
def test_what_may_be_a_secret_is_masked_in_shown_lines(line: str) -> None:
    assert "CANARY" not in mask(line)


@pytest.mark.parametrize("line", ['on-call: {alert: "secret:oncall", members: [jo]}', "thanks: see https://example.org/a", "mode: draft"])
def test_what_is_no_secret_is_shown(line: str) -> None:
    assert mask(line) == line


def test_a_secret_of_the_wrong_kind_is_not_repeated_either() -> None:
    found = problems(MINIMAL + "teams: {a: {alert: 4929123412341234}}\n")

    assert "4929" not in render(found)
    assert "4929" not in str([one.as_json() for one in found])


def test_a_kind_of_source_that_is_not_there_is_a_problem_with_its_line() -> None:
    def options(kind: str) -> None:
        message = f"there is no {kind}"
        raise EarnestError(message)

    with pytest.raises(RulesProblems) as caught:
        read_rulebook(MINIMAL + "sources: {mastodno: {tags: x}}\n", source_options=options)
    assert [(one.line, one.column, one.code) for one in caught.value.problems] == [(4, 11, "unknown-source")]


def test_problems_are_rules_wrong_with_all_of_them_in_the_message() -> None:
    with pytest.raises(RulesWrong, match=r"2 mistakes") as caught:
        read_rulebook(MINIMAL + "mood: x\nteam: {}\n", filename="my.yaml")
    assert "my.yaml:4:1:" in caught.value.message
    assert 'did you mean "teams"?' in caught.value.message
