"""Why, and why not: the same for people and for scripts, and safe to show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest

from listener.model import Assessment, Because, Ground, Level, Mention, Mood, Post
from listener.rules.rulebook import Rulebook
from responders.boundaries import GATES
from responders.explaining import Explanation, explain
from responders.model import Circumstances
from tests.unit.deciding import NOON, at, by, judged, post, rulebook, signal

THANKS_NOT = (
    "upset won above; alone it would not take it: signals are outage, asks for none; urgency is normal, asks for low; "
    "sentiment is negative, asks for positive"
)
REST_NOT = "upset won above; alone it would take it: it takes everything"
PRAISE = {"name": "thanks", "when": "always", "reply": "thanks", "approval": "none"}


class Always:
    """A judge that has made up its mind."""

    def __init__(self, assessment: Assessment) -> None:
        self._assessment = assessment

    def assess(self, post: Post, thread: Sequence[Post] = ()) -> Assessment:
        del post, thread
        return self._assessment


ANGRY = judged(mood=Mood.NEGATIVE, score=-0.62, signals=[signal("outage", "ANOTHER outage")], level=Level.NORMAL, points=30)
SAID = post("Great, ANOTHER outage. Thanks @acme")


def told(said: Post = SAID, seen: Assessment = ANGRY, world: Circumstances | None = None, book: Rulebook | None = None) -> Explanation:
    return explain(book or rulebook(), said, world or at(), judge=Always(seen))


def test_scripts_get_the_fields_of_the_contract() -> None:
    night = NOON.replace(hour=23)
    book = rulebook(boundaries={"quiet_hours": {"between": "22:00-07:00"}})
    shown = told(post(SAID.text, created_at=night), world=at(night), book=book).to_json()
    assert json.loads(json.dumps(shown)) == {
        "route": "upset",
        "actions": ["team:care", "draft:sorry"],
        "holds": [
            {
                "gate": "quiet_hours",
                "reason": "quiet hours (22:00-07:00, UTC)",
                "until": "2026-11-19T07:00:00.000000Z",
                "forbids": False,
                "by_hand": False,
            }
        ],
        "passed": [gate for gate in GATES if gate not in {"quiet_hours", "same_text", "no_answer"}],
        "sends": False,
        "kept": ['"upset" wants a person\'s yes'],
        "urgency": {"level": "normal", "points": 30},
        "sentiment": {"label": "negative", "score": -0.62},
        "intent": "praise",
        "learned": [],
        "corrected": None,
        "signals": [{"name": "outage", "points": 30, "because": ["ANOTHER outage"]}],
        "from_answer": None,
        "trace": [
            {"route": "safety", "matched": False, "because": "signals are outage, asks for safety", "shadow": False},
            {"route": "billing", "matched": False, "because": "signals are outage, asks for money", "shadow": False},
            {"route": "upset", "matched": True, "because": "sentiment is negative", "shadow": False},
            {"route": "thanks", "matched": False, "because": THANKS_NOT, "shadow": False},
            {"route": "everything-else", "matched": False, "because": REST_NOT, "shadow": False},
        ],
        "shadow": [],
    }


def test_people_read_what_was_judged_why_and_why_not_and_what_would_be_said() -> None:
    assert told().lines() == [
        "post      Great, ANOTHER outage. Thanks @acme",
        'heard     as acme, because of handle "@acme"',
        "judged    urgency normal 30 · mood negative -0.62 · praise · en",
        'signal    outage "ANOTHER outage" +30',
        "route     upset (rules f00d)",
        "actions   team:care, draft:sorry",
        "why not   safety: signals are outage, asks for safety",
        "why not   billing: signals are outage, asks for money",
        "why       upset: sentiment is negative",
        f"why not   thanks: {THANKS_NOT}",
        f"why not   everything-else: {REST_NOT}",
        "held      by nothing",
        "passed    " + ", ".join(gate for gate in GATES if gate not in {"same_text", "no_answer"}),
        'sends     nothing by itself: "upset" wants a person\'s yes',
        "public    Sorry for the trouble. What happened, and when? ^Ana",
    ]


def test_every_hold_says_why_and_until_when() -> None:
    book = rulebook(boundaries={"limits": {"per_author": "1/7d"}})
    lines = told(world=at(suppressed="go away", sent_to_author=(NOON - timedelta(days=1),)), book=book).lines()
    assert 'forbidden suppressed: this person asked us to stop: "go away"' in lines
    assert "held      per_author: answers to this person: 1 sent, the limit is 1/7d, until 2026-11-24 12:00 UTC" in lines
    assert "draft     none" in lines


def test_what_is_drafted_only_on_request_says_so() -> None:
    lines = told(world=at(heard_late=True)).lines()
    assert "draft     only on request" in lines
    assert any(line.startswith("public ") for line in lines)


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({"mode": "draft"}, 'nothing by itself: the mode of the file is "draft"'),
        ({"routes": [{**PRAISE, "mode": "draft"}]}, 'nothing by itself: the mode of "thanks" is "draft"'),
        ({"routes": [{**PRAISE, "approval": "two-people"}]}, 'nothing by itself: "thanks" wants two people\'s yes'),
        ({"routes": [{**PRAISE, "reply": "none"}]}, 'nothing by itself: "thanks" says nothing'),
        ({"boundaries": {"quiet_hours": {"between": "11:00-13:00"}}}, "nothing by itself: it is held by quiet_hours"),
        ({}, "by itself, unless a last look just before finds a reason not to"),
    ],
)
def test_it_says_whether_an_answer_leaves_by_itself_and_why_not(changed: dict[str, object], kept: str) -> None:
    result = told(post("@acme love the new shoes!!"), judged(), book=rulebook(**changed))
    assert f"sends     {kept}" in result.lines()
    assert result.to_json()["sends"] is (changed == {})


def test_problems_with_a_draft_are_shown() -> None:
    seen = judged(signals=[signal("money", "refund")], level=Level.NORMAL)
    result = explain(rulebook(), SAID, at(), judge=Always(seen), can_private=False, private_reason="not on this network")
    assert "problem   public: it promises a private message, and none can be sent here: not on this network" in result.lines()


def test_a_post_that_names_no_brand_is_still_explained_and_says_so() -> None:
    result = told(post("Great, another outage."))
    assert not result.as_heard
    assert any(line.startswith("heard     not at all") for line in result.lines())
    assert result.to_json()["route"] == "upset"


def test_the_draft_is_signed_by_whose_case_it_is() -> None:
    result = explain(rulebook(), post("@acme is useless"), at(), judge=Always(ANGRY), assignee="kim")
    assert "public    Sorry for the trouble. What happened, and when? ^Kim" in result.lines()


def test_a_mention_heard_before_is_taken_as_it_was() -> None:
    said = post("The shoe shop again.")
    mention = Mention(said, "acme", (Because(Ground.IMPORT, "old.jsonl"),), addressed=True)
    result = explain(rulebook(), said, at(), judge=Always(ANGRY), mention=mention)
    assert 'heard     as acme, because of import "old.jsonl"' in result.lines()


def test_hostile_text_is_inert_for_people_and_for_scripts() -> None:
    nasty = "\x1b]0;x\x07 \u202e evil\nline"
    said = post(f"@acme {nasty}", author=by("x\x1b[31m", display_name=nasty))
    seen = judged(
        mood=Mood.NEGATIVE,
        signals=[signal("outage", nasty), signal(nasty)],
        wishes=(signal("stop", nasty),),
        failed=nasty,
        language=nasty,
    )
    result = told(said, seen, at(suppressed=nasty, paused=nasty))
    shown = "\n".join(result.lines()) + json.dumps(result.to_json(), ensure_ascii=False)
    assert not set(shown) & {"\x1b", "\x07", "\u202e"}
    assert "\nline" not in shown


def test_the_daemons_own_judge_is_the_one_that_is_asked() -> None:
    result = explain(rulebook(), post("@acme I love the new shoes, they are wonderful!"), at())
    assert result.decision.route == "thanks"
    assert "public    Thank you, that made our day!" in result.lines()
