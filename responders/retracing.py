"""Why not: the routes that did not take a mention, explained again from what is stored.

Of a decision the store keeps why its route took the mention, and what was found out about the person, the conversation and counts at that
moment. All else follows from the rules of then, the post and its judgement, by the same functions that decided: so what is stored of a
decision does not grow with the rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from listener.errors import RulesWrong
from listener.rules.reading import read_rulebook
from listener.store import mentions as heard_ledger
from listener.store.base import Reader
from responders.ledger import cases, judged, rulebooks
from responders.model import Decision, Heard, Step
from responders.routing import Router


def in_full(reader: Reader, case_id: int) -> Decision | None:
    """Return the newest decision of a case with a step for every route of the rules of then, None where nothing was decided.

    Where that cannot be told any more (the words of the post are gone, it is another one now, or the rules are unknown here), the steps are
    those that are stored.
    """
    decision, about = cases.decision(reader, case_id), cases.decided_post(reader, case_id)
    if decision is None or about is None:
        return decision
    mention, words = heard_ledger.mention(reader, *about), rulebooks.words(reader, decision.rule_version)
    seen = judged.assessment(reader, *about)
    router = _router(words) if words else None
    if mention is None or seen is None or router is None or not mention.post.text:
        return decision
    return replace(decision, trace=_whole(decision.trace, router, Heard(mention, seen)))


@lru_cache(maxsize=2)
def _router(words: str) -> Router | None:
    try:
        return Router(read_rulebook(words))
    except RulesWrong:  # an older version of Earnest took them
        return None


def _whole(stored: Sequence[Step], router: Router, heard: Heard) -> Sequence[Step]:
    """Return a step for every route: what is stored of it, else what the route says to the post."""
    won = next((step for step in stored if step.matched), None)
    again = router.told_again(heard, won) if won else None
    if again is None:
        return stored
    known = {step.route: step for step in stored}
    whole = tuple(known.get(step.route, step) for step in again)
    return whole if [step for step in whole if step.matched] == [won] else stored
