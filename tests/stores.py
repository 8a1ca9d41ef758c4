"""A store with a small town's worth of cases in it, made through the ledgers, for tests of whatever people look at and decide.

A-1 waits (critical, public and private words), A-2 waits for two people and is late, A-3 is answered, A-4 is parked, A-5 waits and its
post is hostile, A-6 asked us to stop.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from listener.clock import now
from listener.model import (
    Account,
    Assessment,
    Author,
    Because,
    Gap,
    Ground,
    Intent,
    Level,
    Mention,
    Mood,
    Post,
    Sentiment,
    Signal,
    Urgency,
    Visibility,
)
from listener.store import mentions as heard
from listener.store.base import Tx
from responders.house import open_store
from responders.ledger import audit, cases, deliveries, drafts, escalations, facts, moves, people
from responders.ledger.caseload import Caseload
from responders.ledger.clocks import Clocks
from responders.lifecycle import Arrow
from responders.model import Decision, DraftState, Hold, Kind, Proposal, Step
from tests.keeping import store_url

NETWORK = "mastodon"
HOSTILE = "\x1b[2J\x1b]0;owned\x07 [bold red]pwned[/] \u202egnp.exe\u200b \x9b31m\ta\tb @acme\nA-1\tapproved"
HOSTILE_HANDLE = "ev\x1b[31mil\u202e"

RULES = """\
version: 1
mode: draft
timezone: Europe/Berlin
brands:
  acme:
    names: [Acme]
    handles: {mastodon: acme@town.example}
    hashtags: [acme]
sources:
  mastodon: {instance: town.example, tags: [acme], every: 30s}
scoring:
  urgency:
    signals:
      money: {points: 40, words: [charged me twice]}
      waiting: {points: 25, words: [ignores me]}
routes:
  - name: billing
    when: {signals: [money]}
    reply: wrong-charge
    private: ask-order
    team: billing
    escalate: on-call
    sla: {first_response: 1h}
  - name: everything-else
    when: always
templates:
  wrong-charge: "A wrong charge is ours to put right. I have opened {case} and ask the rest in private. ^{agent}"
  ask-order: "This is {agent} at {brand}. Which order was it?"
teams:
  billing: {members: [jo]}
  on-call: {members: [robin], alert: "secret:oncall"}
