"""What a Mastodon profile says is read whole, as strangers' HTML splits it, and an odd part of it silences nobody."""

from __future__ import annotations

import pytest

from listener.mastodon_wire import WireAccount, author_of
from listener.model import Author
from responders.routing import Router
from tests.unit.deciding import at, heard, judged, post, rulebook

LINKED = '<a href="https://x.example/tags/nobot" class="mention hashtag" rel="tag">#<span>nobot</span></a>'


def author(**profile: object) -> Author:
    return author_of(WireAccount.model_validate({"id": "1", "acct": "marta", "note": "", **profile}))


def forbidden(who: Author) -> bool:
    decision = Router(rulebook()).decide(heard(judged(), said=post(author=who)), at())
    return any(hold.gate == "bot" and hold.forbids for hold in decision.holds)


@pytest.mark.parametrize(
    "profile",
    [
        {"note": "<p>#<span>nobot</span></p>"},
        {"note": f"<p>I knit. {LINKED}</p>"},
        {"note": '<p>#<a href="https://x.example/tags/nobot">NoBot</a></p>'},
        {"note": "&#35;no<wbr>bots"},
        {"note": "#no<b></b>bot<br>hello"},
        {"note": "#<!-- -->nobot"},
        {"note": None, "fields": [{"name": "Bots", "value": LINKED}]},
        {"fields": [None, {"name": 7, "value": {}}, {"name": "#<b>nobot</b>", "value": "please"}]},
        {"fields": [{"name": "#nobot", "value": None}]},
        {"fields": "none", "display_name": "Marta #nobot"},
    ],
    ids=str,
)
def test_nobot_is_obeyed_wherever_it_stands_and_however_html_splits_it(profile: dict[str, object]) -> None:
    assert forbidden(author(**profile))


@pytest.mark.parametrize(
    "profile",
    [
        {"note": "<p>#nobridge</p>"},
        {"note": "<p>I build bots. No bot knows me.</p>"},
        {"note": '<a href="https://x.example/tags/nobot">my page</a>'},
        {"fields": [{"name": "robots", "value": "#botany"}]},
    ],
    ids=str,
)
def test_other_profiles_are_answered(profile: dict[str, object]) -> None:
    assert not forbidden(author(**profile))


def test_a_profile_is_its_note_and_its_table() -> None:
    rows = [{"name": "pronouns", "value": "she"}, {"name": "", "value": '<a href="https://marta.example">marta.example</a>'}]
    said = author(note="<p>Runner. Shoes, <b>shoes</b>.</p>", fields=rows, display_name=None)
    assert said.bio == "Runner. Shoes, shoes.\npronouns: she\nmarta.example (https://marta.example)"
    assert said.display_name == ""
