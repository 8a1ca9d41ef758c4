"""Big rules files: read the quick way where both readers agree, and compared without asking each route about each other."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.rules import tree
from listener.rules.above import Above
from listener.rules.checking import check, read_checked
from listener.rules.conditions import When
from listener.rules.problems import Sheet
from listener.rules.quick import Doubtful, events
from listener.rules.reach import implies, never
from tests.unit.test_rules_reach import WHENS

RULES = Path(__file__).parents[1] / "rules"
SCRAPS = [
    *("{", "}", "[", "]", ":", ": ", "- ", "-", "\n", "  ", "#", " #", "&a ", "*a", "'", '"', "|", ">", "|-", ">+2", "@", "\t", "!x "),
    *("null", "~", "é", "%", "?", "? ", ",", ", ", "\\", "\\n", "\\/", "\\x41", "--- ", "...", "\n---\n", "\n...\n", "\r", "\r\n", "a:b"),
    *(
        '"a":b',
        "'a':b",
        "日本",
        "\u00a0",
        "\ufeff",
        "😀",
        "=",
        "<<",
        "`",
        "0123",
        "1_0",
        ".5",
        "yes",
        "a: b",
        "[a:b]",
        "{a:b}",
        "{a}",
        "- - a",
    ),
    *("22:00", "2026-11-20", "0x1F", "1e9", ".inf", "on", "12:30:45", "a\\\n b", "\n\n", "\n  ", "\n    ", "\n- ", "[?a]", "{? a}", "[,]"),
]


def exactly(text: str) -> object:
    """Read a text as the exact reader does, None where it is unhappy with anything."""
    builder = tree._Builder(Sheet.of(text, ""))  # noqa: SLF001 - the two ways are compared
    broken = tree._read(builder, text)  # noqa: SLF001
    return None if broken or builder.problems or builder.stopped else builder.root


def quickly(text: str) -> object:
    return tree._quickly(Sheet.of(text, ""))  # noqa: SLF001


def pieces(chance: random.Random, sources: list[str]) -> str:
    """Return some lines of a rules file with a few scraps in them, or nothing but scraps."""
    if chance.random() < 0.4:
        return "".join(chance.choice([*SCRAPS, "a", "b", "key: ", "x y"]) for _ in range(chance.randint(1, 10)))
    lines = chance.choice(sources).split("\n")
    first = chance.randrange(len(lines))
    letters = list("\n".join(lines[first : first + chance.randint(1, 12)]))
    for _ in range(chance.randint(0, 3)):
        place = chance.randrange(len(letters) + 1)
        letters[place : place + chance.randint(0, 4)] = chance.choice(SCRAPS)
    return "".join(letters)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_read_quickly_is_what_the_exact_reader_reads(seed: int) -> None:
    sources = [path.read_text(encoding="utf-8") for path in sorted(RULES.glob("*/*.yaml"))]
    chance, read = random.Random(seed), 0  # noqa: S311 - repeatable, not secret
    for _ in range(1_000):
        text = pieces(chance, sources)
        if list(tree._before(Sheet.of(text, ""))):  # noqa: SLF001 - refused before either reads it
            continue
        if (found := quickly(text)) is not None:
            read += 1
            assert found == exactly(text), repr(text)
    assert read > 100


@pytest.mark.parametrize("path", sorted(RULES.glob("good/*.yaml")), ids=lambda path: path.stem)
def test_good_files_are_the_same_in_both_ways(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = quickly(text)
    assert found is None or found == exactly(text)


@pytest.mark.parametrize(
    "text",
    [
        "a:\tb",
        "? a\n: b",
        "a: >#\n  b",
        '{"a":b}',
        "\ufeffa: b",
        "a: b\n...\n",
        "%YAML 1.1\n---\na: b",
        "a:",
        "- ",
        "[a, ]\n...",
        "a: [",
        "a: @b",
    ],
)
def test_what_the_readers_may_take_differently_is_left_to_the_exact_one(text: str) -> None:
    with pytest.raises(Doubtful):
        list(events(text))


@pytest.mark.parametrize("text", ["a: &x b", "a: *x", "a: !x b", "{a: b, a: c}", "a: b\n---\nc: d", f"a: {'9' * 40}", f"{'[' * 60}"])
def test_what_is_refused_is_refused_by_the_exact_reader(text: str) -> None:
    assert quickly(text) is None


def test_the_repository_s_own_rules_go_the_quick_way() -> None:
    text = (Path(__file__).parents[2] / "rules.yaml").read_text(encoding="utf-8")
    assert quickly(text) == exactly(text) != None  # noqa: E711 - both were read


@settings(max_examples=100, deadline=None)
@given(st.lists(WHENS, min_size=1, max_size=8))
def test_the_route_above_that_takes_all_is_the_first_of_a_comparison_of_all(whens: list[When]) -> None:
    above = Above(whens)
    possible = [(number, narrow) for number, narrow in enumerate(whens) if not never(narrow)]  # of the others that is said instead
    for number, narrow in possible:
        first = next((place for place in range(number) if implies(narrow, whens[place])), None)
        assert above.wider(number) == first


HEAD = "version: 1\nbrands: {acme: {names: [Acme]}}\nroutes:\n"
REST = "  - {name: rest, when: always}\n"


def many(count: int) -> str:
    """Return a file of so many routes, each with ten words."""
    words = [f"[{', '.join(f'word{number}x{place}' for place in range(10))}]" for number in range(count)]
    return HEAD + "".join(f"  - {{name: r{n}, when: {{text: {text}}}, reply: none, team: care}}\n" for n, text in enumerate(words)) + REST


def test_five_hundred_routes_and_five_thousand_words_are_read_and_checked() -> None:
    book = read_checked(many(500) + "teams: {care: {members: [kim]}}\n")
    assert len(book.routes) == 501


def test_a_dead_route_is_found_among_five_hundred_and_told_before_all_warnings() -> None:
    dead = "  - {name: dead, when: {text: [word7x3], sentiment: [negative]}}\n"
    found = check(many(500).replace(REST, dead + REST) + "teams: {care: {members: [kim]}}\n")
    mistakes = [one for one in found if one.severity == "error"]
    assert [(one.line, one.message) for one in mistakes] == [
        (504, '"dead" can never be reached: "r7" above it takes all that it would take')
    ]
    assert (len(found), found[-1].severity, found[-1].message) == (101, "warning", "403 more warnings from here on")


def test_routes_that_take_long_to_compare_are_left_alone_in_the_end() -> None:
    deep = "{any: [" * 3 + "{text: [a], any: [{text: [b]}, {text: [c]}, {addressed: true}]}" + ", {text: [d]}]}" * 3
    routes = "".join(f"  - {{name: r{n}, when: {{any: [{deep}, {deep}], not: {{text: [x{n}]}}}}}}\n" for n in range(150))
    assert not [one for one in check(HEAD + routes + REST) if one.severity == "error"]
