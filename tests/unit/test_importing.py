from __future__ import annotations

import gzip
import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listener.model import Post
from responders.house import open_demo_store
from responders.importing import Broken, Origin, read
from tests.terminal import EARNEST

WHERE = Origin("x", "acme", "acme", datetime(2026, 1, 1, tzinfo=UTC))
RULES = """
version: 1
brands: {acme: {names: [Acme], handles: {mastodon: acme}}}
routes:
  - {name: money, when: {signals: [money]}, reply: none, escalate: care}
  - {name: rest, when: always, reply: none}
teams: {care: {members: [jo]}}
"""


def posts(*lines: object) -> list[Post]:
    found = list(read((line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines), WHERE))
    assert not [one for one in found if isinstance(one, Broken)], found
    return [post for one in found if not isinstance(one, Broken) for post in one]


def broken(line: object) -> str:
    (found,) = read([line if isinstance(line, bytes) else json.dumps(line).encode()], WHERE)
    assert isinstance(found, Broken)
    return found.problem


def test_a_post_keeps_all_that_the_export_says() -> None:
    (post,) = posts(
        {"id": 17, "text": "hi", "author": "@Tom", "created_at": "2026-03-01T10:00:00+02:00", "thread": "t1", "url": "https://x.example/17"}
    )
    assert (post.id, post.author.handle, post.thread_id, post.url) == ("17", "Tom", "t1", "https://x.example/17")
    assert post.created_at == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert not post.own


def test_an_author_may_be_whole_and_ours_is_told_by_the_handle() -> None:
    theirs, ours = posts(
        {"id": "1", "text": "hi", "author": {"id": "u9", "handle": "tom", "name": "Tom O."}}, {"id": "2", "text": "hello", "author": "ACME"}
    )
    assert (theirs.author.id, theirs.author.display_name, theirs.own) == ("u9", "Tom O.", False)
    assert ours.own


def test_turns_become_one_thread_in_their_order() -> None:
    first, second, third = posts(
        {
            "id": "9",
            "turns": [
                {"from": "customer", "text": "broken"},
                {"from": "brand", "text": "which one?"},
                {"from": "customer", "text": "blue", "created_at": "2026-02-02T00:00:00Z"},
            ],
        }
    )
    assert {first.thread_id, second.thread_id, third.thread_id} == {first.id}
    assert (second.parent_id, third.parent_id) == (first.id, second.id)
    assert [first.own, second.own, third.own] == [False, True, False]
    assert first.author == third.author
    assert second.created_at - first.created_at == timedelta(minutes=1)
    assert third.created_at == datetime(2026, 2, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{broken", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"id": "1", "text": "\xff"}', "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        ({"id": "1"}, '"text" is missing'),
        ({"text": "x"}, '"id" is missing'),
        ({"id": "1", "text": 5}, '"text" must be text'),
        ({"id": True, "text": "x"}, '"id" must be text'),
        ({"id": "1", "text": "x", "created_at": "yesterday"}, "no moment: yesterday"),
        ({"id": "1", "turns": []}, "at least one turn"),
        ({"id": "1", "turns": [{"from": "bot", "text": "x"}]}, 'turn 1 needs "from"'),
        ({"id": "1", "turns": [{"from": "customer"}]}, '"text" is missing'),
    ],
)
def test_a_broken_line_says_what_is_wrong(line: object, words: str) -> None:
    assert words in broken(line)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    return tmp_path


def earnest(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([EARNEST, *words], cwd=folder, capture_output=True, text=True, check=False)


CONVERSATION = {
    "id": "7",
    "turns": [{"from": "customer", "text": "you charged me twice"}, {"from": "brand", "text": "sorry, which order?"}],
}


def test_the_rest_is_taken_repeats_add_nothing_and_nobody_is_alarmed(folder: Path) -> None:
    export = folder / "export.jsonl"
    export.write_text(f'{json.dumps(CONVERSATION)}\n{{oops\n{{"id": "8", "text": "@acme thanks", "author": "tom"}}\n', encoding="utf-8")
    first = earnest(folder, "import", "export.jsonl", "--network", "x", "--json")
    assert first.returncode == 1
    assert "export.jsonl:2: not JSON" in first.stderr
    told = json.loads(first.stdout)
    assert (told["posts"], told["new"], told["broken"]) == (3, 3, 1)
    assert json.loads(earnest(folder, "import", "export.jsonl", "--network", "x", "--json").stdout)["new"] == 0
    story = json.loads(earnest(folder, "show", "A-1", "--json").stdout)
    assert [post["own"] for post in story["thread"]] == [False, True]
    assert story["route"] == "money"
    assert story["alerts"] == []
    assert story["draft"] is None
    heard = [json.loads(line) for line in earnest(folder, "mentions", "--json").stdout.splitlines()]
    assert {one["id"] for one in heard} == {"7/0", "8"}
    assert json.loads(earnest(folder, "explain", "A-1", "--json").stdout)["route"] == "money"


def test_a_file_that_ends_in_the_middle_gives_what_stands_before(folder: Path) -> None:
    whole = gzip.compress("".join(f'{{"id": "{n}", "text": "number {n * 7919}"}}\n' for n in range(5_000)).encode())
    (folder / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    found = earnest(folder, "import", "cut.jsonl.gz", "--json")
    assert found.returncode == 1
    assert "ends in the middle" in found.stderr
    assert json.loads(found.stdout)["new"] > 1_000


def test_the_demo_is_put_aside_before_history_is_taken_in(folder: Path) -> None:
    (folder / "export.jsonl").write_text('{"id": "8", "text": "@acme thanks"}\n', encoding="utf-8")
    open_demo_store(f"sqlite:///{folder}/data/earnest.db").close()
    found = earnest(folder, "import", "export.jsonl")
    assert found.returncode == 0, found.stderr
    assert "held the demo" in found.stderr
    assert (folder / "data" / "earnest.demo.db").exists()
    assert earnest(folder, "mentions", "--json").stdout.count("\n") == 1


def test_mentions_are_filtered_by_their_own_urgency_and_not_by_their_case(folder: Path) -> None:
    turns = [
        {"from": "customer", "text": "the charger burned my hand"},
        {"from": "customer", "text": "and I love the colour of your lamps, thank you!"},
    ]
    (folder / "export.jsonl").write_text(json.dumps({"id": "5", "turns": turns}) + "\n", encoding="utf-8")
    earnest(folder, "import", "export.jsonl")
    urgent = [json.loads(line) for line in earnest(folder, "mentions", "--urgency", "high", "--json").stdout.splitlines()]
    assert [one["id"] for one in urgent] == ["5/0"]
