"""Foreign text: inert on every screen, and the same for matching however it is spelled."""

from __future__ import annotations

import unicodedata

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.text import clean, display_width, fold_with_offsets, hidden, one_line, visible


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]8;;http://evil\x07link", r"\x1b]8;;http://evil\x07link"),
        ("\x9b2J \x85 \x7f \x00", r"\x9b2J \x85 \x7f \x00"),
        ("user\u202egpj.exe", "user<U+202E>gpj.exe"),
        ("a\u200bb\u200dc\ufeffd\u00ade", r"a<U+200B>b<U+200D>c<U+FEFF>d\xade"),
        ("hi\U000e0041\U000e0042", "hi<U+E0041><U+E0042>"),
        ("\ud83d broken", "<U+D83D> broken"),
        ("one\u2028two\u2029three", "one<U+2028>two<U+2029>three"),
        ("\ue000\U000f0000", "<U+E000><U+F0000>"),
        ("line\r\nline\rover", r"line" + "\n" + r"line\x0dover"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("a\ufe0f b", "a<U+FE0F> b"),
        ("[/red] {{7*7}} <b>", "[/red] {{7*7}} <b>"),
    ],
)
def test_what_could_command_hide_or_reorder_is_shown(raw: str, shown: str) -> None:
    assert visible(raw) == shown


@pytest.mark.parametrize(
    "whole",
    [
        "👨‍👩‍👧‍👦",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "🏳️‍🌈",
        "🇩🇪🇫🇷",
        "❤️ 👍🏽 1️⃣ #️⃣ ☹︎",
        "👩🏽‍🔧 👁️‍🗨️",
        "می‌خواهم",
        "क्‍ष न्‍",
        "ශ්‍රී",
        "École 日本語 ไทย",
    ],
)
def test_emoji_flags_and_joining_scripts_stay_whole(whole: str) -> None:
    assert visible(whole) == whole
    assert hidden(whole) == ()


def test_without_newlines_everything_stands_on_one_line() -> None:
    assert visible("a\nb\tc\r\nd", newlines=False) == "a b c d"


def test_hidden_characters_are_named_once_in_order() -> None:
    assert hidden("a\u202eb\u200bc\u202e\x1b") == ("U+202E RIGHT-TO-LEFT OVERRIDE", "U+200B ZERO WIDTH SPACE", "U+001B ESCAPE")
    assert hidden("plain\r\ntext 👍") == ()


@given(st.text(st.characters()))
def test_what_is_shown_is_inert_and_stays_as_it_is(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert not any(
        unicodedata.category(character) in {"Cc", "Cs", "Co", "Zl", "Zp"} for character in shown.replace("\n", "").replace("\t", "")
    )
    assert not any(character in shown for character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")
    shown.encode()


@pytest.mark.parametrize(
    ("text", "width", "line"),
    [
        ("short", 10, "short"),
        ("exactly", 7, "exactly"),
        ("one  two\n three", 20, "one two three"),
        ("much too long", 9, "much too…"),
        ("日本語テキスト", 8, "日本語…"),
        ("👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 5, "👨‍👩‍👧‍👦👨‍👩‍👧‍👦…"),
        ("a\x1bb", 20, r"a\x1bb"),
        ("anything", 1, "…"),
        ("anything", 0, ""),
    ],
)
def test_one_line_is_cut_by_the_columns_it_takes(text: str, width: int, line: str) -> None:
    assert one_line(text, width) == line
    assert display_width(line) <= width


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("École", "école"),
        ("E\u0301COLE", "école"),
        ("ПОМОГИТЕ", "помогите"),
        ("\uff26\uff35\uff2c\uff2c", "full"),
        ("Straße", "strasse"),
        ("\u0130STANBUL ISPARTA \u0131s\u0131", "istanbul isparta isi"),
        ("can\u2019t can\u00b4t", "can't can't"),
        ("ac\u200bme\u00ad", "acme"),
        ("\ufb01ne", "fine"),
        ("\uff76\uff9e", "ガ"),
        ("\ud800x", "\ufffdx"),
    ],
)
def test_spelling_variants_fold_into_one(text: str, folded: str) -> None:
    assert clean(text) == folded


@given(st.text(st.characters()), st.data())
@settings(max_examples=200)
def test_every_stretch_of_the_folded_text_leads_back_into_the_original(text: str, data: st.DataObject) -> None:
    folded = fold_with_offsets(text)
    folded.text.encode()
    if not folded.text:
        return
    start = data.draw(st.integers(0, len(folded.text) - 1))
    end = data.draw(st.integers(start + 1, len(folded.text)))
    first, last = folded.span(start, end)
    assert 0 <= first < last <= len(text)
    assert folded.text[start:end] in clean(text[first:last]) or folded.text[start:end].strip() == ""


def test_a_quote_is_the_authors_own_spelling() -> None:
    folded = fold_with_offsets("İİİ Die STRA\u00dfE brennt")
    start = folded.text.index("strasse")
    assert folded.quote(start, start + len("strasse")) == "STRA\u00dfE"


@pytest.mark.parametrize(
    "piece", ["a", "é", "\u0301", "\u200d", "👨‍👩‍👧", "\x1b", "\U000e0041", "\ud800", "\ufb01", "🏴\U000e0067", "0\ufe0f", "ᄀ"]
)
def test_forty_kilobytes_of_anything_are_read_to_the_end(piece: str) -> None:
    size = len(piece.encode(errors="surrogatepass"))
    text = piece * (40_000 // size)
    for work in (visible, hidden, clean):  # what grew with the square of the length would not come back here
        work(text)
    assert one_line(text, 80).endswith(("…", piece)) or not clean(text).strip()


COMMON = "aÉßжψ あ漢한।👍🏽❤\ufe0f☀✨e\u0301🎉1#\u200d🇩🇪ก\u0e33\r\n"


def cells(cluster: str) -> int:
    if "\ufe0f" in cluster or any(unicodedata.east_asian_width(one) in "WF" for one in cluster):
        return 2
    return 0 if all(unicodedata.category(one) in {"Mn", "Me", "Cf"} for one in cluster) else 1


@given(st.one_of(st.text(), st.text(alphabet=COMMON), st.text(alphabet=st.characters(max_codepoint=0x2FFF))))
@settings(max_examples=300)
def test_the_width_is_that_of_the_clusters_whichever_way_they_are_found(text: str) -> None:
    expected = len(text) if text.isascii() else sum(map(cells, regex.findall(r"\X", text)))
    assert display_width(text) == expected


def test_what_is_a_cluster_by_itself_is_one_beside_any_other() -> None:
    for number in (*range(0x80, 0x3200), *range(0xFE00, 0x10000), *range(0x1F000, 0x1FB00)):
        text = f"é{chr(number)}é"
        assert display_width(text) == sum(map(cells, regex.findall(r"\X", text))), hex(number)


def test_only_an_emoji_may_be_asked_to_be_shown_as_one() -> None:
    for number in (*range(0x2000, 0x2C00), *range(0x1F000, 0x1FB00)):
        before = chr(number)
        fine = regex.fullmatch(r"\p{Emoji}", before) is not None
        assert (visible(f"a{before}\ufe0f").endswith("\ufe0f")) == fine, hex(number)
        assert ("U+FE0F VARIATION SELECTOR-16" in hidden(f"a{before}\ufe0f")) <= (not fine), hex(number)
