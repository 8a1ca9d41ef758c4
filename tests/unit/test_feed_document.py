"""Feeds as they are found, and as somebody who means harm writes them: read in step with their length, and never run."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from listener.errors import Malformed
from listener.sources._feed_document import MOST_TEXT, Document, Entry, read_document

ATOM = '<feed xmlns="http://www.w3.org/2005/Atom">{}</feed>'
RSS = '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">{}</rss>'
LIMIT = 5_000_000
WHEN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def rss(items: str) -> Document:
    return read_document(RSS.format(f"<channel><title>T</title>{items}</channel>").encode())


def only(document: Document) -> Entry:
    (entry,) = document.entries
    return entry


def test_atom_says_how_its_text_is_meant() -> None:
    entries = read_document(
        ATOM.format(
            '<title>The <![CDATA[stand & more]]></title><link href="https://x.example/"/><link rel="self" href="/self"/>'
            '<entry><id>1</id><title>1 &lt;b&gt; 2</title><content type="html">'
            "&lt;p&gt;a&lt;br&gt;b &amp;amp; &amp;lt;c&amp;gt;&lt;/p&gt;</content></entry>"
            '<entry><id>2</id><title type="html">&lt;i&gt;x&lt;/i&gt;</title><summary>s</summary><content type="xhtml">'
            '<div xmlns="http://www.w3.org/1999/xhtml"><p>one &lt;b&gt;</p><p>two</p></div></content></entry>'
            '<entry><id>3</id><title type="text">t</title><link rel="enclosure" href="/no"/><link href="/3"/>'
            "<author><name>Marta</name><email>m@x.example</email></author><updated>2026-11-20T10:00:00+01:00</updated></entry>"
        ).encode()
    )
    assert (entries.title, entries.link, entries.broken) == ("The stand & more", "https://x.example/", "")
    one, two, three = entries.entries
    assert (one.title, one.body) == ("1 <b> 2", "a\nb & <c>")
    assert (two.title, two.body) == ("x", "one <b>\n\ntwo")
    assert (three.title, three.link, three.author, three.at) == ("t", "/3", "Marta", WHEN)


def test_rss_is_html_wherever_it_stands() -> None:
    entry = only(
        rss(
            "<image><title>logo</title></image><item><guid>g</guid><title>AT&amp;T &lt;b&gt;x&lt;/b&gt;</title><dc:creator>Tom</dc:creator>"
            "<pubDate>Fri, 20 Nov 2026 10:00:00 +0100</pubDate><content:encoded><![CDATA[<p>long &amp; whole</p>]]></content:encoded>"
            "<description>short</description></item>"
        )
    )
    assert (entry.title, entry.body, entry.author, entry.at) == ("AT&T x", "long & whole", "Tom", WHEN)


def test_rdf_and_other_prefixes_are_known() -> None:
    rdf = (
        '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:d="http://purl.org/dc/elements/1.1/">'
        "<channel><title>C</title><items><r:Seq><r:li/></r:Seq></items></channel>"
        "<item><title>x</title><link>https://x.example/1</link><d:date>2026-11-20T09:00:00Z</d:date></item></r:RDF>"
    )
    entry = only(read_document(rdf.encode()))
    assert (entry.title, entry.link, entry.at) == ("x", "https://x.example/1", WHEN)
    atom = '<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:id>1</a:id><a:title>y</a:title></a:entry></a:feed>'
    assert only(read_document(atom.encode())).title == "y"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("marta@x.example (Marta P)", "Marta P"),
        ("marta@x.example", "marta"),
        ("@marta", "marta"),
        ("Marta &amp; Tom", "Marta & Tom"),
        ("Marta (she)", "Marta (she)"),
        (" ", ""),
    ],
)
def test_an_author_is_a_name_and_not_an_address(text: str, name: str) -> None:
    assert only(rss(f"<item><title>x</title><author>{text}</author></item>")).author == name


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Fri, 20 Nov 99999 10:00:00 GMT", "1" * 100_000, "2026-02-30", "0000-00-00T00:00:00Z", "0001-01-01", "-"]
)
def test_a_date_that_is_none_is_none(date: str) -> None:
    assert only(rss(f"<item><title>x</title><pubDate>{date}</pubDate></item>")).at is None


@pytest.mark.parametrize(
    "date", ["Fri, 20 Nov 2026 09:00:00 GMT", "2026-11-20T09:00:00", "20 Nov 2026 10:00 +0100", "2026-11-20 09:00:00Z"]
)
def test_dates_are_read_in_the_ways_they_are_written(date: str) -> None:
    assert only(rss(f"<item><title>x</title><pubDate>{date}</pubDate></item>")).at == WHEN


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ("<rss><channel><item><title>café</title></item></channel></rss>".encode("latin-1"), ""),
        ('<?xml version="1.0" encoding="utf-8"?><rss><channel><item><title>café</title></item></channel></rss>'.encode("latin-1"), ""),
        ('<?xml version="1.0" encoding="latin-1"?><rss><channel><item><title>café</title></item></channel></rss>'.encode(), ""),
        ('<?xml version="1.0" encoding="utf-16"?><rss><channel><item><title>café</title></item></channel></rss>'.encode("utf-16"), ""),
        ('<?xml version="1.0"?><rss><channel><item><title>café</title></item></channel></rss>'.encode("utf-8-sig"), ""),
        ('<?xml version="1.0" encoding="bz2"?><rss><channel><item><title>café</title></item></channel></rss>'.encode("latin-1"), ""),
    ],
)
def test_a_wrong_word_about_the_encoding_does_no_harm(data: bytes, kind: str) -> None:
    assert only(read_document(data, kind)).title == "café"


def test_the_server_s_word_about_the_encoding_counts_where_it_fits() -> None:
    data = "<rss><channel><item><title>łódź</title></item></channel></rss>"
    assert only(read_document(data.encode("cp1250"), 'text/xml; charset="windows-1250"')).title == "łódź"
    assert only(read_document(data.encode(), 'text/xml; charset="windows-1250"')).title == "łódź"


def test_what_xml_forbids_and_people_write_is_mended() -> None:
    entry = only(rss("<item><title>a&nbsp;b &eacute; AT&T &nope; x=1&y=2 \0\x01&#0;&#xD83D;&#x1F600; &#9;</title></item>"))
    assert entry.title == "a b é AT&T &nope; x=1&y=2 \ufffd\ufffd😀"
    raw = only(rss("<item><title>x</title><description><![CDATA[<a href='https://x.example/?a=1&b=2'>x</a> &copy;]]></description></item>"))
    assert raw.body == "x (https://x.example/?a=1&b=2) ©"


def test_tags_that_stand_open_in_rss_are_read_as_the_markup_they_are() -> None:
    entry = only(rss("<item><title>x</title><description><p>one</p><p>two <a href='https://x.example/'>there</a></p></description></item>"))
    assert entry.body == "one\n\ntwo there (https://x.example/)"


def test_a_script_is_not_read_out() -> None:
    assert only(rss("<item><title>a&lt;script&gt;alert(1)&lt;/script&gt;b</title></item>")).title == "ab"


def test_one_entry_is_bounded() -> None:
    entry = only(rss(f"<item><title>x</title><description>{'y' * 100_000}</description></item>"))
    assert len(entry.body) == MOST_TEXT


LAUGHS = '<!ENTITY a "lol">' + "".join(f'<!ENTITY {chr(98 + i)} "' + f"&{chr(97 + i)};" * 10 + '">' for i in range(9))


@pytest.mark.parametrize(
    "declared",
    [LAUGHS, '<!ENTITY x SYSTEM "file:///etc/passwd">', f'<!ENTITY a "{"A" * 50_000}">', '<!ENTITY % p SYSTEM "http://127.0.0.1:9/">%p;'],
    ids=["laughs", "outside", "quadratic", "parameter"],
)
def test_a_feed_that_declares_entities_is_refused(declared: str) -> None:
    text = f"<?xml version='1.0'?><!DOCTYPE rss [{declared}]>" + RSS.format("<channel><item><title>&j;&x;&a;</title></item></channel>")
    with pytest.raises(Malformed, match="entities"):
        read_document(text.encode())


def test_an_old_document_type_is_only_left_unread() -> None:
    kind = '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://127.0.0.1:9/rss-0.91.dtd">'
    assert only(read_document((kind + RSS.format("<channel><item><title>x</title></item></channel>")).encode())).title == "x"


@pytest.mark.parametrize(
    "data",
    [b"", b"null", b"7", b'{"items": []}', b"<!doctype html><html>hello</html>", b"<svg/>", b"<opml/>", b"\0\0", b"[" * 10_000, b"<"],
)
def test_what_is_no_feed_is_called_so(data: bytes) -> None:
    with pytest.raises(Malformed, match="no feed"):
        read_document(data)


@pytest.mark.parametrize(
    "piece",
    [
        "<a>",
        "<a ",
        "&lt;a ",
        "&lt;!--",
        "<!--",
        "<![CDATA[",
        "<![CDATA[x]]>",
        "<?a ",
        "&",
        "&nope;",
        "&amp;",
        "&#38;",
        "&#1;",
        "<title>x</title>",
        "<item/>",
        '<link href="x"/>',
        "]]>",
        "&lt;b&gt;",
    ],
)
def test_five_megabytes_of_anything_are_read_in_step_with_their_length(piece: str) -> None:
    took = []
    for length in (LIMIT // 16, LIMIT // 4):
        head = "<rss><channel><item><title>ok</title></item><item><title>x</title><description>"
        began = time.process_time()
        read_document((head + piece * (length // len(piece))).encode())
        took.append(time.process_time() - began)
    assert took[1] < 10 * took[0] + 0.2, took


@pytest.mark.parametrize("attribute", ['a{0}="1"', 'xmlns:a{0}="u{0}"', 'xmlns:a{0}="u"'])
def test_thousands_of_attributes_are_read_in_step_with_their_number(attribute: str) -> None:
    began = time.process_time()
    read_document(f"<rss {' '.join(attribute.format(number) for number in range(50_000))}><channel/></rss>".encode())
    assert time.process_time() - began < 2
