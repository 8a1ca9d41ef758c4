"""What the demo says at its end is whole: no case that is held is left out, and none is named of which there is nothing to hold."""

from __future__ import annotations

from listener.model import Level
from responders.demo.play import Morning
from responders.demo.summary import lines
from responders.model import Decision, Hold, Proposal
from responders.pipeline import Noted
from tests.unit.deciding import heard, judged

NIGHT = Hold("quiet_hours", "quiet hours (22:00-07:00, Europe/Berlin)")
LABEL = Hold(
    "policy",
    "label the account: An account that answers by itself is marked as a bot in its profile. (label; the town's documentation, "
    '"what programs do here", https://town.example/documentation/programs; since 2018-05-20, read 2026-11-22)',
)


def test_every_held_case_is_named_and_each_reason_stands_once_and_whole() -> None:
    noted = [
        Noted(
            heard(judged(level=Level.NORMAL)),
            f"A-{number}",
            Decision("upset", "v1", ("draft:sorry",), (NIGHT, LABEL), ()),
            Proposal("@ana I am sorry. ^Jo", None, "sorry", None) if number < 9 else None,
            "open",
            "",
        )
        for number in range(1, 10)
    ]
    held = [line for line in lines(Morning(noted=noted)) if line.startswith("held")]
    every = "A-1, A-2, A-3, A-4, A-5, A-6, A-7, A-8"
    assert held == [f"held        {every}: {NIGHT.reason}", f"held        {every}: the network asks for it: {LABEL.reason}"]
