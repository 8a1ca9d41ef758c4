"""Cases, mentions and lines of the log as JSON objects for scripts: their names are a contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from listener.clock import from_text, to_text
from listener.model import Assessment, Mood, Post, Sentiment
from listener.store.base import Row, number, text, unpack
from listener.store.following import Fate
from listener.store.mentions import sure_of
from responders.ledger import cases
from responders.ledger.drafts import Draft
from responders.model import Decision, Delivery, DeliveryState
from responders.views import Story


def line_json(row: Row) -> dict[str, object]:
    """Return a line of the log for a script."""
    return {
        "id": number(row, "id"),
        "at": text(row, "at"),
        "who": text(row, "who"),
        "action": text(row, "action"),
        "case": cases.name_of(number(row, "case_id")) if row["case_id"] else None,
        "detail": unpack(row["detail"]) or {},
    }


def mention_json(row: Row) -> dict[str, object]:
    """Return a mention with its judgement, a line of `mentions --json`."""
    found = unpack(row["record"])
    record: dict[str, object] = found if isinstance(found, dict) else {}
    signals = record.get("signals")
    return {
        "case": cases.name_of(number(row, "case_id")),
        "state": text(row, "case_state"),
        "route": text(row, "route"),
        "network": text(row, "network"),
        "id": text(row, "id"),
        "author": text(row, "handle"),
        "text": text(row, "text"),
        "url": text(row, "url"),
        "created_at": text(row, "created_at"),
        "deleted_at": text(row, "deleted_at") or None,
        "brand": text(row, "brand"),
        "addressed": bool(row["addressed"]),
        "language": text(row, "judged_language"),
        "urgency": {"level": text(row, "level"), "points": number(row, "points")},
        "sentiment": Sentiment(Mood(text(row, "mood")), float(row["score"] or 0.0), sure_of(record)).to_json(),
        "intent": text(row, "intent"),
        "signals": [
            {"name": name, "points": points, "because": because} for name, points, because in (signals if isinstance(signals, list) else [])
        ],
    }


def story_json(story: Story) -> dict[str, object]:
    """Return the object that `show --json` prints."""
    case = story.case
    return {
        "case": case.name,
        "state": case.state,
        "network": case.network,
        "brand": case.brand,
        "author": case.handle,
        "author_id": case.author_id,
        "route": case.route,
        "rule_version": case.rule_version,
        "team": case.team,
        "assignee": case.assignee,
        "thread": [_post_json(post, story.fates.get(post.id, Fate())) for post in story.thread],
        "assessment": _assessment_json(story.assessment) if story.assessment else None,
        "decision": _decision_json(story.decision) if story.decision else None,
        "draft": _draft_json(story, story.draft) if story.draft else None,
        "deliveries": [_delivery_json(one, story.log) for one in story.sent],
        "alerts": [_alert_json(row) for row in story.alerts],
        "clocks": {
            name: to_text(moment) if moment else None
            for name, moment in {
                "opened_at": case.opened_at,
                "updated_at": case.updated_at,
                "respond_by": case.clocks.respond_by,
                "resolve_by": case.clocks.resolve_by,
                "responded_at": case.clocks.responded_at,
                "paused_at": case.clocks.paused_at,
                "snoozed_until": case.snoozed_until,
            }.items()
        },
        "boundaries": [{"kind": "stop", "words": story.suppressed}] if story.suppressed else [],
        "earlier": [{"case": one.name, "state": one.state, "route": one.route} for one in story.earlier],
        "log": [line_json(row) for row in story.log],
    }


def _post_json(post: Post, fate: Fate) -> dict[str, object]:
    return {
        "id": post.id,
        "author": post.author.handle,
        "own": post.own,
        "text": post.text,
        "created_at": to_text(post.created_at),
        "url": post.url,
        "visibility": post.visibility.value,
        "edited_at": to_text(fate.edited_at) if fate.edited_at else None,
        "deleted_at": to_text(fate.deleted_at) if fate.deleted_at else None,
    }


def _assessment_json(seen: Assessment) -> dict[str, object]:
    return {
        "language": seen.language,
        "sentiment": seen.sentiment.to_json(),
        "urgency": {"level": seen.urgency.level.value, "points": seen.urgency.points},
        "intent": seen.intent.value,
        "needs_reply": seen.needs_reply,
        "moment_of_truth": seen.moment_of_truth,
        "sarcasm": seen.sarcasm,
        "hidden": seen.hidden,
        "failed": seen.failed or None,
        "learned": seen.learned,
        "corrected": seen.corrected.to_json() if seen.corrected else None,
        "signals": [{"name": one.name, "points": one.points, "because": list(one.because)} for one in seen.signals],
        "wishes": [{"name": one.name, "because": list(one.because)} for one in seen.wishes],
    }


def _decision_json(decision: Decision) -> dict[str, object]:
    return {
        "route": decision.route,
        "rule_version": decision.rule_version,
        "actions": list(decision.actions),
        "holds": [
            {
                "gate": one.gate,
                "reason": one.reason,
                "until": to_text(one.until) if one.until else None,
                "forbids": one.forbids,
                "by_hand": one.by_hand,
            }
            for one in decision.holds
        ],
        "trace": [{"route": one.route, "matched": one.matched, "because": one.because, "shadow": one.shadow} for one in decision.trace],
        "shadow": [one.to_json() for one in decision.shadows],
    }


def _draft_json(story: Story, draft: Draft) -> dict[str, object]:
    return {
        "state": draft.state.value,
        "public": draft.public,
        "private": draft.private,
        "from_answer": draft.answer.to_json() if draft.answer else None,
        "problems": list(draft.problems),
        "approvals_needed": draft.approvals_needed,
        "reason": draft.reason or None,
        "expires_at": to_text(draft.expires_at) if draft.expires_at else None,
        "said": [{"who": one.who, "verdict": one.verdict, "reason": one.reason or None, "at": to_text(one.at)} for one in story.words],
    }


@dataclass(frozen=True, slots=True)
class Recall:
    """Who asked for an answer to be taken back from its network, when, and why."""

    who: str
    at: datetime
    reason: str


def taken_back(one: Delivery, log: Sequence[Row]) -> Recall | None:
    """Return who asked for an answer to be taken back, from the log of its case; None where nobody did, or where it stands again."""
    if one.state not in {DeliveryState.WITHDRAWING, DeliveryState.WITHDRAWN}:
        return None
    for row in reversed(log):
        facts = unpack(row["detail"])
        if text(row, "action") == "withdrew" and isinstance(facts, dict) and facts.get("kind") == one.kind.value:
            return Recall(text(row, "who"), from_text(text(row, "at")), str(facts.get("reason", "")))
    return None


def _delivery_json(one: Delivery, log: Sequence[Row]) -> dict[str, object]:
    recall = taken_back(one, log)
    return {
        "kind": one.kind.value,
        "state": one.state.value,
        "text": one.text,
        "url": one.remote_url or None,
        "remote_id": one.remote_id or None,
        "reason": one.reason or None,
        "attempts": one.attempts,
        "visibility": one.visibility.value,
        "by_hand": one.by_hand,
        "withdrawal": {"who": recall.who, "at": to_text(recall.at), "reason": recall.reason} if recall else None,
    }


def _alert_json(row: Row) -> dict[str, object]:
    return {
        "team": text(row, "team"),
        "raised_at": text(row, "raised_at"),
        "told_at": text(row, "told_at") or None,
        "attempts": number(row, "attempts"),
        "problem": text(row, "problem") or None,
    }
