"""How the X channel counts a text, and knows it again when X has rendered it."""

from __future__ import annotations

import pytest

from responders.channels._x_text import count, essence
from responders.channels.x import KIND
from responders.model import Kind


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("hello", 5),
        ("caf\u00e9", 4),
        ("cafe\u0301", 4),
        ("\u65e5\u672c", 4),
        ("\u041f\u0440\u0438\u0432\u0435\u0442", 6),
        ("\u201cquoted\u201d \u2026", 11),
        ("see https://acme.com/" + "a" * 200, 27),
        ("https://acme.com.", 24),
        ("(https://acme.com/a)", 25),
        ("go to acme.com/help now", 33),
        ("https://acme.com/help\u3053\u3061\u3089", 29),
        ("https://acme.com/help\uc5ec\uae30", 27),
        ("https://acme.com/h\u00e9\u0436?a=%20&b", 23),
        ("https://acme.com/a b", 25),
        ("https://" + "\u3042" * 20 + ".com", 23),
        ("https://" + "\u3042\u3044\u3046\u3048\u304a" * 12 + ".com", 132),
        ("https://acme_shop.com/" + "a" * 30, 52),
        ("https://my_own.acme.com/" + "a" * 30, 23),
        ("https://acme-.com/" + "a" * 30, 48),
        ("https://xn--\u3042.com/" + "a" * 30, 49),
        ("mail me@acme.com", 16),
        ("\N{GRINNING FACE}" * 3, 6),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", 2),
        ("\U0001f64b\U0001f3fd", 2),
        ("\U0001f1eb\U0001f1f7", 2),
        ("1\ufe0f\u20e3", 2),
        ("\u00a9", 1),
        ("@marta hello", 5),
        ("@marta @tom hello", 5),
        ("hello @marta", 12),
    ],
)
def test_characters_are_counted_as_x_counts_them(text: str, length: int) -> None:
    assert count(text) == length


def test_a_text_that_x_would_not_take_is_named() -> None:
    public, private = (KIND.limits(kind).problem for kind in Kind)
    assert not public("x" * 280)
    assert "3 more" in public("x" * 283)
    assert "2 more" in public("\u65e5" * 141)
    assert not private("\u65e5" * 10_000)
    assert "1 more" in private("x" * 10_001)
    assert public(" \n") == private(" ") == "it says nothing"
    assert "byte order mark" in public("\ufeffhello")
    assert public("buy $ACME and $TOMS")
    assert not public("it costs $5 and $ACME is ours, 10$")


@pytest.mark.parametrize(
    ("said", "shown", "links"),
    [
        ("Hello", "@marta Hello", ()),
        ("@marta Hello", "@marta @tom Hello", ()),
        ("see acme.com", "@marta see https://t.co/1", (("https://t.co/1", "http://acme.com"),)),
        ("a  b\n\nc", "a b c", ()),
        ("a & b", "a &amp; b", ()),
    ],
)
def test_a_text_is_known_again(said: str, shown: str, links: tuple[tuple[str, str], ...]) -> None:
    assert essence(said) == essence(shown, links)
    assert essence(f"{said}!") != essence(shown, links)
