"""An approved answer that asks for a person, as lists and screens show it: one in doubt, or one to be posted by hand."""

from __future__ import annotations

from dataclasses import dataclass

from listener.clock import to_text
from listener.model import Assessment, Post, Urgency
from responders.ledger.cases import Case
from responders.model import Delivery


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An approved answer that a person must see to; `delivery.reason` says why."""

    case: Case
    delivery: Delivery
    assessment: Assessment | None

    @property
    def post(self) -> Post:
        """The post it answers."""
        return self.delivery.parent

    @property
    def route(self) -> str:
        """The route of its case."""
        return self.case.route

    @property
    def urgency(self) -> Urgency:
        """How urgent its case is."""
        return Urgency(self.case.level, self.case.points)

    def to_json(self) -> dict[str, object]:
        """Return its line of `inbox --json`: `text` is the post, `answer` our words, `kind` public or private, `url` where."""
        return {
            "case": self.case.name,
            "state": self.delivery.state.value,
            "route": self.route,
            "network": self.delivery.network,
            "author": self.post.author.handle,
            "text": self.post.text,
            "url": self.post.url,
            "kind": self.delivery.kind.value,
            "answer": self.delivery.text,
            "reason": self.delivery.reason,
            "urgency": {"level": self.urgency.level.value, "points": self.urgency.points},
            "due": to_text(self.case.clocks.respond_by) if self.case.clocks.respond_by else None,
            "assignee": self.case.assignee,
            "team": self.case.team,
        }


@dataclass(frozen=True, slots=True)
class Parked(Unsettled):
    """An answer of which nobody can tell whether it is on the network: a person looks, and says so."""

    def to_json(self) -> dict[str, object]:
        """Return its line of `inbox --json`, with how often it was tried."""
        return {**Unsettled.to_json(self), "attempts": self.delivery.attempts}


@dataclass(frozen=True, slots=True)
class ToPost(Unsettled):
    """An answer that a person posts by hand; `delivery.reason` says why, with date and source."""