"""


@dataclass(frozen=True)
class Told:
    """What one case is made of."""

    id: str
    handle: str
    text: str
    level: Level
    points: int
    mood: Mood
    state: str
    route: str = "billing"
    due: timedelta | None = None


CASES = (
    Told(
        "p1", "marta_k", "@acme charged me twice and support ignores me", Level.CRITICAL, 90, Mood.NEGATIVE, "waiting",
        due=timedelta(minutes=18, seconds=30),
    ),
    Told("p2", "tom", "@acme the lamp smokes", Level.HIGH, 65, Mood.NEGATIVE, "waiting", due=timedelta(minutes=-5)),
    Told("p3", "lena", "@acme do you have size 47?", Level.NORMAL, 30, Mood.NEUTRAL, "waiting"),
    Told("p4", "omar", "@acme my parcel is lost", Level.NORMAL, 35, Mood.NEGATIVE, "waiting"),
    Told("p5", HOSTILE_HANDLE, HOSTILE, Level.NORMAL, 25, Mood.UNKNOWN, "waiting"),
    Told("p6", "quiet_one", "@acme never write to me again", Level.LOW, 0, Mood.NEGATIVE, "noted", route="everything-else"),
)  # fmt: skip


def make_rules(folder: Path) -> Path:
    """Write a small rules.yaml into `folder`; return its path."""
    path = folder / "rules.yaml"
    path.write_text(RULES, encoding="utf-8")
    return path


def make_store(folder: Path) -> str:
    """Make the store in `folder`; return its URL."""
    url = store_url(folder, "town.db")
    store = open_store(url, create=True)
    try:
        store.write(lambda tx: _fill(tx, now()))
    finally:
        store.close()
    return url


def _fill(tx: Tx, at: datetime) -> None:
    heard.record_account(tx, Account(NETWORK, "acme-id", "acme", "https://town.example/@acme"), at=at)
    for told in CASES:
        _case(tx, told, at)
    _sent(tx, 3, at)
    _parked(tx, 4, at)
    escalations.raise_(tx, 1, "on-call", "p1", "A-1: critical, money, on mastodon", at=at)
    escalations.failed(tx, 1, "the secret oncall is not set", 0, at=at)
    _surroundings(tx, at)


def _surroundings(tx: Tx, at: datetime) -> None:
    heard.record_source(tx, "mastodon", NETWORK, "listening", "", every=30, at=at - timedelta(seconds=20), heard=True)
    heard.record_source(tx, "reddit", "reddit", "sign-in", "reddit refuses the token", every=60, at=at, heard=False)
    heard.record_gap(tx, "mastodon", Gap("more than 40 pages waited", at - timedelta(hours=3), at - timedelta(hours=2)), at=at)
    for name, value in (("rules_version", "0123456789ab"), ("mode", "draft"), ("rules_error", "")):
        facts.keep(tx, name, value, at=at)


def post_of(told: Told, at: datetime) -> Post:
    """Return the post that a case is made of."""
    return Post(
        network=NETWORK,
        id=told.id,
        text=told.text,
        author=Author(NETWORK, f"id-{told.id}", told.handle, f"Name {told.handle}", followers=312),
        created_at=at - timedelta(minutes=42),
        thread_id=told.id,
        url=f"https://town.example/@{told.id}/{told.id}",
        mentions=("acme",),
    )


def _case(tx: Tx, told: Told, at: datetime) -> None:
    post = post_of(told, at)
    mention = Mention(post, "acme", (Because(Ground.HANDLE, "@acme"),), addressed=True)
    stop = (Signal("stop", 0, ("never write to me again",)),) if told.id == "p6" else ()
    signals = (Signal("money", 40, ("charged me twice",)), Signal("waiting", 25, ("ignores me",))) if told.id == "p1" else ()
    words = (Signal("money", 25, (HOSTILE,)),) if told.id == "p5" else signals
    assessment = Assessment(
        "en", Sentiment(told.mood, -0.05), words, Urgency(told.level, told.points), Intent.COMPLAINT, needs_reply=True, wishes=stop
    )
    heard.store_post(tx, post, heard_at=at, source="mastodon", late=False)
    heard.store_mention(tx, mention, assessment, heard_at=at)
    heard.mark_decided(tx, range(int(told.id[1:]) + 1))
    load = Caseload(tx, [mention], at=at)
    case, _ = load.join(mention)
    forbids = told.id == "p6"
    hold = Hold("suppressed", 'asked us to stop: "never write to me again"', None, forbids=True)
    trace = (Step(told.route, True, 'signals are money ("charged me twice")'),)
    decision = Decision(told.route, "0123456789ab", ("nothing",) if forbids else ("draft:wrong-charge",), (hold,) if forbids else (), trace)
    running = Clocks(respond_by=None if told.due is None else at + told.due)
    load.update(case, mention, assessment, decision, state=told.state, team="billing", running=running)
    load.record_decision(case.id, mention, decision)
    load.finish()
    audit.record(tx, audit.DAEMON, "opened", at=at, case_id=case.id, words=told.text)
    if forbids:
        people.suppress(tx, post.author, "never write to me again", post_id=post.id, by=audit.DAEMON, at=at)
    else:
        _draft(tx, told, case, post, at)


def _draft(tx: Tx, told: Told, case: cases.Case, post: Post, at: datetime) -> None:
    drafts.add(
        tx,
        drafts.row(
            case.id,
            network=NETWORK,
            post_id=post.id,
            brand="acme",
            route=told.route,
            rule_version="0123456789ab",
            proposal=Proposal(
                f"@{told.handle} A wrong bill is ours to put right, {case.name} is open. ^Jo",
                "@marta_k This is Jo at Acme. Which order was it?" if told.id == "p1" else None,
                "wrong-charge",
                "ask-order" if told.id == "p1" else None,
            ),
            approvals_needed=2 if told.id == "p2" else 1,
            parent_text=post.text,
            at=at,
            expires_at=at + timedelta(hours=24),
        ),
    )


def _attempted(tx: Tx, case_id: int, at: datetime) -> int:
    told = CASES[case_id - 1]
    draft = drafts.newest(tx, case_id)
    if draft is None or draft.public is None:
        message = f"A-{case_id} has no draft"
        raise LookupError(message)
    order = deliveries.Order(
        account="acme-id",
        network=NETWORK,
        parent=post_of(told, at),
        visibility=Visibility.PUBLIC,
        text=draft.public,
        kind=Kind.PUBLIC,
        case_id=case_id,
        draft_id=draft.id,
        key=f"key-{case_id}",
        automatic=False,
        route=told.route,
        points=told.points,
        not_before=at,
    )
    delivery_id = deliveries.add(tx, order)
    if delivery_id is None:
        message = "there is an answer already"
        raise LookupError(message)
    drafts.say(tx, draft, "jo", "yes", "", public=draft.public, private=None, bound="bound", at=at)
    drafts.settle(tx, draft.id, DraftState.APPROVED, "by jo", at=at)
    moves.claim(tx, delivery_id, at=at)
    return delivery_id


def _sent(tx: Tx, case_id: int, at: datetime) -> None:
    where = f"https://town.example/@acme/reply-{case_id}"
    delivery_id = _attempted(tx, case_id, at)
    moves.move(tx, delivery_id, Arrow.SEND, remote=(f"reply-{case_id}", where), at=at)
    cases.set_state(tx, case_id, "answered", at=at)
    audit.record(tx, audit.DAEMON, "sent", at=at, case_id=case_id, kind="public")


def _parked(tx: Tx, case_id: int, at: datetime) -> None:
    delivery_id = _attempted(tx, case_id, at)
    moves.move(tx, delivery_id, Arrow.DOUBT, reason="timed out", at=at)
    moves.move(tx, delivery_id, Arrow.PARK, reason="we cannot tell whether it is there (timed out); look at the post and decide", at=at)
    cases.set_state(tx, case_id, "open", at=at)
    audit.record(tx, audit.DAEMON, "parked", at=at, case_id=case_id, kind="public", reason="timed out")
