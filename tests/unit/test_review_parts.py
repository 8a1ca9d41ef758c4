"""The small parts of the review screen: keys, wrapping, differences, filters, undo, snoozing, an editor of one's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.cells import cell_len

from listener.errors import UsageError
from listener.model import Level
from listener.rules.rulebook import Brand, Route, Rulebook, Team
from responders.cli.screen.app import Review
from responders.cli.screen.changes import changes
from responders.cli.screen.editing import Edit, write_outside
from responders.cli.screen.filtering import narrowed_to, read_filter
from responders.cli.screen.keys import EDIT_KEYS, KEYS, bar, help_lines
from responders.cli.screen.lines import flow, plain, wrap
from responders.cli.screen.snoozing import span_of
from responders.cli.screen.undo import Approvals, Approved
from responders.views import Filters

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BOOK = Rulebook(
    version=1,
    brands={"acme": Brand(names=("Acme",))},
    routes=(Route(name="Billing", when="always"),),
    teams={"on-call": Team()},
)


def test_every_key_does_something_and_none_approves_everything() -> None:
    actions = {key.action.partition("(")[0] for key in KEYS}
    assert all(hasattr(Review, f"action_{action}") for action in actions)
    assert all(hasattr(Edit, f"action_{key.action}") for key in EDIT_KEYS if not key.action.startswith("app."))
    presses = [press for key in KEYS for press in key.press.split(",")]
    assert len(presses) == len(set(presses))
    assert not [action for action in actions if "all" in action]


def test_help_and_the_bottom_line_come_from_the_table() -> None:
    text = plain(help_lines(80))
    assert all(key.long in " ".join(text.split()) for key in (*KEYS, *EDIT_KEYS))
    assert "[y] send both  [e] edit" in plain(bar(KEYS, 80, names={"y": "send both"}))
    assert "[u]" not in plain(bar(KEYS, 80, without={"u"}))
    assert max(map(cell_len, plain(bar(KEYS, 30)).splitlines())) <= 30


@pytest.mark.parametrize(
    ("words", "width", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("a\n\nb", 10, ["a", "", "b"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("日本語テキスト", 6, ["日本語", "テキス", "ト"]),
        ("go to https://x.example/a now", 10, ["go to", "https://x.", "example/a", "now"]),
        ("\x1b[2J", 20, [r"\x1b[2J"]),
        ("", 5, [""]),
        ("  set in", 20, ["  set in"]),
    ],
)
def test_words_are_wrapped_by_the_columns_they_take(words: str, width: int, lines: list[str]) -> None:
    assert wrap(words, width) == lines


def test_pieces_stay_whole_where_they_fit() -> None:
    assert plain(flow([("one piece", ""), ("another", ""), ("third", "")], 20, " · ")).splitlines() == ["one piece · another", "third"]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("same", "same", ""),
        ("Sorry about the charge.", "Sorry about both charges.", "Sorry about [-the charge.-] {+both charges.+}"),
        ("", "new words", "{+new words+}"),
        ("old", "", "[-old-]"),
        ("a b", "a b c", "a b {+c+}"),
    ],
)
def test_a_difference_reads_without_colour(before: str, after: str, shown: str) -> None:
    assert changes(before, after) == shown


def test_words_narrow_the_list_and_the_nearest_word_is_named() -> None:
    def read(words: str) -> Filters:
        return read_filter(words, Filters(team="on-call"), BOOK, ("bluesky",), "ana")

    assert read("") == Filters(team="on-call")
    assert read("critical bluesky billing") == Filters(team="on-call", urgency=Level.CRITICAL, network="bluesky", route="Billing")
    assert read("acme overdue mine") == Filters(team="on-call", brand="acme", overdue=True, assignee="ana")
    with pytest.raises(UsageError, match='"blusky" is no level, network') as wrong:
        read("blusky")
    assert wrong.value.hint == 'did you mean "bluesky"?'


def test_what_a_list_is_narrowed_to_is_said() -> None:
    assert narrowed_to(Filters()) == ""
    filters = Filters(network="bluesky", urgency=Level.HIGH, since=timedelta(hours=4), overdue=True)
    assert narrowed_to(filters) == "network bluesky, urgency high or more, moved in the last 4 h, overdue"


def test_an_approval_counts_down_and_the_latest_is_taken_back_first() -> None:
    approvals = Approvals()

    def runs(_network: str) -> str:
        return ""

    assert approvals.countdown(NOW, runs) == ""
    approvals.add(Approved("A-1", 1, NOW, network="bluesky"))
    approvals.add(Approved("A-2", 2, NOW + timedelta(seconds=3)))
    assert approvals.countdown(NOW, runs) == "A-1 is approved and leaves in 10 s. [u] takes it back"
    both = approvals.countdown(NOW + timedelta(seconds=5), runs)
    assert both == "A-2 is approved and leaves in 8 s (1 more before it). [u] takes it back"
    assert "but our account on bluesky rests" in approvals.countdown(NOW, lambda network: f"our account on {network} rests")
    assert approvals.countdown(NOW + timedelta(seconds=13), runs) == ""
    assert [one and one.name for one in (approvals.latest(), approvals.latest(), approvals.latest())] == ["A-2", "A-1", None]


@pytest.mark.parametrize(
    ("key", "timezone", "span"),
    [
        ("1", "UTC", timedelta(hours=1)),
        ("4", "UTC", timedelta(hours=4)),
        ("t", "UTC", timedelta(hours=21)),
        ("t", "Asia/Tokyo", timedelta(hours=12)),
    ],
)
def test_a_case_is_put_aside_until_a_morning_where_the_team_is(key: str, timezone: str, span: timedelta) -> None:
    assert span_of(key, NOW, timezone) == span


def test_an_editor_gets_the_post_below_a_line_and_only_what_is_above_comes_back(tmp_path: Path) -> None:
    kept = tmp_path / "seen"
    editor = tmp_path / "editor"
    editor.write_text(f'#!/bin/sh\ncp "$1" {kept}\nsed -i "1s/.*/new words/" "$1"\n', encoding="utf-8")
    editor.chmod(0o755)
    assert write_outside(str(editor), "old words", "the \x1bpost") == "new words"
    assert kept.read_text(encoding="utf-8").startswith("old words\n")
    assert "the \\x1bpost" in kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("editor", ["false", "/no/such/editor", '"unclosed'])
def test_an_editor_that_fails_changes_nothing(editor: str) -> None:
    with pytest.raises((OSError, ValueError)):
        write_outside(editor, "old words", "the post")
