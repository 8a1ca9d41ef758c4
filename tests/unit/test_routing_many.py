"""Many routes: those that cannot take a mention are not asked, and nothing of what is decided or said about them is another for it."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.model import Intent, Level, Mood, Visibility
from listener.rules.rulebook import Rulebook
from responders.candidates import Candidates
from responders.conditions import compiled
from responders.model import Circumstances, Counted, Heard, Past, Step
from responders.routing import Router
from responders.tracing import kept
from tests.unit.deciding import at, by, heard, judged, post, rulebook, signal

LISTS = {"vip": {"mastodon": ["Marta", "tom"]}, "press": {"x": ["marta"], "mastodon": ["ana"]}}
HOURS = {"mon-fri": "08:00-20:00"}
WORDS = [
    "refund",
    "REFUND",
    "sole",
    "soles",
    "Émile",
    "late again",
    "靴",
    "\u200b",
    "k",
    "ma\u00dfe",
    "MASSE",
    "s\u3164\u0301",
    "\u017f\u3164\u0301",
    "\uff76\u200b\uff9e",
]
COUNTED = Counted("mentions", "author", timedelta(hours=1), 2)

flags = st.booleans()


def some(*values: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)


def parts(*keys: tuple[str, st.SearchStrategy[object]]) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({}, optional=dict(keys)).filter(bool)


def conditions(inner: st.SearchStrategy[dict[str, object]] | None) -> st.SearchStrategy[dict[str, object]]:
    keys: dict[str, st.SearchStrategy[object]] = {
        "text": some(*WORDS),
        "signals": st.one_of(st.just("none"), some("money", "outage", "churn")),
        "urgency": some(*Level),
        "sentiment": some(*Mood),
        "intent": some(*Intent),
        "language": some("en", "de", "UND"),
        "network": some("mastodon", "Mastodon", "x"),
        "brand": some("acme", "Acme", "other"),
        "visibility": some(*Visibility),
        "author": parts(("followers", st.sampled_from([1, 100])), ("list", some("vip", "press", "nobody")), ("bot", flags)),
        "customer": st.sampled_from(["known", "new"]),
        "thread": parts(("ours", flags), ("answered", flags), ("waiting", st.sampled_from([1, 2]))),
        "hours": st.sampled_from(["open", "closed"]),
        "count": st.just({"of": "mentions", "by": "author", "at_least": 2, "within": "1h"}),
        "addressed": flags,
        "moment_of_truth": flags,
        "sarcasm": flags,
    }
    if inner is not None:
        keys |= {"any": st.lists(inner, min_size=1, max_size=3), "not": inner}
    chosen = st.lists(st.sampled_from(sorted(keys)), min_size=1, max_size=4, unique=True)
    return chosen.flatmap(lambda names: st.fixed_dictionaries({name: keys[name] for name in names}))


WHENS = st.one_of(st.just("always"), conditions(conditions(conditions(None))))
BOOKS = st.lists(WHENS, min_size=1, max_size=12).map(
    lambda whens: rulebook(
        routes=[{"name": f"route-{number}", "when": when} for number, when in enumerate(whens)], lists=LISTS, hours=HOURS
    )
)
SHADOWED = st.tuples(BOOKS, st.lists(flags, min_size=12, max_size=12)).map(
    lambda made: made[0].model_copy(
        update={"routes": tuple(route.model_copy(update={"shadow": one}) for route, one in zip(made[0].routes, made[1], strict=False))}
    )
)
POSTS = st.builds(
    post,
    text=st.lists(
        st.sampled_from([*WORDS, "émile", "E\u0301mile", "unrefunded", "LATE  again", "late again", ".", "Ma\u1e9ee"]), max_size=4
    ).map(" ".join),
    network=st.sampled_from(["mastodon", "x"]),
    author=st.builds(
        by,
        st.sampled_from(["marta", "MARTA", "tom", "ana"]),
        network=st.sampled_from(["mastodon", "x"]),
        followers=st.sampled_from([None, 0, 100]),
    ),
    visibility=st.sampled_from(Visibility),
)
JUDGED = st.builds(
    judged,
    mood=st.sampled_from(Mood),
    level=st.sampled_from(Level),
    intent=st.sampled_from(Intent),
    signals=st.lists(st.sampled_from(["money", "outage", "other"]), max_size=2, unique=True).map(
        lambda names: [signal(name) for name in names]
    ),
    sarcasm=flags,
    moment_of_truth=flags,
    language=st.sampled_from(["en", "und"]),
)
HEARD = st.builds(heard, JUDGED, said=POSTS, addressed=flags, brand=st.sampled_from(["acme", "other"]))
PASTS = st.builds(Past, known=flags, answered=flags, waiting=st.sampled_from([1, 2]), counts=st.sampled_from([{}, {COUNTED: 2}]))
AROUND = st.builds(at, our_thread=flags, past=PASTS)


def one_after_another(book: Rulebook, one: Heard, around: Circumstances) -> tuple[str, tuple[Step, ...]]:
    """Ask every route in turn, and word what each says."""
    steps: list[Step] = []
    for route in book.routes:
        taken = next((step.route for step in steps if step.matched), "")
        matched, because = compiled(route.when, book)(one, around)
        alone = f"alone it would {'' if matched else 'not '}take it"
        steps.append(
            Step(route.name, matched=False, because=f"{taken} won above; {alone}: {because}")
            if taken
            else Step(route.name, matched, because)
        )
    return next((step.route for step in steps if step.matched), "no-route"), tuple(steps)


@settings(max_examples=400, deadline=None)
@given(book=BOOKS, one=HEARD, around=AROUND)
def test_the_route_and_every_word_are_those_of_asking_one_after_another(book: Rulebook, one: Heard, around: Circumstances) -> None:
    name, steps = one_after_another(book, one, around)
    decision = Router(book).decide(one, around)
    assert decision.route == name
    assert tuple(decision.trace) == steps
    assert decision.trace == steps
    assert list(decision.trace[::-1]) == list(reversed(steps))


@settings(max_examples=200, deadline=None)
@given(book=SHADOWED, one=HEARD, around=AROUND)
def test_what_is_stored_and_what_is_told_again_are_the_whole_trace(book: Rulebook, one: Heard, around: Circumstances) -> None:
    decision = Router(book).decide(one, around)
    stored = {step.route: step for step in kept(decision.trace)}
    won = stored.get(decision.route)
    again = Router(book).told_again(one, won) if won else None
    for step, then in zip(again or (), decision.trace, strict=False):
        now = stored.get(step.route, step)
        # What a route below the winner would have found in the past of then is not kept: nothing came of it.
        assert now == then or (now.because == f"{decision.route} won above" and then.because.startswith(now.because))


@pytest.mark.parametrize(
    "word", ["s\u3164\u0301", "\u017f\u3164\u0301", "\uff76\u200b\uff9e", "K\u00ad\u0301", "ma\u00dfe", "\u0130stanbul"]
)
def test_a_word_that_reads_otherwise_when_it_is_folded_twice_is_still_found(word: str) -> None:
    routes = [
        {"name": "plain", "when": {"text": ["refund"]}},
        {"name": "odd", "when": {"text": [word]}},
        {"name": "rest", "when": "always"},
    ]
    book, one = rulebook(routes=routes), heard(said=post(f"so {word} it is"))
    assert Router(book).decide(one, at()).route == one_after_another(book, one, at())[0] == "odd"


def asking(count: int) -> Rulebook:
    whens: list[Mapping[str, object]] = [
        {"text": [f"word{number}"], "any": [{"addressed": True}, {"signals": ["money"]}]} for number in range(count)
    ]
    routes = [{"name": f"route-{number}", "when": when} for number, when in enumerate(whens)]
    return rulebook(routes=[*routes, {"name": "rest", "when": "always"}])


def test_of_five_hundred_routes_those_are_asked_whose_words_stand_there() -> None:
    book = asking(499)
    candidates = Candidates(book, [route.when for route in book.routes])
    assert list(candidates.of(heard(said=post("word7 and word480")), at())) == [7, 480, 499]
    assert list(candidates.of(heard(said=post("word7"), addressed=False), at())) == [499]


def test_only_what_nobody_could_find_out_again_is_stored_of_five_hundred_routes() -> None:
    book = asking(499)
    assert [step.route for step in kept(Router(book).decide(heard(), at()).trace)] == ["rest"]
    asked = {"name": "again", "when": {"customer": "known"}}
    counting = rulebook(routes=[asked, *[route.model_dump(by_alias=True, exclude_defaults=True) for route in book.routes]])
    assert [step.route for step in kept(Router(counting).decide(heard(), at()).trace)] == ["again", "rest"]


def test_a_trace_travels_to_another_process_as_the_steps_it_holds() -> None:
    decision = Router(asking(3)).decide(heard(said=post("word1")), at())
    arrived = pickle.loads(pickle.dumps(decision))  # noqa: S301 - made here
    assert arrived == decision
    assert hash(arrived) == hash(decision)
    assert isinstance(arrived.trace, tuple)
    assert repr(arrived.trace) == repr(decision.trace)


def test_words_are_the_same_however_two_routes_write_them_and_asked_for_twice_they_are_asked_for_twice() -> None:
    book = rulebook(
        routes=[
            {"name": "refunds", "when": {"text": "refund"}},
            {"name": "both", "when": {"text": ["sole"], "any": [{"text": ["heel"]}]}},
            {"name": "shouted", "when": {"text": ["REFUND"], "addressed": False}},
            {"name": "rest", "when": "always"},
        ]
    )
    found = [
        Router(book).decide(heard(said=post(text)), at()).route for text in ("a refund", "sole and heel", "a sole", "a heel", "Refund")
    ]
    assert found == ["refunds", "both", "rest", "rest", "refunds"]
