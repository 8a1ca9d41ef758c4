"""The parts of a webhook, each by itself: signatures as their makers publish them, paths into deliveries, and what is remembered."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from listener.doorbell import Ring
from listener.errors import Malformed
from listener.model import Post
from listener.places import read_place
from listener.sources._webhook_mapping import Brought
from listener.sources._webhook_memory import MOST, Memory, body_digest, claim_digest, read_cursor
from listener.sources._webhook_options import Options
from listener.sources._webhook_sample import sample
from listener.sources._webhook_seals import Form, Sealed, check, key_of, sign
from listener.sources._webhook_waiting import Line
from listener.sources.webhook import Webhook
from tests.servers.sender import MAP, options
from tests.street import Hands

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MIND = {"id": "r1", "body": "hello", "user": {"name": "marta", "id": 7}}


def ring(body: bytes, **headers: str) -> Ring:
    return Ring({name.replace("_", "-").lower(): (value,) for name, value in headers.items()}, body)


def test_githubs_own_example_fits() -> None:
    # docs.github.com, "Validating webhook deliveries", "Testing the webhook payload validation", read in November 2026
    form, key = Form("github", "X-Hub-Signature-256"), key_of("github", "It's a Secret to Everybody")
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert sign(form, key, b"Hello, World!", delivery="", at=0) == {"X-Hub-Signature-256": signature}
    assert isinstance(check(form, [key], ring(b"Hello, World!", X_Hub_Signature_256=signature.upper().replace("SHA", "sha")), 0), Sealed)


def test_the_example_of_standard_webhooks_fits() -> None:
    # github.com/standard-webhooks/standard-webhooks, the test of its Python library, read in November 2026
    form, key = Form("standard", "webhook-signature"), key_of("standard", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body, signature = b'{"test": 2432232314}', "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    headers = sign(form, key, body, delivery="msg_p5jXN8AQM9LWM0D4loKWxJek", at=1614265330)
    assert headers["webhook-signature"] == signature
    several = {**headers, "webhook-signature": f"{signature}x v2,abc v1a,x {signature}"}
    assert isinstance(check(form, [key], ring(body, **several), 1614265330), Sealed)
    assert check(form, [key], ring(body, **several), 1614265330 + 301) == "time"
    with pytest.raises(ValueError, match="whsec_"):
        key_of("standard", "whsec_not base64!")


def test_stripes_form_fits_with_one_of_several_signatures() -> None:
    form, key, body = Form("stripe", "Stripe-Signature"), b"whsec_whole_text_is_the_key", b'{"id": "evt_1"}'
    good = hmac.new(key, b"1614265330." + body, sha256).hexdigest()
    for said, result in ((f"t=1614265330,v1={'0' * 64},v1={good},v0=x", Sealed), (f"t=1614265330, v1={good}", Sealed)):
        assert isinstance(check(form, [b"old", key], ring(body, stripe_signature=said), 1614265330), result)
    for said in (f"v1={good}", f"t=1,t=1614265330,v1={good}", "t=1614265330", f"t=x,v1={good}", f"t=-1614265330,v1={good}", "t=٣,v1=x"):
        assert check(form, [key], ring(body, stripe_signature=said), 1614265330) == "unsigned"
    assert check(form, [key], ring(body, stripe_signature=f"t=1614265331,v1={good}"), 1614265330) == "wrong"


def brought(delivery: object, **changes: object) -> tuple[Post, ...]:
    source = Webhook("reviews", Options.model_validate(options("127.0.0.1:8470", **changes)), Hands(NOW))
    body = delivery if isinstance(delivery, bytes) else json.dumps(delivery).encode()
    return source.would_bring(body).posts


def test_a_post_is_made_of_its_paths() -> None:
    (post,) = brought(
        {
            "shop": {"id": 5},
            "items": [{**MIND, "title": "No", "parent": 3, "created": "2026-11-22T12:00:00+02:00", "link": "https://x.example/1"}],
        },
        posts="items",
        map={**MAP, "title": "title", "thread": "$.shop.id", "parent": "parent", "version": "missing"},
    )
    assert (post.network, post.id, post.text, post.thread_id, post.parent_id) == ("reviewhub", "r1", "No\n\nhello", "5", "3")
    assert (post.author.id, post.author.handle, post.url) == ("7", "marta", "https://x.example/1")
    assert post.created_at == datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert len(post.version) == 12
    (same,) = brought({**MIND, "body": "other"}, map={**MAP, "version": "missing"})
    assert same.version != post.version


@pytest.mark.parametrize(
    ("written", "kept"),
    [("9007199254740993", "9007199254740993"), ("1" * 300, "1" * 300), ('"01AB"', "01AB"), ("-5", "-5"), ('" x "', " x ")],
)
def test_ids_are_kept_as_they_are_written(written: str, kept: str) -> None:
    (post,) = brought(b'{"id": %s, "body": "x", "user": {"name": "m", "id": %s}}' % (written.encode(), written.encode()))
    assert (post.id, post.author.id) == (kept, kept)
    assert type(post.id) is str


@pytest.mark.parametrize(
    "written", ["1.0", "1e5", "true", "null", "[]", '""', '"  "', '"\\ud83d"', '"a\\u0000"', "1" * 301, '"' + "x" * 301 + '"']
)
def test_what_is_no_id_is_refused_by_its_place(written: str) -> None:
    with pytest.raises(Malformed, match="could not map this delivery: id is") as caught:
        brought(b'{"id": %s, "body": "x", "user": {"name": "m", "id": 1}}' % written.encode())
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("at", "moment"),
    [
        ("2026-11-22T10:00:00Z", NOW - timedelta(hours=2)),
        ("2026-11-22T12:00:00.5+02:00", NOW - timedelta(hours=2) + timedelta(seconds=0.5)),
        (1_795_341_600, NOW - timedelta(hours=2)),
        (1_795_341_600_000, NOW - timedelta(hours=2)),
        (1_795_341_600.25, NOW - timedelta(hours=2) + timedelta(seconds=0.25)),
        ("1795341600", NOW - timedelta(hours=2)),
        ("2030-01-01T00:00:00Z", NOW),
        (None, NOW),
    ],
)
def test_times_are_read_in_every_usual_form_and_none_lies_ahead(at: object, moment: datetime) -> None:
    (post,) = brought({**MIND, "created": at})
    assert post.created_at == moment


@pytest.mark.parametrize("at", ["yesterday", "2026-13-01T00:00:00Z", 10**30, -5, True, {}, "9" * 39, "1e999", "٢٠٢٦"])
def test_what_is_no_time_is_refused(at: object) -> None:
    with pytest.raises(Malformed, match="created is no time"):
        brought({**MIND, "created": at})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"body": 5.0}, "5.0"),
        ({"body": None}, ""),
        ({"body": "a \ud83d b"}, "a ? b"),
        ({"body": "x" * 60_000}, "x" * 50_000),
        ({"body": "{{ 7*7 }} [red]\x1b[31m"}, "{{ 7*7 }} [red]\x1b[31m"),
    ],
)
def test_words_are_taken_as_they_are(changes: dict[str, Any], words: str) -> None:
    (post,) = brought({**MIND, **changes})
    assert post.text == words


def test_html_becomes_text_where_rules_say_that_it_is_html() -> None:
    html = {**MIND, "body": "<p>one</p><p>two &amp; <script>x</script>three</p>"}
    assert [brought(html, markup=markup)[0].text for markup in ("html", "text")] == ["one\n\ntwo & three", html["body"]]


@pytest.mark.parametrize(
    ("url", "kept"), [("https://x.example/1", True), ("javascript:alert(1)", False), ("//x", False), ("http://[", False)]
)
def test_only_addresses_of_the_web_are_kept(url: str, kept: bool) -> None:  # noqa: FBT001
    assert (brought({**MIND, "link": url})[0].url == url) is kept


@pytest.mark.parametrize(
    ("delivery", "words"),
    [
        ({"items": [MIND, {**MIND, "user": {}}]}, "items.1.user.name is not there"),
        ({"items": {"0": MIND}}, "items is no list"),
        ({"other": []}, "items is not there"),
        ({"items": [MIND] * 201}, "items holds more than 200 posts"),
        ({"items": [[]]}, "items.0.id is not there"),
        ({"items": [{**MIND, "body": ["SECRET WORDS"]}]}, "items.0.body is no text"),
    ],
)
def test_what_cannot_be_mapped_is_told_by_its_place_and_never_repeated(delivery: object, words: str) -> None:
    with pytest.raises(Malformed) as caught:
        brought(delivery, posts="items")
    assert caught.value.message == f"reviews could not map this delivery: {words}"


def test_an_author_without_a_name_is_nobody_in_particular() -> None:
    (post,) = brought({**MIND, "user": {"name": None}})
    assert (post.author.handle, post.author.id) == ("unknown", "unknown r1")
    (post,) = brought({**MIND, "user": {"name": "@Marta\nK", "id": None}})
    assert (post.author.handle, post.author.id) == ("Marta K", "Marta K")


@pytest.mark.parametrize(("mark", "gone"), [(True, 1), ("2026-11-22", 1), (1, 1), (False, 0), (None, 0), (0, 0), ("", 0), ("false", 0)])
def test_a_mark_of_deletion_is_one_that_is_there_and_not_false(mark: object, gone: int) -> None:
    found = Webhook("reviews", Options.model_validate(options("127.0.0.1:8470", map={**MAP, "deleted": "gone"})), Hands(NOW))
    page = found.would_bring(json.dumps({**MIND, "gone": mark}).encode())
    assert (len(page.gone), len(page.posts)) == (gone, 1 - gone)


@pytest.mark.parametrize(
    "changes",
    [{}, {"posts": "entry.0.changes"}, {"only_when": {"action": ["created"]}}, {"posts": "a", "map": {**MAP, "thread": "$.b.id"}}],
)
def test_a_made_up_delivery_can_be_mapped(changes: dict[str, object]) -> None:
    made = sample(Options.model_validate(options("127.0.0.1:8470", **changes)), NOW)
    (post,) = brought(made, **changes)
    assert "test" in post.text


def test_the_memory_is_bounded_and_survives_as_text() -> None:
    memory = Memory()
    for number in range(MOST + 10):
        memory = memory.with_({claim_digest(f"id {number}"): body_digest(b"x")}, None)
    text = memory.cursor()
    assert len(text) < 45_000
    again = read_cursor(text)
    assert again is not None
    assert (again.holds([claim_digest("id 9")], body_digest(b"x")), again.holds([claim_digest("id 10")], body_digest(b"x"))) == (None, True)
    assert again.holds([claim_digest("id 10")], body_digest(b"y")) is False


async def test_what_waits_is_bounded_in_number_and_in_bytes() -> None:
    few, many = Line(), Line()
    for number in range(15):
        few.add((f"c{number}",), "d", Brought(), 2**20)
    assert not few.full
    few.add(("last",), "d", Brought(), 2**20)
    assert few.full
    for number in range(100):
        assert not many.full
        many.add((f"c{number}",), "d", Brought(), 1)
    assert many.full


@pytest.mark.parametrize("cursor", ["{", "7", "null", "{}", '{"seen": 5, "told": ""}', '{"seen": "", "told": "no"}', "[" * 5_000])
def test_a_memory_that_cannot_be_read_is_none(cursor: str) -> None:
    assert read_cursor(cursor) is None


@pytest.mark.parametrize(
    ("text", "here"), [("127.0.0.1:8470", True), ("localhost:1", True), ("[::1]:9", True), ("unix:/a.sock", True), ("10.0.0.1:80", False)]
)
def test_a_place_is_read(text: str, here: bool) -> None:  # noqa: FBT001
    place = read_place(text)
    assert place.here is here
    assert str(place) == text.replace("localhost", "127.0.0.1")


@pytest.mark.parametrize(
    "text", ["8470", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "host:80", "1.2.3:4", "unix:a", "unix:/" + "a" * 200, ""]
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write an address|a socket is written"):
        read_place(text)
