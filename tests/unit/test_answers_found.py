"""A written answer is offered where it fits, in the person's language, as long as it counts; else a question is asked."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.model import Assessment, Intent, Mood, Page
from listener.polling import Ear
from listener.rules.answers import Answer, Wording
from listener.rules.rulebook import Rulebook
from responders import guard, views
from responders.boundaries import again
from responders.channels.base import TextLimits
from responders.drafting.answers import ENOUGH, Index, best, terms, wording_for
from responders.drafting.template import Drafter
from responders.explaining import explain
from responders.house import open_store
from responders.ledger import drafts
from responders.model import Circumstances, Kind, Proposal
from responders.pipeline import Mind
from responders.routing import Router
from responders.surroundings import channel_kinds
from tests.program import Program
from tests.unit.deciding import NOON, heard, judged, post, rulebook

TODAY = date(2026, 11, 18)
LAST = date(2027, 1, 31)
RETURNS = Answer(
    "returns.md",
    "Sending shoes back",
    ("How do I return my shoes?", "Can I send them back if they do not fit?", "Wie schicke ich die Schuhe zurück?"),
    "returns policy, section 2",
    LAST,
    (
        Wording("Unworn shoes can come back within 30 days. We will refund you in full.", "en"),
        Wording("Ungetragene Schuhe nehmen wir 30 Tage lang zurück.", "de"),
    ),
    language="en",
)
DELIVERY = Answer(
    "delivery.md", "Delivery", ("How long does delivery take?", "靴の配達はいつですか"), "terms", LAST, (Wording("Two to five days."),)
)
ZENITH = Answer("zenith.md", "Zenith", ("How do I return my shoes?",), "Zenith's terms", LAST, (Wording("Not at all."),), brand="zenith")
ANSWERS = (RETURNS, DELIVERY, ZENITH)
ASKED = {"name": "asked", "when": {"intent": ["question"]}, "answers": True, "reply": "help", "approval": "none"}
REST = {"name": "rest", "when": "always"}
POST = "@acme how can I return the shoes I bought?"


def book(help_: object = ("{answer} ^{agent}", "Which one do you mean? ^{agent}"), answers: tuple[Answer, ...] = ANSWERS) -> Rulebook:
    return rulebook(routes=[ASKED, REST], templates={"help": help_}).with_answers(answers)


def asking(**changes: object) -> Assessment:
    return judged(intent=Intent.QUESTION, **changes)


def draft(rules: Rulebook, text: str = POST, seen: Assessment | None = None, *, today: date | None = TODAY, limit: int = 500) -> Proposal:
    limits = TextLimits(limit, len, lambda said: f"{len(said)} of {limit}" if len(said) > limit else "")
    return Drafter(rules).draft(
        heard(seen or asking(), said=post(text)),
        rules.routes[0],
        case="A-1",
        agent="Jo",
        brand_name="Acme",
        can_private=False,
        private_reason="",
        address=lambda said, _post, _kind: said,
        limits=lambda _kind: limits,
        today=today,
    )


def offered(text: str, *, language: str = "en", brand: str = "acme", today: date = TODAY) -> str:
    found = best(Index(ANSWERS).search(text, brand=brand, language=language, informal=False, today=today))
    return found.answer.file if found else ""


def test_the_answer_stands_in_the_text_and_the_draft_remembers_where_it_is_from() -> None:
    proposal = draft(book())
    assert proposal.public == "Unworn shoes can come back within 30 days. We will refund you in full. ^Jo"
    assert proposal.problems == ()
    assert proposal.unsure == ""
    assert proposal.answer is not None
    assert (proposal.answer.file, proposal.answer.source, proposal.answer.review_by) == ("returns.md", "returns policy, section 2", LAST)
    assert proposal.answer.question == "How do I return my shoes?"
    assert (
        str(proposal.answer) == "returns.md: Sending shoes back · source: returns policy, section 2 · to be looked at again by 2027-01-31"
    )


def test_it_is_said_in_the_persons_language_or_not_at_all() -> None:
    german = draft(book(), "@acme wie schicke ich Schuhe zurück?", asking(language="de"))
    assert german.public == "Ungetragene Schuhe nehmen wir 30 Tage lang zurück. ^Jo"
    french = draft(book(), "@acme how to return shoes", asking(language="fr"))
    assert french.public == "Which one do you mean? ^Jo"
    assert french.answer is None
    assert wording_for(RETURNS, "und", informal=False) == RETURNS.wordings[0]
    assert wording_for(DELIVERY, "fr", informal=True) == DELIVERY.wordings[0]


def test_without_a_fitting_answer_a_text_that_needs_none_is_used() -> None:
    proposal = draft(book(), "@acme are your shoes vegan?")
    assert (proposal.public, proposal.answer) == ("Which one do you mean? ^Jo", None)
    assert proposal.unsure == "no written answer fits, so this asks back: a person looks"
    assert proposal.problems == ()


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "Happy to help with that. What exactly would you like to know?"),
        ("de", "Das klären wir gern. Worum genau geht es?"),
        ("xx", "Happy to help with that. What exactly would you like to know?"),
    ],
)
def test_where_every_text_needs_an_answer_a_plain_question_is_asked(language: str, question: str) -> None:
    proposal = draft(book("Happy to help: {answer}"), "@acme are your shoes vegan?", asking(language=language))
    assert (proposal.public, proposal.problems, proposal.answer) == (question, (), None)
    assert proposal.unsure


def test_an_answer_past_its_day_is_never_offered() -> None:
    assert draft(book(), today=LAST).answer is not None
    over = draft(book(), today=LAST + timedelta(days=1))
    assert (over.public, over.answer) == ("Which one do you mean? ^Jo", None)
    assert draft(book(), today=None).answer is None


def test_what_asks_back_never_leaves_by_itself() -> None:
    rules = book()
    seen = heard(asking(mood=Mood.NEUTRAL, score=0.0), said=post("@acme are your shoes vegan?"))
    around = Circumstances(now=NOON)
    decision = Router(rules).decide(seen, around)
    assert "send" in decision.actions
    held = again(decision, draft(rules, "@acme are your shoes vegan?"), around)
    assert "send" not in held.actions
    assert [hold.gate for hold in held.holds] == ["no_answer"]
    assert "send" in again(decision, draft(rules), around).actions


@pytest.mark.parametrize(
    ("text", "file"),
    [
        (POST, "returns.md"),
        ("@acme is there a way to send my shoes back, they don't fit", "returns.md"),
        ("@acme how long will delivery take to Spain?", "delivery.md"),
        ("@acme shoes", ""),
        ("@acme when will you return my call?", ""),
        ("@acme the return label you sent does not work", ""),
        ("@return_shoes hello https://acme.example/return/shoes", ""),
        ("", ""),
    ],
)
def test_an_answer_is_found_by_the_words_of_a_question_and_not_by_one_of_them(text: str, file: str) -> None:
    assert offered(text) == file


def test_scripts_without_spaces_are_searched_too() -> None:
    assert offered("靴の配達はいつ?", language="ja") == "delivery.md"
    assert offered("靴が好き", language="ja") == ""


def test_an_answer_for_one_brand_is_offered_to_no_other() -> None:
    assert offered(POST) == "returns.md"
    assert offered(POST, brand="zenith") == "", "both fit equally well there, so nobody can tell which is meant"
    (only,) = Index((ZENITH,)).search(POST, brand="zenith", language="en", informal=False, today=TODAY)
    assert (only.answer.file, only.score) == ("zenith.md", 1.0)
    assert Index((ZENITH,)).search(POST, brand="acme", language="en", informal=False, today=TODAY) == ()


@given(st.text(max_size=300))
def test_no_post_breaks_the_search_or_means_more_than_its_words(text: str) -> None:
    for one in Index(ANSWERS).search(text, brand="acme", language="en", informal=False, today=TODAY):
        assert 0 <= one.score <= 1
        assert len(set(terms(text, "en")) & set(terms(one.question, "en"))) >= 2


@pytest.mark.parametrize(
    "text", ['" OR 1=1 --', "NEAR(shoes", "col:shoes*", "'; drop table drafts", "return* shoes^99", "((((", "\x00\x1b[31m", "a" * 100_000]
)
def test_signs_of_a_search_language_are_words_or_nothing(text: str) -> None:
    assert offered(text) == ("returns.md" if "return*" in text else "")


def test_what_an_answer_promises_has_a_named_source_until_its_day_and_nothing_more_has() -> None:
    def objections(text: str, today: date | None, rules: Rulebook | None = None) -> tuple[str, ...]:
        return guard.check(text, kind=Kind.PUBLIC, book=rules or book(), post=post(), today=today)

    said = "Happy to help: Unworn shoes can come back within 30 days. We will refund you in full. ^Jo"
    assert objections(said, LAST) == ()
    assert any("it promises" in one for one in objections(said, None))
    assert any("it promises" in one for one in objections(said, LAST, book(answers=())))
    assert any("it promises" in one for one in objections("We will refund you twice.", LAST))
    over = objections(said, LAST + timedelta(days=1))
    assert any("it promises" in one for one in over)
    assert "it tells the answer returns.md, which was to be looked at again by 2027-01-31" in over


def test_an_answer_may_repeat_the_words_it_was_asked_with() -> None:
    long = Answer(
        "long.md", "Long", ("Do the trail shoes run small?",), "fitting guide", LAST, (Wording("Yes, the trail shoes run small."),)
    )
    proposal = draft(book(answers=(long,)), "@acme do the trail shoes run small?")
    assert (proposal.public, proposal.problems) == ("Yes, the trail shoes run small. ^Jo", ())


def test_its_length_counts_as_the_network_counts() -> None:
    assert draft(book(), limit=60).problems == ("public: 74 of 60",)


def test_braces_in_an_answer_are_words() -> None:
    odd = Answer("odd.md", "Odd", RETURNS.questions, "me", LAST, (Wording("{{7*7}} {agent} {brand}"),))
    assert draft(book(answers=(odd,))).public == "{{7*7}} {agent} {brand} ^Jo"


def test_explain_says_which_answer_it_was_or_that_none_fits() -> None:
    rules = rulebook(routes=[{**ASKED, "when": "always"}], templates={"help": ["{answer}", "Which one?"]}).with_answers(ANSWERS)
    found = explain(rules, post(POST), Circumstances(now=NOON))
    assert f"answer    {found.proposal.answer}" in found.lines() if found.proposal else False
    assert found.to_json()["from_answer"] == {
        "file": "returns.md",
        "title": "Sending shoes back",
        "source": "returns policy, section 2",
        "review_by": "2027-01-31",
        "score": pytest.approx(1.0, abs=1 - ENOUGH),
        "question": "How do I return my shoes?",
    }
    none = explain(rules, post("@acme are your shoes vegan?"), Circumstances(now=NOON))
    assert "answer    no written answer fits, so this asks back: a person looks" in none.lines()
    assert none.to_json()["from_answer"] is None


def test_a_question_with_one_word_that_matters_finds_nothing() -> None:
    vegan = Answer("vegan.md", "Vegan", ("Are they vegan?",), "product team", LAST, (Wording("All of them."),))
    assert Index((vegan,)).search("not everything vegan is good", brand="acme", language="en", informal=False, today=TODAY) == ()


def test_the_place_of_an_answer_in_a_template_is_no_place_for_other_promises() -> None:
    rules = book("We will refund you {answer}", answers=())
    found = guard.check("We will refund you everything twice", kind=Kind.PUBLIC, book=rules, post=post(), today=TODAY)
    assert any("it promises" in one for one in found)


def test_a_stored_draft_knows_its_answer_and_whoever_decides_it_sees_it(tmp_path: Path) -> None:
    rules = rulebook(routes=[{**ASKED, "when": "always"}], templates={"help": ["{answer}", "Which one?"]}).with_answers(ANSWERS)
    store = open_store(f"sqlite:///{tmp_path}/town.db", create=True)
    kinds = {kind.network: kind for kind in channel_kinds()}
    ear, mind = Ear(store, rules, lambda: NOON), Mind(store, rules, lambda: NOON, kinds, undo=timedelta(seconds=10))
    store.write(lambda tx: ear.hear(tx, "mastodon", Page((post(POST),), None)))
    (noted,) = store.write(mind.decide)
    draft_kept = drafts.newest(store.read(), 1)
    assert draft_kept is not None
    assert noted.proposal is not None
    assert draft_kept.answer == noted.proposal.answer
    assert draft_kept.answer is not None
    (waiting,) = views.inbox(store.read(), views.Filters(), at=NOON)
    assert waiting.to_json()["from_answer"] == draft_kept.answer.to_json()  # type: ignore[union-attr]
    store.close()
    run = Program(f"sqlite:///{tmp_path}/town.db", tmp_path / "none.yaml", {"EARNEST_NAME": "jo"})
    assert f"answer {draft_kept.answer}" in " ".join(run("show", "A-1").out.split())
    assert run("show", "A-1", "--json").object["draft"]["from_answer"]["source"] == "returns policy, section 2"
