"""The bench measures what it says: its posts are no two equal and read like a server's, and every part it names is there."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest

from listener.mastodon_wire import WireStatus, post_of

BENCH = Path(__file__).parents[2] / "bench"
BEGIN = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def workload() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_workload", BENCH / "workload.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_made_up_posts_are_no_two_equal_and_the_same_each_time(workload: ModuleType) -> None:
    posts = list(islice(workload.texts(cries=100), 3_000))
    assert len({text for text, _, _ in posts}) == 3_000
    assert posts == list(islice(workload.texts(cries=100), 3_000))
    assert sum(cry for _, _, cry in posts) == 30
    assert len({language for _, language, _ in posts}) >= 8


def test_a_page_reads_as_the_posts_it_was_made_of(workload: ModuleType) -> None:
    (page,) = workload.pages(workload.texts(), BEGIN, number=50, size=100)
    wanted = [text for text, _, _ in islice(workload.texts(), 50)]
    read = [post_of(WireStatus.model_validate(row), "t", own=False) for row in json.loads(page)]
    assert [post.text for post in read] == [text.replace(f"@{workload.HANDLE}", "@acme") for text in wanted]
    assert all("acme@mastodon.social" in post.mentions for post, text in zip(read, wanted, strict=True) if workload.HANDLE in text)


def test_real_posts_are_told_again_with_another_ending(workload: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "posts.jsonl").write_text('{"text": "one"}\n{"text": "zwei", "language": "de"}\n', encoding="utf-8")
    told = [text for text, _, _ in islice(workload.told(tmp_path / "posts.jsonl"), 4)]
    assert told == ["one", "zwei", "one (1)", "zwei (1)"]


def test_every_part_is_there_and_an_unknown_one_is_said() -> None:
    listed = subprocess.run([sys.executable, str(BENCH / "run.py"), "--list"], capture_output=True, text=True, check=True).stdout
    parts = [line.split()[0] for line in listed.splitlines()]
    assert {"street", "burst", "latency", "stored", "startup", "week", "loop"} <= set(parts)
    assert all((BENCH / f"{part}.py").is_file() for part in parts)
    told = (BENCH.parent / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert [part for part in parts if f"`{part}`" not in told] == []
    wrong = subprocess.run([sys.executable, str(BENCH / "run.py"), "nonsense"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert 'there is no part "nonsense"' in wrong.stderr
