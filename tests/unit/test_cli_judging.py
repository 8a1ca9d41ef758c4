"""What `earnest score` and `earnest explain` promise to scripts and people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.program import Program
from tests.stores import make_rules, make_store

SCORED = {
    "id", "language", "sentiment", "urgency", "intent", "needs_reply", "moment_of_truth", "sarcasm", "signals", "schema",
}  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Program:
    return Program(make_store(tmp_path), make_rules(tmp_path), {"EARNEST_NAME": "jo"})


def test_scores_come_out_in_the_order_of_the_posts_with_every_field(run: Program) -> None:
    posts = [{"id": f"p{number}", "text": f"{word} @acme charged me twice"} for number, word in enumerate(("hey", "you", "there"))]
    ran = run("score", content="\n".join(map(json.dumps, posts)).encode())
    assert ran.code == 0
    assert [one["id"] for one in ran.objects] == ["p0", "p1", "p2"]
    for one in ran.objects:
        assert set(one) >= SCORED
        assert set(one["sentiment"]) - {"sure"} == {"label", "score"}  # how sure is told where a scorer knows
        assert set(one["urgency"]) == {"level", "points"}
        assert one["signals"][0]["name"] == "money"
        assert one["signals"][0]["because"] == ["charged me twice"]


def test_plain_lines_are_posts_and_ids_are_given_back_as_they_were(run: Program) -> None:
    assert [one["id"] for one in run("score", "--json", content=b"first post\n\nsecond post\n").objects] == [1, 3]
    assert [one["id"] for one in run("score", content=b'{"id": 7, "text": "hello"}\n{"text": "hello"}').objects] == [7, 2]


@pytest.mark.parametrize(
    "line",
    [
        b'{"id": "x", "text": ',
        b'{"id": "x"}',
        b'{"text": 5}',
        b"[1]",
        b"plain words",
        b'{"text": "\xff"}',
        b'{"id": 1' + b"0" * 6_000 + b', "text": "x"}',
        b'{"text": ' + b"[" * 200_000,
    ],
)
def test_a_broken_line_is_named_by_its_number_and_the_rest_is_judged(run: Program, line: bytes) -> None:
    ran = run("score", content=b'{"id": "a", "text": "one"}\n' + line + b'\n{"id": "b", "text": "two"}\n')
    assert ran.code == 1
    assert "line 2 was left out" in ran.err
    assert [one["id"] for one in ran.objects] == ["a", "b"]


def test_a_thread_is_judged_as_it_grew(run: Program) -> None:
    asked = {"text": "@acme my card was stolen and someone is ordering with it right now", "author": "tom", "thread": "t"}
    again = {"text": "hello? anybody there?", "author": "tom", "thread": "t"}
    _, second = run("score", content=f"{json.dumps(asked)}\n{json.dumps(again)}".encode()).objects
    (alone,) = run("score", content=json.dumps({**again, "thread": "other"}).encode()).objects
    written_out = {**again, "thread": [{"text": asked["text"], "author": "tom"}]}
    (told,) = run("score", content=json.dumps(written_out).encode()).objects
    assert second["urgency"]["points"] > alone["urgency"]["points"]
    assert told["urgency"] == second["urgency"]


def test_scoring_needs_no_rules_but_no_broken_ones(run: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bare = Program(run.store, Path("rules.yaml"), {})
    run.rules.unlink()
    assert bare("score", content=b"hello").code == 0
    assert bare("score", "--rules", "other.yaml", content=b"hello").code == 78
    Path("rules.yaml").write_text("version: 2", encoding="utf-8")
    assert bare("score", content=b"hello").code == 78


def test_explain_says_the_route_and_why_not_the_others(run: Program) -> None:
    found = run("explain", "--post", "@acme charged me twice", "--network", "mastodon", "--author", "@tom", "--json").object
    assert {"route", "actions", "holds", "urgency", "sentiment", "intent", "signals", "trace", "schema"} <= set(found)
    assert found["route"] == "billing"
    assert [(step["route"], step["matched"]) for step in found["trace"]] == [("billing", True), ("everything-else", False)]
    assert "charged me twice" in run("explain", "--post", "@acme charged me twice").out


def test_explain_needs_no_store_for_a_made_up_post(run: Program, tmp_path: Path) -> None:
    assert run("explain", "--post", "@acme hello", "--at", "2026-11-20 23:30", "--store", f"sqlite:///{tmp_path}/none.db").code == 0


def test_explain_knows_the_circumstances_of_a_stored_case(run: Program) -> None:
    assert any(hold["forbids"] for hold in run("explain", "A-6", "--json").object["holds"])
    changed = run("explain", "A-2")
    assert "It was taken by billing then" in changed.err
    assert changed.code == 0


def test_explain_wants_one_post_and_a_time_that_is_one(run: Program) -> None:
    assert run("explain").code == 2
    assert run("explain", "A-1", "--post", "hello").code == 2
    assert run("explain", "A-1", "--at", "2026-11-20 23:30").code == 2
    assert run("explain", "--post", "hello", "--at", "tomorrow").code == 2
    assert run("explain", "A-77").code == 1
