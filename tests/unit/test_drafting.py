"""Texts from templates: the right variant, filled in, addressed and checked; never a promise that cannot be kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.errors import RulesWrong
from listener.model import Assessment, Author, Post, Visibility
from listener.rules.checking import read_checked
from listener.rules.rulebook import Rulebook
from responders import guard
from responders.channels.base import TextLimits
from responders.drafting.template import LONGEST_TEMPLATE, Drafter, promises_private, reply_visibility, template_problem
from responders.model import Heard, Kind, Proposal
from responders.surroundings import known
from tests.unit.deciding import by, heard, judged, post, rulebook, signal


def as_it_is(text: str, _post: Post, _kind: Kind) -> str:
    return text


def with_handle(text: str, to: Post, _kind: Kind) -> str:
    prefix = f"@{to.author.handle} "
    return text if text.startswith(prefix) else prefix + text


def at_most(limit: int) -> Callable[[Kind], TextLimits]:
    limits = TextLimits(limit, len, lambda text: f"{len(text)} characters, at most {limit} fit" if len(text) > limit else "")
    return lambda _kind: limits


def draft(
    book: Rulebook,
    route: str,
    mention: Heard | None = None,
    *,
    case: str = "A-217",
    can_private: bool = True,
    private_reason: str = "",
    address: Callable[[str, Post, Kind], str] = as_it_is,
    limit: int = 500,
) -> Proposal:
    wanted = next(one for one in book.routes if one.name == route)
    return Drafter(book).draft(
        mention or heard(),
        wanted,
        case=case,
        agent="Jo",
        brand_name="Acme",
        can_private=can_private,
        private_reason=private_reason,
        address=address,
        limits=at_most(limit),
    )


def saying(*texts: str | dict[str, str], **route: object) -> Rulebook:
    """Return a rulebook with one route that says one of these."""
    one = {"name": "all", "when": "always", "reply": "words"} | route
    return rulebook(routes=[one], templates={"words": list(texts), "details": "Hello from {agent}. What happened?"})


def said(book: Rulebook, assessment: Assessment | None = None, *, author: Author | None = None, case: str = "A-217") -> Proposal:
    return draft(book, "all", heard(assessment, said=post(author=author or by("marta"))), case=case)


def test_both_texts_are_filled_in_and_say_which_templates_they_are() -> None:
    proposal = draft(rulebook(), "billing")
    assert proposal == Proposal(
        public="Sorry about the charge. Please see our private message so we can look at case A-217. ^Jo",
        private="This is Jo at Acme about A-217. What is your order number?",
        public_template="sorry-billing",
        private_template="details",
        problems=(),
    )


def test_a_route_without_words_proposes_none() -> None:
    assert draft(rulebook(), "everything-else") == Proposal(None, None, None, None)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("plain", "plain"),
        ("{brand}, {agent}, {case}", "Acme, Jo, A-217"),
        ("a {{ b", "a { b"),
        ("a }} b", "a } b"),
        ("}} {case} {{", "} A-217 {"),
        ("100 % {case}% # {case}#", "100 % A-217% # A-217#"),
        ("line\nbreak {case}\n", "line\nbreak A-217\n"),
    ],
)
def test_templates_are_text_with_fields(text: str, printed: str) -> None:
    assert template_problem(text) == ""
    assert said(saying(text)).public == printed


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{7*7}", "{7*7} is no field: use {author}, {brand}, {agent}, {case}"),
        ("{agnet}", "{agnet} is no field: did you mean {agent}?"),
        ("{ case }", "{ case } is no field: did you mean {case}?"),
        ("{case|upper}", "is no field"),
        ("{case.upper()}", "is no field"),
        ('{author.__class__}{x|attr("__class__")}', "is no field"),
        ("{case['x']}", "is no field"),
        ("{}", "{} is no field"),
        ("{% for x in y %}", "is no field"),
        ("{# note #}", "is no field"),
        ("{{7*7}}", '"{{7*7}}" is no field'),
        ("{{author}}", "is no field"),
        ('{{ "a"*200000000 }}', "is no field"),
        ("{{{case}}}", "is no field"),
        ("{case", 'a single "{"'),
        ("case}", 'a single "}"'),
        ("Hel\u200blo", "U+200B"),
        ("\x02[ if x ]\x02", "hidden characters"),
        ("x" * (LONGEST_TEMPLATE + 1), "at most 10000"),
        ("{\x1b[2J}", "hidden characters"),
    ],
)
def test_a_template_that_holds_more_is_refused_when_it_is_loaded(text: str, problem: str) -> None:
    assert problem in template_problem(text)
    with pytest.raises(RulesWrong, match=r"^template "):
        Drafter(saying(text))


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_template_is_refused(text: str) -> None:
    assert template_problem(text) == "the text is empty"


@given(text=st.text(st.characters(codec="utf-8"), max_size=60) | st.text("{}%#[]'\"case|()*7 ", max_size=30))
def test_what_is_not_refused_prints_without_failing(text: str) -> None:
    if not template_problem(text):
        printed = said(saying(text)).public
        assert printed is not None
        assert len(printed) <= len(text) * 200


@given(name=st.text(max_size=40))
def test_foreign_text_is_only_ever_a_value(name: str) -> None:
    proposal = said(saying("Hi {author}, thanks", "Thanks {case}"), author=by("{7*7}{case}{{" + name, display_name=name), case="A-2")
    assert proposal.public == "Thanks A-2"


def test_a_value_is_never_read_as_a_template_and_never_endless() -> None:
    book = saying("{agent} / {case}")
    drafted = Drafter(book).draft(
        heard(),
        book.routes[0],
        case="A-1",
        agent="{case}" + "{{7*7}}" * 10_000,
        brand_name="Acme",
        can_private=True,
        private_reason="",
        address=as_it_is,
        limits=at_most(10_000),
    )
    assert drafted.public is not None
    assert drafted.public.startswith("{case}{{7*7}}")
    assert len(drafted.public) < 300


VARIED = ("en", "en two", {"informal": "en informal"}, {"de": "de"}, {"de informal": "de informal", "fr": "fr"})


@pytest.mark.parametrize(
    ("language", "informal", "text"),
    [
        ("en", False, {"en", "en two"}),
        ("en", True, {"en informal"}),
        ("de", False, {"de"}),
        ("de", True, {"de informal"}),
        ("fr", True, {"fr"}),
        ("ja", False, {"en", "en two"}),
        ("und", True, {"en informal"}),
    ],
)
def test_the_variant_speaks_as_the_person_does(language: str, informal: bool, text: set[str]) -> None:  # noqa: FBT001
    seen = judged(language=language, informal=informal)
    texts = {said(saying(*VARIED), seen, case=f"A-{number}").public for number in range(4)}
    assert texts == text


def test_a_template_without_the_persons_language_says_so() -> None:
    proposal = said(saying({"de": "Danke"}), judged(language="ja"))
    assert proposal.public == "Danke"
    assert proposal.problems == ('public: template "words" has no text for the language "ja"',)


def test_variants_take_turns_by_case_and_never_by_chance() -> None:
    book = saying("one", "two", "three")
    turns = [said(book, case=f"A-{number}").public for number in range(6)]
    assert turns == ["one", "two", "three"] * 2
    assert len({said(book, case="without number").public for _ in range(5)}) == 1


def test_the_author_is_named_only_by_a_plain_handle() -> None:
    book = saying("Thank you, {author}!", "Thank you!")
    assert said(book, author=by("marta@town.example"), case="A-2").public == "Thank you, marta!"
    assert said(book, author=by("marta@town.example"), case="A-2").problems == ()
    for handle in ("m\u0430rta", "acme_scam", "a b", ""):
        proposal = said(book, author=by(handle), case="A-2")
        assert (proposal.public, proposal.problems) == ("Thank you!", ())


def test_the_nameless_text_is_found_in_another_form_of_address_too() -> None:
    book = saying({"informal": "Thx {author}!"}, "Thank you!")
    assert said(book, judged(informal=True), author=by("acme_scam")).public == "Thank you!"


def test_without_a_nameless_text_a_person_has_to_look() -> None:
    proposal = said(saying("Thank you , {author} !"), author=by("acme_scam"))
    assert proposal.public == "Thank you,!"
    assert proposal.problems == ('public: template "words" names the author, whose handle is not one to repeat',)


@pytest.mark.parametrize(
    ("text", "promises"),
    [
        ("Please see our private message.", True),
        ("We have sent you a private message. ^Jo", True),
        ("We'll DM you.", True),
        ("Wir haben Ihnen eine Privatnachricht geschickt.", True),
        ("Sorry! Could you send us a private message?", False),
        ("Please DM us your town.", False),
        ("DM us. We have sent you a DM.", True),
        ("受け付けました。続きは非公開のメッセージで伺います。", True),
        ("詳細はDMで伺います。", True),
        ("ダイレクトメッセージをお送りしました。ご注文番号をお知らせください。", True),
        ("詳細は非公開のメッセージでお知らせください。", False),
        ("まずはご使用をお控えください。", False),
        ("Nous vous écrivons par messages privés.", True),
        ("Zapytam w wiadomości prywatnej.", True),
        ("Спрошу в личном сообщении.", True),
        ("Wir fragen in einer privaten Nachricht.", True),
        ("You'll hear from me by 5 pm.", False),
        ("Sorry for the trouble.", False),
    ],
)
def test_a_promise_of_a_private_message_is_told_from_asking_for_one(text: str, promises: bool) -> None:  # noqa: FBT001
    assert promises_private(text) is promises


@pytest.mark.parametrize("route", ["safety", "at-once", "billing"])
def test_the_shipped_rules_answer_in_japanese_and_promise_a_private_message_only_where_one_goes(route: str) -> None:
    book = read_checked((Path(__file__).parents[2] / "rules.yaml").read_text(encoding="utf-8"), known=known())
    asked = heard(judged(language="ja"))
    for case in ("A-1", "A-2", "A-3"):
        with_private = draft(book, route, asked, case=case)
        alone = draft(book, route, asked, case=case, can_private=False, private_reason="none here")
        assert "非公開のメッセージで伺います" in (with_private.public or "")
        assert "お問い合わせページから" in (alone.public or "")


def test_a_promise_that_cannot_be_kept_is_a_problem_and_the_text_stays_for_an_edit() -> None:
    proposal = draft(rulebook(), "billing", can_private=False, private_reason="this network takes no private messages")
    assert proposal.public is not None
    assert (proposal.private, proposal.private_template) == (None, None)
    assert proposal.problems == (
        "public: it promises a private message, and none can be sent here: this network takes no private messages",
    )


def test_of_several_texts_the_true_one_is_said_whatever_the_turn_and_the_language() -> None:
    promise, honest, german = "We have sent you a DM. ^{agent}", "Please use our contact page. ^{agent}", "Wir haben dir eine DM geschickt."
    book = saying(promise, {"de": german}, honest, private="details")
    for case in ("A-1", "A-2", "A-3"):
        for language, kept in (("en", "We have sent you a DM. ^Jo"), ("de", german)):
            mention = heard(judged(language=language))
            assert draft(book, "all", mention, case=case).public == kept
            alone = draft(book, "all", mention, case=case, can_private=False, private_reason="none here")
            assert (alone.public, alone.private, alone.problems) == ("Please use our contact page. ^Jo", None, ())


def test_who_asked_for_no_private_messages_gets_none() -> None:
    seen = judged(wishes=(signal("no_dm", "no DMs"),))
    proposal = draft(rulebook(), "billing", heard(seen))
    assert proposal.private is None
    assert "the person asks for no private messages" in proposal.problems[0]


def test_a_promise_on_a_route_without_a_private_text_is_a_problem() -> None:
    assert "this route has no private text" in said(saying("We have sent you a DM.")).problems[0]


def test_an_honest_public_text_stands_without_the_private_one() -> None:
    proposal = draft(saying("Sorry! What happened?", private="details"), "all", can_private=False, private_reason="none here")
    assert (proposal.public, proposal.private, proposal.problems) == ("Sorry! What happened?", None, ())


def test_a_route_with_only_a_private_text_that_cannot_be_sent_says_why() -> None:
    proposal = draft(saying("x", reply="none", private="details"), "all", can_private=False, private_reason="none here")
    assert (proposal.public, proposal.private) == (None, None)
    assert proposal.problems == ("private: no private message can be sent here: none here",)


def test_texts_are_addressed_as_the_network_wants_and_then_checked() -> None:
    proposal = draft(rulebook(), "thanks", address=with_handle)
    assert proposal.public == "@marta@town.example Thank you, that made our day!"
    assert proposal.problems == ()


def test_the_addressed_text_must_fit_the_network() -> None:
    proposal = draft(rulebook(), "thanks", address=with_handle, limit=40)
    assert proposal.problems == ("public: 49 characters, at most 40 fit",)


def test_the_voice_check_runs_on_what_is_drafted() -> None:
    book = saying("Never say legal things", private="details")
    book = book.model_copy(update={"boundaries": book.boundaries.model_copy(update={"never_say": ("legal", "hello")})})
    problems = draft(book, "all").problems
    assert problems == (
        'public: it says "legal", which the boundaries never allow',
        'private: it says "hello", which the boundaries never allow',
    )


def test_a_template_that_is_missing_is_a_problem() -> None:
    proposal = said(saying("x", reply="gone"))
    assert (proposal.public, proposal.problems) == (None, ('public: there is no template called "gone"',))


def test_the_same_question_gets_the_same_draft() -> None:
    assert draft(rulebook(), "upset") == draft(rulebook(), "upset")


@pytest.mark.parametrize(
    ("network", "seen_by", "reply"),
    [
        ("mastodon", Visibility.PUBLIC, Visibility.UNLISTED),
        ("mastodon", Visibility.UNLISTED, Visibility.UNLISTED),
        ("mastodon", Visibility.FOLLOWERS, Visibility.DIRECT),
        ("mastodon", Visibility.DIRECT, Visibility.DIRECT),
        ("bluesky", Visibility.PUBLIC, Visibility.PUBLIC),
        ("x", Visibility.DIRECT, Visibility.DIRECT),
    ],
)
def test_a_reply_is_never_seen_by_more_people_than_the_post(network: str, seen_by: Visibility, reply: Visibility) -> None:
    assert reply_visibility(replace(post(), network=network, visibility=seen_by)) is reply


def with_page(text: str, **brand: object) -> Rulebook:
    known = {"names": ["Acme"], "handles": {"mastodon": "acme@mastodon.example"}, "contact": "https://acme.example/help?case={case}"}
    return rulebook(
        brands={"acme": known | brand, "zenith": {"names": ["Zenith"], "contact": "https://zenith.example/ask"}},
        routes=[{"name": "all", "when": "always", "reply": "words"}],
        templates={"words": text},
    )


def test_a_link_leads_to_the_own_page_of_the_brand_with_the_case_in_it() -> None:
    rules = with_page("Please tell us the rest here: {link} ^{agent}")
    assert said(rules).public == "Please tell us the rest here: https://acme.example/help?case=A-217 ^Jo"
    assert said(rules).problems == ()
    assert draft(rules, "all", heard(brand="zenith")).public == "Please tell us the rest here: https://zenith.example/ask ^Jo"


def test_a_page_of_our_own_is_no_strange_link_even_where_sites_are_named() -> None:
    for rules in (with_page("See {link}"), with_page("See {link}", sites=["acme.example"])):
        assert said(rules).problems == ()
        elsewhere = guard.check("See https://acme.example.help.example", kind=Kind.PUBLIC, book=rules, post=post())
        assert any("looks like a site of ours" in problem for problem in elsewhere)


def test_a_sentence_of_a_template_may_promise_with_a_link_in_it() -> None:
    rules = with_page("We will refund you once you tell us here: {link}")
    assert said(rules).problems == ()
    edited = guard.check("We will refund you twice, see https://acme.example", kind=Kind.PUBLIC, book=rules, post=post())
    assert any("it promises" in problem for problem in edited)
