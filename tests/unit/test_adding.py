"""A source put into a rules file: some lines more, every other character as it was, and what cannot be done is left undone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from listener.errors import EarnestError, RulesWrong
from listener.rules.checking import read_checked
from responders import rulefile
from responders.adding import add_source
from responders.surroundings import known
from tests.program import Program, Ran
from tests.servers.town import Town
from tests.terminal import EARNEST, Terminal

ROOT = Path(__file__).parents[2]
HEAD = "version: 1\nbrands: {acme: {names: [Acme], hashtags: [acme]}}\n"
TAIL = "routes:\n  - {name: all, when: always, examples: [{post: Acme is here}]}\n"
SETTINGS = {"kind": "feeds", "urls": ["https://news.example/a,b?c=#d", "no: {x}"], "every": "5m"}

FILES = {
    "block": f"{HEAD}sources:\n  mastodon: {{instance: a.example}}\n{TAIL}",
    "comments after": f"{HEAD}sources:  # where\n    mastodon:   # here\n        instance: a.example  # so\n\n    # all\n# routes\n{TAIL}",
    "apart": f"{HEAD}sources:\n  mastodon:\n    instance: a.example\n\n  bluesky:\n    stream: public\n\n{TAIL}",
    "last": f"{HEAD}{TAIL}sources:\n  mastodon:\n    instance: a.example",
    "none": f"{HEAD}# routes\n{TAIL}",
    "flow": f"{HEAD}sources: {{mastodon: {{instance: a.example}}}}\n{TAIL}",
    "empty": f"{HEAD}sources: {{}}\n{TAIL}",
    "json": json.dumps({"version": 1, "brands": {"acme": {"names": ["Acme"]}}, "routes": [{"name": "all", "when": "always"}]}),
    "json with sources": json.dumps({"version": 1, "brands": {"a": {"names": ["A"]}}, "sources": {"x": {}}, "routes": []}, indent=2),
    "byte-order mark": f"\ufeff{HEAD}sources:\n  mastodon: {{instance: a.example}}\n{TAIL}",
    "lines of another system": f"{HEAD}sources:\n  mastodon: {{instance: a.example}}\n\n{TAIL}".replace("\n", "\r\n"),
    "the shipped one": (ROOT / "rules.yaml").read_text(encoding="utf-8"),
}


def plain(text: str) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return found


@pytest.mark.parametrize("name", FILES)
def test_what_stood_there_stands_there_still(name: str) -> None:
    before = FILES[name]
    added = add_source(before, "news", SETTINGS)
    start = next(index for index, (old, new) in enumerate(zip(before + "\0", added.text, strict=False)) if old != new)
    grown = len(added.text) - len(before)
    rest = [index for index in range(start + 1) if added.text[:index] + added.text[index + grown :] == before]
    assert rest, "the old text is the new one with one stretch left out"
    after, old = plain(added.text), plain(before)
    assert after.pop("sources") == {**old.pop("sources", {}), "news": SETTINGS}
    assert after == old
    assert added.text.splitlines()[added.line - 1].find(added.lines[0]) >= 0
    assert ("\n" in added.text.replace("\r\n", "")) == ("\n" in before.replace("\r\n", ""))


def test_it_stands_below_the_last_source_and_above_the_comments_on_what_follows() -> None:
    lines = add_source(FILES["comments after"], "news", SETTINGS).text.splitlines()
    where = [next(number for number, line in enumerate(lines) if words in line) for words in ("# so", "news:", "# all", "# routes")]
    assert where == sorted(where)
    assert lines[where[1]].startswith("    news:")


def test_a_line_that_only_looks_like_a_comment_is_noticed() -> None:
    """In a text of several lines, `#` is no comment; whoever adds compares the rules before and after."""
    before = f"{HEAD}sources:\n  hackernews:\n    query: |\n      acme\n      # shoes\n{TAIL}"
    assert plain(add_source(before, "news", SETTINGS).text)["sources"]["hackernews"]["query"] != "acme\n# shoes\n"


@pytest.mark.parametrize("text", ["", "- a\n", "a: [", "a: 1\na: 2\n"])
def test_what_is_no_rules_file_is_refused(text: str) -> None:
    with pytest.raises(RulesWrong):
        add_source(text, "news", SETTINGS)


def test_twice_is_two(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    text = add_source(add_source(FILES["the shipped one"], "news", {"kind": "feeds", "urls": ["https://a.example"]}).text, "x", {}).text
    rules.write_text(text, encoding="utf-8")
    assert list(plain(text)["sources"])[-2:] == ["news", "x"]


# ---- the file


def test_a_file_that_was_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("mine", encoding="utf-8")
    with pytest.raises(EarnestError, match="changed meanwhile"):
        rulefile.replace(rules, "theirs", "new")
    assert rules.read_text(encoding="utf-8") == "mine"
    assert list(tmp_path.iterdir()) == [rules]


def test_a_link_stays_a_link_and_rights_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real.yaml", tmp_path / "rules.yaml"
    real.write_text("old", encoding="utf-8")
    real.chmod(0o640)
    link.symlink_to(real)
    rulefile.replace(link, "old", "new")
    assert link.is_symlink()
    assert real.read_text(encoding="utf-8") == "new"
    assert real.stat().st_mode & 0o777 == 0o640


# ---- the command


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    import asyncio  # noqa: PLC0415  # only here

    with Town() as town:
        asyncio.run(town.write("marta", "Acme charged me twice #acme"))
        asyncio.run(town.write("tom", "nothing to do with anybody #shoes"))
        yield town


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(
        FILES["comments after"].replace("mastodon:   # here", "hackernews:").replace("instance: a.example", "query: acme"), "utf-8"
    )
    return path


def add(rules: Path, town: Town, *words: str) -> Ran:
    environment = {"EARNEST_ALLOW_HOSTS": town.host}
    return Program(f"sqlite:///{rules.parent}/earnest.db", rules, environment)("add", *words)


def test_a_source_is_tried_shown_and_put_in(rules: Path, town: Town) -> None:
    before = rules.read_text(encoding="utf-8")
    ran = add(rules, town, "mastodon", "--set", f"instance={town.url}", "--set", "tags=acme,shoes", "--yes")
    assert ran.code == 0, ran.err
    assert "hear   yes, without an account: 2 posts" in ran.out
    assert "Acme charged me twice" in ran.out
    after = rules.read_text(encoding="utf-8")
    assert all(line in after.splitlines() for line in before.splitlines())
    book = read_checked(after, known=known())
    assert list(book.sources) == ["hackernews", "mastodon"]
    assert book.sources["mastodon"].options == {"instance": town.url, "tags": ["acme", "shoes"]}
    again = add(rules, town, "mastodon", "--set", f"instance={town.url}", "--set", "tags=acme", "--yes", "--json")
    assert (again.object["name"], again.object["heard"]["mentions"]) == ("mastodon-2", 1)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "no kind of source is named"),
        (("mastodn",), 2, 'did you mean "mastodon"?'),
        (("mastodon",), 2, "needs instance"),
        (("webhook",), 2, "wants more than can be asked here"),
        (("mastodon", "--set", "instance"), 2, "write it like --set"),
        (("mastodon", "--set", "instnce=x"), 2, 'did you mean "instance"?'),
        (("mastodon", "--set", "instance=a.example", "--set", "tags=two words"), 2, "is no hashtag"),
        (("hackernews", "--name", "hackernews", "--set", "query=x"), 2, "--name hackernews-2"),
        (("hackernews", "--name", "two words", "--set", "query=x", "--untested", "--yes"), 78, "a name is one word"),
        (("hackernews", "--set", "query=x", "--set", "every=soon", "--untested", "--yes"), 78, "every"),
        (("hackernews", "--set", "query=x", "--untested"), 2, "with --yes"),
        (
            ("hackernews", "--set", "query=x", "--set", "every=soon", "--untested", "--yes"),
            78,
            "this is how it would be with hackernews-2. Nothing was put in",
        ),
        (("mastodon", "--set", "instance=nobody.invalid", "--set", "tags=acme", "--yes"), 1, "--untested"),
        (("mastodon", "--set", "instance=nobody.invalid", "--set", "tags=acme", "--yes"), 1, "spelt right? Nothing was put in;"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(rules: Path, town: Town, words: tuple[str, ...], code: int, said: str) -> None:
    before = rules.read_bytes()
    ran = add(rules, town, *words)
    assert (ran.code, said in ran.err) == (code, True), ran.err
    assert rules.read_bytes() == before
    assert [path.name for path in rules.parent.iterdir()] == ["rules.yaml"]


def test_without_a_network_it_is_put_in_where_that_is_wanted(rules: Path, town: Town) -> None:
    ran = add(rules, town, "mastodon", "--set", "instance=nobody.invalid", "--untested", "--yes")
    assert ran.code == 0, ran.err
    assert "mastodon" in plain(rules.read_text(encoding="utf-8"))["sources"]


def test_broken_rules_are_not_added_to(rules: Path, town: Town) -> None:
    rules.write_text(rules.read_text(encoding="utf-8").replace("when: always", "when: alway"), encoding="utf-8")
    before = rules.read_bytes()
    ran = add(rules, town, "mastodon", "--set", "instance=nobody.invalid", "--untested", "--yes")
    assert ran.code == 78
    assert "alway" in ran.err
    assert rules.read_bytes() == before


def test_a_text_that_would_change_is_not_written(rules: Path, town: Town) -> None:
    rules.write_text(f"{HEAD}sources:\n  mastodon:\n    instance: |\n      a.example\n      # shoes\n{TAIL}", encoding="utf-8")
    before = rules.read_bytes()
    ran = add(rules, town, "feeds", "--set", "urls=https://a.example/feed", "--untested", "--yes")
    assert ran.code == 1
    assert "put these lines below `sources:` yourself" in ran.err
    assert rules.read_bytes() == before


def test_a_full_disk_leaves_the_old_rules(rules: Path) -> None:
    before = rules.read_bytes()
    limits = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); os.execv(sys.argv[1], sys.argv[1:])"
    words = ("add", "mastodon", "--set", "instance=nobody.invalid", "--untested", "--yes")
    command = [sys.executable, "-c", limits, EARNEST, *words]
    ran = subprocess.run(command, cwd=rules.parent, env={**os.environ}, capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stderr
    assert "cannot write rules.yaml" in ran.stderr
    assert rules.read_bytes() == before
    assert [path.name for path in rules.parent.iterdir()] == ["rules.yaml"]


def test_it_asks_tries_shows_and_writes_when_somebody_says_yes(rules: Path, town: Town) -> None:
    screen = Terminal("add", cwd=rules.parent, columns=160, lines=50, EARNEST_ALLOW_HOSTS=town.host)
    try:
        screen.sees("KIND", "stories and comments that a search finds", "Which one?")
        screen.press("mastodn\r")
        screen.sees("is not one of")
        screen.press("mastodon\r")
        screen.sees("instance (", "[mastodon.social]")
        screen.press(f"{town.url}\r")
        screen.sees("tags (", "[acme]")
        screen.press("#two words\r")
        screen.sees("is no hashtag")
        screen.press("\r")
        screen.sees("hear   yes", "Acme charged me twice", "These lines go into rules.yaml", "Put it in? [Y/n]")
        screen.press("n\r")
        screen.sees("Nothing was put in")
        assert screen.ends() == 1
        assert "mastodon" not in rules.read_text(encoding="utf-8")
    finally:
        screen.close()
    screen = Terminal("add", "hackernews", "--set", "service=https://nobody.invalid", cwd=rules.parent, columns=160, lines=50)
    try:
        screen.sees("query (", '["Acme"]')
        screen.press("\r")
        screen.sees("What shall it be called?", "[hackernews-2]")
        screen.press("hackernews\r")
        screen.sees('there is a source called "hackernews" already')
        screen.press("boots\r")
        screen.sees("hear   no", "could not be reached", "Put it in all the same? [y/N]")
        screen.press("y\r")
        screen.sees("Put boots into rules.yaml, line")
        assert screen.ends() == 0
    finally:
        screen.close()
    assert plain(rules.read_text(encoding="utf-8"))["sources"]["boots"]["query"] == '"Acme"'
