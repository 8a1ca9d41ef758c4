"""What rules.yaml says of a webhook: where it is delivered, how it is signed, and where in a delivery everything stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError

from listener import settings
from listener.places import Place, read_place
from listener.rules.kinds import Name, OneOrMore, SomeWords, Strict, Word
from listener.rules.look import Slip
from listener.sources._webhook_seals import HEADERS, Form, Style

ROOT = "$."
"""What a path begins with that starts at the root of a delivery, where its posts are a list."""

_STEP = r"[^\s.$][^.$]*"
_PATH = re.compile(rf"(\$\.)?{_STEP}(\.{_STEP}){{0,15}}")
_URL_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,100}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
_SECRET = re.compile(r"[a-z0-9][a-z0-9_-]{0,57}")
_LONGEST_PATH = 200


def _path(value: str) -> str:
    if len(value) > _LONGEST_PATH or not _PATH.fullmatch(value):
        message = f'"{value[:40]}" is no path: write keys with dots between them, such as review.user.name, entry.0.id or $.shop.name'
        raise ValueError(message)
    return value


def _url_path(value: str) -> str:
    if len(value) > _LONGEST_PATH or not _URL_PATH.fullmatch(value):
        message = "write the path of the address, such as /reviews, of letters, digits and -._~"
        raise ValueError(message)
    return value


def _listen(value: str) -> str:
    read_place(value)
    return value


def _header(value: str) -> str:
    if not _HEADER.fullmatch(value):
        message = "write the name of a header, such as X-Signature"
        raise ValueError(message)
    return value


def _host(value: str) -> str:
    if not _HOST.fullmatch(value.lower()):
        message = f'"{value[:40]}" is no host name as it is wanted here: write hooks.acme.example, without https:// and without a port'
        raise ValueError(message)
    return value.lower()


Where = Annotated[str, AfterValidator(_path)]
Paths = Annotated[tuple[Where, ...], Field(min_length=1), OneOrMore]
Header = Annotated[str, AfterValidator(_header)]


class Tls(Strict):
    """The certificate of an address that other machines can reach."""

    certificate: Word = Field(description="a PEM file: the certificate and those above it")
    key: Word = Field(description="a PEM file: its key, without a password")


class Signature(Strict):
    """How the sender signs: HMAC-SHA256 with the secret NAME_read."""

    style: Style = Field(
        description="github (`sha256=HEX` over the body; Meta's too), hex or base64 (the bare digest), stripe (`t=...,v1=HEX`), "
        "standard (Standard Webhooks: webhook-id, webhook-timestamp, webhook-signature)"
    )
    header: Header | None = Field(default=None, description="the header that holds it; github, stripe and standard have one of their own")
    id_header: Header | None = Field(
        default=None, description="a header with the delivery's id, such as X-GitHub-Delivery; the same id with another body is refused"
    )


class Fields(Strict):
    """Where in a post of a delivery everything stands: paths such as review.user.name; `$.` begins at the delivery's root."""

    id: Paths = Field(description="the post's id: text or a whole number")
    text: Paths = Field(description="its words; of several paths, the first that leads to something")
    author: Paths = Field(description="the name or handle of who wrote it; null where the sender does not know")
    author_id: Paths = Field(default=(), description="who wrote it, as an id; else the name stands for it")
    title: Paths = Field(default=(), description="a title; it is put before the words")
    at: Paths = Field(default=(), description="when it was written: RFC 3339, or seconds or milliseconds since 1970; else when it came")
    url: Paths = Field(default=(), description="its address")
    thread: Paths = Field(default=(), description="the id of the first post of its thread; else its own")
    parent: Paths = Field(default=(), description="the id of the post it answers")
    version: Paths = Field(default=(), description="what changes when it is edited; else its words tell")
    deleted: Paths = Field(default=(), description="something that is there, and not false, where the post was deleted")


