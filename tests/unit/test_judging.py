"""Pages are judged in a process beside: the same answers, and the page is judged whatever becomes of that process."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import listener
from listener.judging import ARGUMENTS, FEW, LITTLE, Judges, patience
from listener.model import Assessment, Author, Post
from listener.rules.rulebook import Scoring, SentimentSettings
from listener.scoring.assessor import Assessor

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SCORING = Scoring()
ASSESSOR = Assessor(SCORING)
WORDS = (
    "The charger burned my daughter's hand",
    "Love it, thank you!",
    "",
    "\udce4 lone",
    "Wo bleibt mein Paket? Seit drei Wochen!",
    "🤬🤬",
)


class Nobody(Assessor):
    """Stands for the assessor of this process, and must not be asked."""

    def __init__(self) -> None:
        """Needs nothing."""

    def assess_all(self, many: object) -> list[Assessment]:
        raise AssertionError(many)


def page(size: int) -> list[tuple[Post, tuple[Post, ...]]]:
    posts = [
        Post("mastodon", f"{n}", WORDS[n % len(WORDS)], Author("mastodon", "7", "kim"), NOON, "1", parent_id=f"{n - 1}" if n else None)
        for n in range(size)
    ]
    return [(post, tuple(posts[max(0, n - 3) : n])) for n, post in enumerate(posts)]


@pytest.fixture
async def judges() -> AsyncIterator[Judges]:
    found = Judges(1)
    yield found
    await found.end()


def process_of(judges: Judges) -> int:
    (helper,) = judges._helpers  # noqa: SLF001 - its process is what is killed here
    assert helper.process
    return helper.process.pid


async def test_a_helper_gives_the_same_answers(judges: Judges) -> None:
    asked = page(60)
    assert await judges.judge(Nobody(), SCORING, asked) == ASSESSOR.assess_all(asked)


async def test_a_helper_judges_by_the_rules_that_are_asked_for(judges: Judges) -> None:
    vader = Scoring(sentiment=SentimentSettings(scorer="vader"))
    asked = page(FEW)
    for scoring in (SCORING, vader, SCORING, Scoring(sentiment=SentimentSettings(emoji=False)), vader):
        assert await judges.judge(Nobody(), scoring, asked) == Assessor(scoring).assess_all(asked)


async def test_a_few_posts_wait_for_nobody(judges: Judges) -> None:
    assert await judges.judge(ASSESSOR, SCORING, page(FEW - 1)) == ASSESSOR.assess_all(page(FEW - 1))
    assert judges._helpers[0].process is None  # noqa: SLF001 - no process was begun


async def test_a_long_post_keeps_nothing_else_waiting(judges: Judges) -> None:
    ((post, before),) = page(1)
    long = replace(post, text="no " * LITTLE)
    for asked in ([(long, before)], [(post, (long,))]):
        assert await judges.judge(Nobody(), SCORING, asked) == ASSESSOR.assess_all(asked)


async def test_a_helper_that_is_killed_loses_no_page(judges: Judges) -> None:
    asked = page(FEW)
    await judges.judge(Nobody(), SCORING, asked)
    os.kill(process_of(judges), signal.SIGKILL)
    assert await judges.judge(ASSESSOR, SCORING, asked) == ASSESSOR.assess_all(asked)


def test_a_helper_that_hangs_keeps_a_page_waiting_for_less_than_two_polls() -> None:
    """Polls are a minute apart; a page of a hundred that is all hostile takes five seconds."""
    assert 10 < patience(page(FEW)) < 60
    assert 10 < patience(page(100)) < 60
    assert patience(page(2_000)) == 120
    assert patience([(replace(post, text="long " * 200_000), before) for post, before in page(FEW)]) > patience(page(FEW))


async def test_pages_that_come_at_once_are_all_judged(judges: Judges) -> None:
    asked = page(FEW)
    found = await asyncio.gather(*(judges.judge(ASSESSOR, SCORING, asked) for _ in range(5)))
    assert found == [ASSESSOR.assess_all(asked)] * 5


OTHERWISE = {
    "its fields stand in another order": ("    language: str\n    sentiment: Sentiment\n", "    sentiment: Sentiment\n    language: str\n"),
    "it tells of what nobody here knows": (
        "@dataclass(frozen=True, slots=True)\nclass Assessment:",
        "def tomorrows(): ...\n\n\n@dataclass(frozen=True)\nclass Assessment:\n    __reduce__ = lambda self: (tomorrows, ())\n",
    ),
}


@pytest.mark.parametrize("how", OTHERWISE)
async def test_a_helper_of_a_version_installed_meanwhile_is_not_believed(
    judges: Judges, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    shutil.copytree(Path(listener.__file__).parent, tmp_path / "listener")
    model = tmp_path / "listener/model.py"
    before = model.read_text(encoding="utf-8")
    assert OTHERWISE[how][0] in before
    model.write_text(before.replace(*OTHERWISE[how]), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert await judges.judge(ASSESSOR, SCORING, page(FEW)) == ASSESSOR.assess_all(page(FEW))


async def test_a_few_pages_that_come_at_once_wait_for_the_helper(judges: Judges) -> None:
    asked = page(FEW)
    found = await asyncio.gather(*(judges.judge(Nobody(), SCORING, asked) for _ in range(4)))
    assert found == [ASSESSOR.assess_all(asked)] * 4


async def test_a_page_that_nobody_waits_for_any_more_answers_no_other(judges: Judges) -> None:
    await judges.judge(Nobody(), SCORING, page(FEW))
    given_up = asyncio.create_task(judges.judge(Nobody(), SCORING, page(200)))
    await asyncio.wait([given_up], timeout=0.01)
    given_up.cancel()
    await asyncio.wait([given_up])
    assert await judges.judge(ASSESSOR, SCORING, page(30)) == ASSESSOR.assess_all(page(30))


async def test_ctrl_c_in_the_terminal_is_not_for_helpers(judges: Judges) -> None:
    await judges.judge(Nobody(), SCORING, page(FEW))
    begun = process_of(judges)
    os.kill(begun, signal.SIGINT)
    await judges.judge(Nobody(), SCORING, page(FEW))
    assert process_of(judges) == begun


async def test_what_lies_in_the_folder_that_we_work_in_is_not_taken_for_a_helper(
    judges: Judges, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "listener").mkdir()
    (tmp_path / "listener" / "__init__.py").write_text("raise SystemExit('this is not Earnest')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert await judges.judge(Nobody(), SCORING, page(FEW)) == ASSESSOR.assess_all(page(FEW))


def test_a_helper_ends_with_whoever_began_it() -> None:
    helper = subprocess.Popen([sys.executable, *ARGUMENTS, *sys.path], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert helper.stdin
    helper.stdin.close()
    assert helper.wait(30) == 0
