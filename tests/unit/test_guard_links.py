"""A link that only looks like ours never leaves; ours and strangers' do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.rules.rulebook import Rulebook
from responders.guard import check
from responders.model import Kind
from tests.unit.deciding import post, rulebook

SITES = {"names": ["Acme", "Acme Shoes"], "handles": {"mastodon": "acme@mastodon.example"}, "sites": ["acme.example"]}
OURS = rulebook(brands={"acme": SITES}, templates={"help": "The steps: https://helpdesk.example/acme"})


def wide(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def objections(text: str, book: Rulebook = OURS) -> tuple[str, ...]:
    said = (check(text, kind=kind, book=book, post=post()) for kind in (Kind.PRIVATE, Kind.PUBLIC))
    private, public = (tuple(one for one in found if "a link" in one or "looks like a site" in one) for found in said)
    assert private == public, "links count in private too"
    return public


@pytest.mark.parametrize(
    "text",
    [
        "https://acme.example",
        "Look at ACME.example/help, or www.acme.example.",
        "http://shop.help.acme.example:8080/a?b=c#d",
        "write to help@acme.example",
        "https://helpdesk.example/acme is in a template of ours",
        "Your parcel: https://track.courier.example/p/123?x=acme.example",
        "https://www.photos.example/acme and https://medium.example/@acme/hello",
        "[our page](https://acme.example/x) and [help.acme.example](https://acme.example/help)",
        "(see https://acme.example/a).",
        "https://bücher.example/ sells books",
        "Thanks for choosing Acme.We will look.",
        "Version 10.2.3.1 costs 2.50, i.e. less. Open 8.30-17.00",
        "Please send acme.pdf or acme.jpg",
        "acme.exampleをご覧ください。https://acme.example。次に",
        "на сайте acme.example",
    ],
)
def test_our_sites_and_strangers_are_fine(text: str) -> None:
    assert objections(text) == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("https://acme.example.evil.com/x", 'it uses our name "acme"'),
        ("acme-support.net", 'it uses our name "acme"'),
        ("go to Acme.help", 'it uses our name "acme"'),
        ("acmesupport.com", 'it uses our name "acme"'),
        ("myacme.shop.example", 'it uses our name "acme"'),
        ("acme-shoes.example", 'it uses our name "acme"'),
        ("acmeshoes.net", 'it uses our name "acmeshoes"'),
        ("acme.helpdesk-for-all.com", 'it uses our name "acme"'),
        ("support@acme-help.com", 'it uses our name "acme"'),
        ("acmeexample.com", 'it is written like "acme.example"'),
        ("acmee.example", 'it is a slip away from "acme"'),
        ("amce.example", 'it is a slip away from "acme"'),
        ("acne.example", 'it is a slip away from "acme"'),
        ("acmmme.example", 'it is a slip away from "acme"'),
        ("acrneshoess.com", 'it is a slip away from "acmeshoes"'),
        ("acrne.example", 'its letters only look like "acme.example"'),
        ("acm3.example", 'its letters only look like "acme.example"'),
        ("acm\u00e9.example", 'its letters only look like "acme.example"'),
        ("\u0430\u0441\u043c\u0435.example", 'its letters only look like "acme.example"'),
        ("\u1d00\u1d04\u1d0d\u1d07.example", 'its letters only look like "acme.example"'),
        ("https://xn--acm-dma.example/", 'its letters only look like "acme.example"'),
        ("https://help.xn--acm-dma.example/", 'its letters only look like "acme.example"'),
        (wide("acme.example"), 'its letters only look like "acme.example"'),
        ("https://" + wide("acme") + ".example", 'its letters only look like "acme.example"'),
        ("ac\u200bme.example", 'its letters only look like "acme.example"'),
        ("https://ac\u00adme.example/x", 'its letters only look like "acme.example"'),
        ("https://acme\u3002example.evil.com", 'it uses our name "acme"'),
        ("https://\u0430cme.example/x", "a link mixes scripts"),
        ("https://p\u0430ypal.example/x", "a link mixes scripts"),
        ("https://acme.example@evil.com/", 'a link shows "acme.example" and leads to "evil.com"'),
        ("https://acme.example:443@evil.com/", "and leads to"),
        ("https://evil.com\\@acme.example/", "and leads to"),
        ("http://192.168.0.1/acme", "a bare number"),
        ("http://3232235777/", "a bare number"),
        ("http://0x7f.1/", "a bare number"),
        ("http://[2001:db8::1]/acme", "a bare number"),
        ("10.1.2.3/acme", "a bare number"),
        ("https://ac%6de.example/", "hides where it leads"),
        ("https://xn--a\u00e9/", "hides where it leads"),
        ("[acme.example](https://evil.com/x)", 'a link says "acme.example" and leads to "evil.com"'),
        ("[https://acme.example/refund]( <http://evil.com/x>)", 'a link says "acme.example" and leads to "evil.com"'),
        ("[track.courier.example](https://evil.com)", 'a link says "track.courier.example" and leads to "evil.com"'),
    ],
)
def test_what_only_looks_like_ours_is_kept_back(text: str, why: str) -> None:
    assert any(why in problem for problem in objections(text)), objections(text)


def test_the_problem_is_safe_to_show_and_says_what_it_means() -> None:
    found = [problem for problem in objections("ac\u200bme.example") if "looks like" in problem]
    assert found == ['"ac<U+200B>me.example" looks like a site of ours and is none: its letters only look like "acme.example"']


def test_a_second_address_of_ours_is_fine_once_it_is_listed() -> None:
    both = rulebook(brands={"acme": {**SITES, "sites": ["acme.example", "acme.zendesk.com"]}})
    assert objections("https://acme.zendesk.com/hc", both) == ()
    assert objections("https://acme.zendesk.com/hc") != ()
    assert objections("https://acne.zendesk.com/hc", both) != (), "anybody may have a name there"
    assert objections("https://courier.zendesk.com/hc", both) == ()


def test_a_site_in_other_letters_is_ours_in_both_spellings_and_no_other() -> None:
    books = rulebook(brands={"books": {"names": ["Bücher"], "sites": ["bücher.example"]}})
    assert objections("https://bücher.example and BÜCHER.example and https://xn--bcher-kva.example/x", books) == ()
    assert objections("https://bucher.example", books) != ()
    assert objections("https://xn--bucher-.example", books) != ()
    assert objections("https://xn--acme-.example") != ()


def test_below_one_site_the_same_owner_is_at_home() -> None:
    shop = rulebook(brands={"acme": {**SITES, "sites": "shop.acme.co.uk"}})
    assert objections("https://www.acme.co.uk", shop) == ()
    assert objections("https://acme.com", shop) != ()
    assert objections("https://acne.co.uk", shop) != ()


def test_without_sites_handles_that_are_domains_and_links_in_templates_are_ours() -> None:
    brand = {"names": ["Acme"], "handles": {"bluesky": "acme.example", "mastodon": "acme@town.example"}}
    by_handle = rulebook(brands={"acme": brand}, templates={"t": "Hello"})
    assert objections("https://help.acme.example", by_handle) == ()
    assert objections("https://acme-help.com", by_handle) != ()
    by_template = rulebook(brands={"acme": {"names": ["Acme"]}}, templates={"t": "https://www.acmeshoes.example/help"})
    assert objections("https://www.acmeshoes.example/x", by_template) == ()
    assert objections("https://acmeshoess.example/x", by_template) != ()


def test_where_nothing_is_known_to_be_ours_nothing_looks_like_it() -> None:
    nothing = rulebook(brands={"acme": {"names": ["Acme"], "handles": {"bluesky": "acme.bsky.social"}}}, templates={"t": "Hello"})
    assert objections("https://acme.com or @acme.bsky.social", nothing) == ()
    assert objections("https://acme.com@evil.com", nothing) != (), "a trick is a trick"


def test_a_short_name_does_not_swallow_its_neighbours() -> None:
    short = rulebook(brands={"dell": {"names": ["Dell"], "sites": ["dell.example"]}})
    assert objections("https://www.dhl.example/track/1 and ups.example", short) == ()
    tiny = rulebook(brands={"gls": {"names": ["GLS"], "sites": ["gls.example"]}})
    assert objections("https://gl.example https://als.example", tiny) == ()
    assert objections("https://gls.help", tiny) != ()


def test_whom_we_answer_may_be_called_as_they_like() -> None:
    fan = post(author=post().author.__class__("bluesky", "7", "acme-fan.bsky.social"), network="bluesky")
    assert check("@acme-fan.bsky.social Thanks!", kind=Kind.PUBLIC, book=OURS, post=fan) == ()


@given(
    text=st.text(max_size=120)
    | st.lists(
        st.sampled_from(["https://", "acme", ".", "example", "@", "[", "](", ")", "xn--", "é", "\u200b", "/", "%"]), max_size=40
    ).map("".join)
)
def test_any_text_is_read_without_failing(text: str) -> None:
    check(text, kind=Kind.PRIVATE, book=OURS, post=None)


@pytest.mark.parametrize("piece", ["a.", "acme.x ", "[", "[a](", "https://", "a-", "@", "x.acm ", "é.", "https:", "xn--a.", "1.", "<"])
def test_ten_thousand_hostile_characters_take_no_time_worth_speaking_of(piece: str) -> None:
    check((piece * 10_000)[:10_000], kind=Kind.PRIVATE, book=OURS, post=None)
