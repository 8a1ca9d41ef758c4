"""A sender that is put to sleep after its claim, before its POST: when it wakes, somebody else has settled it, and it keeps quiet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from listener.clock import to_text
from responders.switch import Switch
from tests.mouth import House
from tests.worker import SharedMouth, house

LEASE = 61.0  # seconds after which nobody holds a claim any more
ROOT = Path(__file__).parents[2]


class Sleeper:
    """The first sender, asleep between its claim and its POST."""

    def __init__(self, folder: Path, moment: str) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "tests.worker", str(folder), moment], cwd=ROOT)
        _, status = os.waitpid(self._process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), "it claims, and falls asleep"

    def wake(self) -> None:
        """Let it go on to its end."""
        self._process.send_signal(signal.SIGCONT)
        assert self._process.wait() == 0

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
async def second(tmp_path: Path) -> tuple[House, SharedMouth]:
    made, mouth = house(tmp_path, "second")
    await made.approved()
    made.clock.forward(seconds=11)
    return made, mouth


@pytest.fixture
def sleeper(second: tuple[House, SharedMouth]) -> Iterator[Sleeper]:
    made, _ = second
    first = Sleeper(made.folder, to_text(made.clock()))
    yield first
    first.end()
    made.store.close()


async def _asleep_for(made: House, leases: int) -> None:
    """Let the second sender work while the first sleeps."""
    for _ in range(leases):
        await made.speak(seconds=LEASE)


@pytest.mark.parametrize(("leases", "state"), [(1, "unknown"), (4, "sent")])
async def test_a_sender_that_slept_past_its_lease_does_not_post(
    second: tuple[House, SharedMouth], sleeper: Sleeper, leases: int, state: str
) -> None:
    made, mouth = second
    assert made.states() == ["claimed"]
    await _asleep_for(made, leases)
    assert made.states() == [state]
    before = mouth.there()
    sleeper.wake()
    assert mouth.there() == before, "it keeps quiet"
    assert made.states() == [state], "and leaves what others made of it"
    await _asleep_for(made, 5)
    assert made.states() == ["sent"]
    assert [one["by"] for one in mouth.there()] == ["second"]


async def test_a_sender_that_wakes_while_another_holds_the_claim_does_not_post(second: tuple[House, SharedMouth], sleeper: Sleeper) -> None:
    made, mouth = second
    found: list[list[str]] = []

    def meanwhile() -> None:
        found.append(made.states())
        sleeper.wake()
        found.append(made.states())

    mouth.before_post = meanwhile
    await _asleep_for(made, 4)
    assert found == [["claimed"], ["claimed"]], "the claim of the second is not touched"
    assert made.states() == ["sent"]
    assert [one["by"] for one in mouth.there()] == ["second"]


async def test_a_sender_that_wakes_in_time_posts(second: tuple[House, SharedMouth], sleeper: Sleeper) -> None:
    made, mouth = second
    sleeper.wake()
    assert made.states() == ["sent"]
    assert [one["by"] for one in mouth.there()] == ["first"]


async def test_a_sender_that_wakes_after_a_pause_does_not_post(second: tuple[House, SharedMouth], sleeper: Sleeper) -> None:
    made, mouth = second
    Switch(made.store, made.clock, who="kim").pause("a storm", None)
    sleeper.wake()
    assert (made.states(), mouth.there()) == (["ready"], [])