class Options(Strict):
    """Where others deliver posts to, how they sign, and what in a delivery means what."""

    listen: Annotated[str, AfterValidator(_listen)] = Field(
        description="where: 127.0.0.1:8470, or unix:/run/earnest/reviews.sock; what other machines can reach needs `tls` and `hosts`"
    )
    path: Annotated[str, AfterValidator(_url_path)] = Field(description="the path of the address, such as /reviews")
    network: Name = Field(description="what the network is called that these posts are from, such as trustpilot")
    signature: Signature = Field(description="how the sender signs")
    map: Fields = Field(description="where in a post everything stands")
    posts: Where | None = Field(default=None, description="where the list of posts is; else a delivery is one post")
    only_when: Mapping[Where, SomeWords] = Field(
        default={}, description="what must stand where, such as {action: [created, edited]}; other deliveries are no posts"
    )
    deleted_when: Mapping[Where, SomeWords] = Field(
        default={}, description="what stands where when a post was deleted, such as {action: [deleted]}"
    )
    markup: Literal["text", "html"] = Field(default="text", description="what the words are written in")
    about: Name | None = Field(default=None, description="the brand that all of this is about, also where no word says so")
    own_authors: Annotated[tuple[Word, ...], OneOrMore] = Field(
        default=(), description="ids of authors (names, where no author_id is mapped) that are ourselves"
    )
    hosts: Annotated[tuple[Annotated[str, AfterValidator(_host)], ...], OneOrMore] = Field(
        default=(), description="host names it is called by, such as hooks.acme.example, where a proxy stands before it"
    )
    tls: Tls | None = Field(default=None, description="the certificate, where it can be reached from other machines")

    @property
    def place(self) -> Place:
        """Where it listens."""
        found = read_place(self.listen)
        return Place(found.host, found.port, found.socket, self.tls.certificate, self.tls.key) if self.tls else found

    @property
    def form(self) -> Form:
        """How deliveries are signed."""
        signature = self.signature
        return Form(signature.style, signature.header or HEADERS.get(signature.style, ""), signature.id_header or "")


def slips(name: str, options: Options) -> Iterator[Slip]:
    """Yield what does not fit together in one source's options."""
    if not _SECRET.fullmatch(name):
        message = f'"{name}" cannot name the secret that its deliveries are signed with'
        yield Slip(name, (), "secret", message, "use small letters, digits, - and _")
    if not options.place.here and options.tls is None:
        hint = "give it `tls`, or listen on 127.0.0.1 or a unix socket behind a proxy of your own"
        yield Slip(name, ("listen",), "public-address", f'"{options.listen}" can be reached from other machines, so it needs `tls`', hint)
    if not options.place.here and not options.hosts:
        yield Slip(name, ("listen",), "hosts", f'"{options.listen}" needs `hosts`: the names it is called by', "hosts: hooks.acme.example")
    if not options.form.header:
        message = f'the style "{options.signature.style}" wants the name of the header beside it'
        yield Slip(name, ("signature", "style"), "header", message, "such as header: X-Signature")
    if options.signature.style == "standard" and options.signature.id_header:
        message = "Standard Webhooks sign an id of their own"
        yield Slip(name, ("signature", "id_header"), "header", message, "leave id_header out")


def all_slips(sources: Mapping[str, Mapping[str, object]]) -> Iterator[Slip]:
    """Yield what does not fit together in all webhook sources of one file."""
    doors: dict[tuple[str, str], str] = {}
    certificates: dict[str, tuple[Tls | None, str]] = {}
    for name, raw in sources.items():
        try:
            options = Options.model_validate(dict(raw))
        except ValidationError:
            continue  # said already, each with its place
        yield from slips(name, options)
        where = str(options.place)
        first = doors.setdefault((where, options.path), name)
        if first != name:
            yield Slip(name, ("path",), "same-path", f'"{first}" listens at {where} and {options.path} too', "give each a path of its own")
        tls, other = certificates.setdefault(where, (options.tls, name))
        if tls != options.tls:
            yield Slip(name, ("listen",), "same-address", f'"{other}" listens here with another certificate', "give both the same `tls`")


def secret_name(name: str) -> str:
    """Return the name of the secret that a source's deliveries are signed with."""
    return settings.reading_secret(name)
