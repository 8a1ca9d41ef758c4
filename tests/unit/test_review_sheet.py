"""What stands on the review screen: the sheet of one draft, and the pages behind its keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.cells import cell_len

from listener.model import Assessment, Author, Intent, Level, Mood, Post, Sentiment, Signal, Urgency, Visibility
from responders.cli.screen import pages
from responders.cli.screen.doubt import sheet_in_doubt
from responders.cli.screen.lines import plain
from responders.cli.screen.sheet import Around, other, sheet
from responders.house import channel_kind
from responders.ledger.cases import Case
from responders.ledger.clocks import Clocks
from responders.ledger.drafts import Draft, Word
from responders.model import Decision, Delivery, DeliveryState, DraftState, Hold, Kind, Step
from responders.unsettled import Parked
from responders.views import Waiting

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
POST = Post(
    "mastodon",
    "p1",
    "@acme charged me twice",
    Author("mastodon", "a1", "marta", "Marta", followers=312),
    NOW - timedelta(minutes=42),
    "p1",
    url="https://town.example/p1",
)
CLOCKS = Clocks(respond_by=NOW + timedelta(minutes=18), resolve_by=NOW + timedelta(days=2))
CASE = Case(
    id=217,
    network="mastodon",
    thread_id="p1",
    author_id="a1",
    handle="marta",
    brand="acme",
    post_id="p1",
    route="billing",
    rule_version="0123456789ab",
    state="waiting",
    level=Level.HIGH,
    points=65,
    team="billing",
    assignee="",
    opened_at=NOW - timedelta(days=3),
    updated_at=NOW,
    clocks=CLOCKS,
    snoozed_until=None,
    looked_at_by="",
    looked_at_until=None,
)
DRAFT = Draft(
    id=1,
    case_id=217,
    network="mastodon",
    post_id="p1",
    brand="acme",
    state=DraftState.WAITING,
    route="billing",
    rule_version="0123456789ab",
    public="@marta Sorry about the charge.",
    private=None,
    public_template=None,
    private_template=None,
    problems=(),
    approvals_needed=1,
    parent_text=POST.text,
    created_at=NOW,
    expires_at=None,
    reason="",
)
ASSESSMENT = Assessment(
    "en",
    Sentiment(Mood.NEUTRAL, -0.05),
    (Signal("money", 40, ("charged me twice",)),),
    Urgency(Level.HIGH, 65),
    Intent.COMPLAINT,
    needs_reply=True,
)
WAITING = Waiting(CASE, DRAFT, POST, ASSESSMENT, (), ())
AROUND = Around(now=NOW, me="ana", place=2, total=9, kind=channel_kind("mastodon"))


DELIVERY = Delivery(
    id=7,
    case="A-217",
    draft_id=1,
    kind=Kind.PRIVATE,
    network="mastodon",
    account="acme-id",
    parent=POST,
    visibility=Visibility.DIRECT,
    text="@marta Which order was it?",
    key="key",
    created_at=NOW,
    bound="bound",
    state=DeliveryState.PARKED,
    attempts=2,
    reason="we cannot tell whether it is there (timed out); look at the post and decide",
)


def in_doubt(delivery: Delivery = DELIVERY, around: Around = AROUND, *, width: int = 80) -> str:
    made = sheet_in_doubt(Parked(CASE, delivery, None), around, width=width, height=22)
    return plain((*made.head, *made.body))


def test_an_answer_in_doubt_shows_the_post_the_very_words_the_reason_and_where_to_look() -> None:
    assert in_doubt().splitlines() == [
        "A-217   billing   HIGH 65   first response due in 18 min   mastodon   2 of 9",
        '@marta · "Marta" · 312 followers',
        "",
        "   @acme charged me twice",
        "",
        "   private  @marta Which order was it?                      26 of 500 characters",
        "   IN DOUBT we cannot tell whether it is there (timed out); look at the post and",
        "            decide (tried 2 times)",
        "   look     https://town.example/p1",
        "            signed in as our account: it is a private message, so nobody else",
        "            sees it",
        "   then     i: our answer stands there; r: it does not, send it",
    ]


def test_an_answer_in_doubt_without_a_link_says_so_and_who_else_looks_is_named() -> None:
    text = in_doubt(replace(DELIVERY, kind=Kind.PUBLIC, parent=replace(POST, url="")))
    assert "the network gave no link; who wrote what: earnest show A-217" in text
    assert "private message" not in text
    looked_at = replace(CASE, looked_at_by="jo", looked_at_until=NOW + timedelta(minutes=1))
    made = sheet_in_doubt(Parked(looked_at, DELIVERY, None), AROUND, width=80, height=22)
    assert "jo is looking at this case" in plain(made.body)


@pytest.mark.parametrize("width", [30, 80])
def test_nothing_foreign_in_an_answer_in_doubt_acts(width: int) -> None:
    evil = "\x1b[31mred\u202e\u200b [bold]x[/bold] " * 9
    text = in_doubt(replace(DELIVERY, text=evil, reason=evil, parent=replace(POST, text=evil, url=evil)), width=width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert not set(text) & set("\x1b\u202e\u200b")


def shown(one: Waiting = WAITING, around: Around = AROUND, *, width: int = 80, height: int = 22) -> str:
    made = sheet(one, around, width=width, height=height)
    return plain((*made.head, *made.body))


def test_it_shows_what_is_needed_to_decide() -> None:
    assert shown().splitlines() == [
        "A-217   billing   HIGH 65   first response due in 18 min   mastodon   2 of 9",
        '@marta · "Marta" · 312 followers',
        "",
        "   @acme charged me twice",
        "",
        '   signals  money "charged me twice" +40 · mood neutral \N{MINUS SIGN}0.05, complaint',
        "   public   @marta Sorry about the charge.                  30 of 500 characters",
    ]


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"clocks": replace(CLOCKS, respond_by=NOW - timedelta(minutes=5))}, "first response was due 5 min ago"),
        ({"clocks": replace(CLOCKS, responded_at=NOW - timedelta(days=1))}, "next response due in 18 min"),
        ({"clocks": replace(CLOCKS, respond_by=None)}, "resolution due in 2 d"),
        ({"assignee": "jo"}, "for jo"),
    ],
)
def test_it_says_which_clock_runs_and_whose_case_it_is(changed: dict[str, object], wanted: str) -> None:
    assert wanted in shown(replace(WAITING, case=replace(CASE, **changed)))  # type: ignore[arg-type]


def test_it_says_that_the_person_wrote_before() -> None:
    before = replace(CASE, id=180, state="answered")
    assert "wrote to us once before (A-180, billing, answered)" in shown(around=replace(AROUND, earlier=(before,)))
    assert "wrote to us twice before (A-180, billing, answered, …)" in shown(around=replace(AROUND, earlier=(before, CASE)))


@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        (replace(WAITING, holds=(Hold("quiet_hours", "quiet hours", NOW + timedelta(hours=3)),)), "held     quiet hours (for 3 h)"),
        (replace(WAITING, assessment=replace(ASSESSMENT, failed="the scorer raised")), "could not be judged: the scorer raised"),
        (replace(WAITING, assessment=replace(ASSESSMENT, sarcasm=True, hidden=True)), "sarcasm · hidden characters"),
        (replace(WAITING, assessment=replace(ASSESSMENT, wishes=(Signal("no_dm", 0, ("no DMs",)),))), 'asks: no_dm "no DMs"'),
        (replace(WAITING, post=replace(POST, author=replace(POST.author, bot=True))), "says it is a bot"),
        (replace(WAITING, draft=replace(DRAFT, public=None, private="@marta Hello")), "public   nothing"),
        (replace(WAITING, draft=replace(DRAFT, public="x" * 501)), "501 of 500 characters: too long"),
        (replace(WAITING, case=replace(CASE, looked_at_by="jo", looked_at_until=NOW + timedelta(minutes=1))), "jo is looking"),
    ],
)
def test_what_stands_against_it_is_said_in_words(one: Waiting, wanted: str) -> None:
    assert wanted in shown(one)


def test_problems_are_said_whatever_the_colours() -> None:
    assert 'STOP     cannot leave: it swears: "damn"' in shown(around=replace(AROUND, problems=('it swears: "damn"',)))


def test_it_says_who_has_agreed_and_how_many_are_missing() -> None:
    said = (
        Word("ana", "edited", "", NOW - timedelta(minutes=9)),
        Word("ana", "edited", "", NOW - timedelta(minutes=3)),
        Word("jo", "void", "", NOW - timedelta(minutes=2)),
        Word("kim", "yes", "", NOW - timedelta(seconds=20)),
    )
    text = shown(replace(WAITING, draft=replace(DRAFT, approvals_needed=2), words=said))
    assert "ana changed the words, 3 min ago" in text
    assert "9 min ago" not in text
    assert "kim has said yes, just now" in text
    assert "jo" not in text
    assert "two people must agree; 1 still to say yes" in text


def test_a_claim_of_ones_own_or_a_past_one_is_nobody_else() -> None:
    mine = replace(CASE, looked_at_by="ana", looked_at_until=NOW + timedelta(minutes=1))
    past = replace(CASE, looked_at_by="jo", looked_at_until=NOW - timedelta(seconds=1))
    theirs = replace(CASE, looked_at_by="jo", looked_at_until=NOW + timedelta(seconds=1))
    assert [other(case, AROUND) for case in (CASE, mine, past, theirs)] == ["", "", "", "jo"]


def test_a_long_post_gives_way_to_the_words_that_would_leave() -> None:
    long = replace(WAITING, post=replace(POST, text="\n".join(f"line {number}" for number in range(100))))
    text = shown(long)
    assert len(text.splitlines()) == 22
    assert "line 0" in text
    assert "@marta Sorry about the charge." in text
    assert "more lines; c shows it whole" in text


def test_the_thread_before_stands_above_the_post_with_our_own_words_marked() -> None:
    theirs = replace(POST, id="p0", text="where is it?")
    ours = replace(POST, id="o0", own=True, text="On its way.")
    lines = shown(around=replace(AROUND, before=(theirs, ours))).splitlines()
    assert lines[3:6] == ["   @marta: where is it?", "   we: On its way.", ""]
    crowded = replace(WAITING, post=replace(POST, text="\n".join("abc")))
    assert "where is it?" not in shown(crowded, replace(AROUND, before=(theirs, ours)), height=10)


@pytest.mark.parametrize("width", [30, 40, 80, 200])
def test_no_line_is_wider_than_the_screen_and_nothing_hides(width: int) -> None:
    evil = "\x1b[31mred\u202e日本語テキスト\u200b [bold]x[/bold] " * 5
    author = replace(POST.author, handle=evil, display_name=evil)
    one = replace(
        WAITING,
        post=replace(POST, text=evil, author=author),
        draft=replace(DRAFT, public=evil, private=evil, route=evil),
        assessment=replace(ASSESSMENT, signals=(Signal(evil, 1, (evil,)),), failed=evil),
        holds=(Hold(evil, evil),),
        words=(Word(evil, "yes", "", NOW),),
    )
    text = shown(one, replace(AROUND, problems=(evil,), changed=evil, before=(replace(POST, text=evil, author=author),)), width=width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert not set(text) & set("\x1b\u202e\u200b")
    assert "[bold]x[/bold]" in shown(one)


def test_why_names_every_route_looked_at_and_every_hold() -> None:
    trace = (Step("safety", matched=False, because="no signal safety"), Step("billing", matched=True, because="signals are money"))
    decision = Decision("billing", "0123456789ab", ("draft:sorry",), (Hold("suppressed", "asked us to stop", forbids=True),), trace)
    text = plain(pages.why(WAITING, decision, 80))
    trial = replace(decision, trace=(Step("leads", matched=False, because="would have taken it", shadow=True), *trace))
    assert "leads (shadow): would have taken it" in plain(pages.why(WAITING, trial, 80))
    for words in ("billing took it: signals are money", "safety: no signal safety", '+40      money: "charged me twice"'):
        assert words in text
    assert "never    suppressed: asked us to stop" in text
    assert "Nothing is stored" in plain(pages.why(WAITING, None, 80))


def test_history_lists_earlier_cases_and_a_wish_to_be_left_alone() -> None:
    text = plain(pages.history(WAITING, (replace(CASE, id=180, state="answered"),), "leave me alone", NOW, 80))
    assert 'asked us to stop: "leave me alone"' in text
    assert "A-180    billing, high, answered, 3 d ago" in text
    assert "first case with @marta" in plain(pages.history(WAITING, (), "", NOW, 80))


def test_an_empty_list_says_so_and_what_to_do_next() -> None:
    assert "earnest status" in plain(pages.nothing_waits("", 80))
    narrowed = plain(pages.nothing_waits("network bluesky", 80))
    assert "No draft waits that fits: network bluesky" in narrowed
    assert "Press /" in narrowed
