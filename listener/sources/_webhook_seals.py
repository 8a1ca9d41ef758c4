"""How deliveries are signed: HMAC-SHA256 over the raw body, in the few ways that senders write it.

- `github`: `X-Hub-Signature-256: sha256=HEX` over the body (docs.github.com, "Validating webhook deliveries"; Meta's is the same: Graph
  API, "Webhooks, getting started"). `hex` and `base64` are the bare forms, in a header of the sender's choice.
- `stripe`: `Stripe-Signature: t=SECONDS,v1=HEX` over `SECONDS.body` (docs.stripe.com/webhooks, "Verify manually"; several `v1` while a
  secret is changed).
- `standard`: `webhook-id`, `webhook-timestamp`, and `webhook-signature: v1,BASE64 v1,BASE64` over `id.timestamp.body`, under a secret
  written `whsec_BASE64` (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md).

All read in November 2026. Where the time is signed, five minutes either way are fine. What is not signed is not believed: an id in an
unsigned header can show that a delivery contradicts another, never that a body is a new one.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from listener.doorbell import Ring

Style = Literal["github", "hex", "base64", "stripe", "standard"]

HEADERS: Mapping[str, str] = {"github": "X-Hub-Signature-256", "stripe": "Stripe-Signature", "standard": "webhook-signature"}
"""Where each style has its signature unless said otherwise; the other styles have no place of their own."""

WINDOW = 300
"""How many seconds the sender's clock and ours may differ."""

_PREFIX = "whsec_"
_ID, _TIME = "webhook-id", "webhook-timestamp"
_MOST_TRIED = 8
_LONGEST_TIME = 11
_LONGEST_ID = 300

Reason = Literal["unsigned", "wrong", "time"]


@dataclass(frozen=True, slots=True)
class Form:
    """How one source's deliveries are signed: the style, the signature's header, and that of the delivery's id ("" for none)."""

    style: Style
    header: str
    id_header: str = ""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A delivery that is the sender's own word. `claims` may each be made once: again with another body, they contradict it."""

    claims: tuple[str, ...]


def key_of(style: Style, secret: str) -> bytes:
    """Return the key that a secret stands for.

    Raises:
        ValueError: it is none of this style's.
    """
    if style != "standard":
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        message = "it is no whsec_ secret"
        raise ValueError(message) from None


def check(form: Form, keys: Sequence[bytes], ring: Ring, now: float) -> Sealed | Reason:
    """Return what a delivery claims, or why it is not believed; every comparison takes the same time, whatever was sent."""
    said = _only(ring, form.header)
    read = _read(form, said, ring) if said else None
    if read is None:
        return "unsigned"
    given, moment, signed = read
    if not _fits(form.style, keys, given, signed):
        return "wrong"
    if moment is not None and abs(now - moment) > WINDOW:
        return "time"
    return Sealed((*_signed_claim(form, ring, moment), *_unsigned_claim(form, ring)))


def sign(form: Form, key: bytes, body: bytes, *, delivery: str, at: int) -> dict[str, str]:
    """Return the headers that a sender would put on a delivery."""
    named = {form.id_header: delivery} if form.id_header else {}
    if form.style == "stripe":
        return {form.header: f"t={at},v1={_digest('stripe', key, f'{at}.'.encode() + body)}", **named}
    if form.style == "standard":
        signed = f"{delivery}.{at}.".encode() + body
        return {_ID: delivery, _TIME: str(at), form.header: f"v1,{_digest('standard', key, signed)}"}
    prefix = "sha256=" if form.style == "github" else ""
    return {form.header: prefix + _digest(form.style, key, body), **named}


def _only(ring: Ring, header: str) -> str:
    """Return a header that stands there once; two of one name are as good as none."""
    found = ring.headers.get(header.lower(), ())
    return found[0].strip() if len(found) == 1 else ""


def _read(form: Form, said: str, ring: Ring) -> tuple[list[str], int | None, bytes] | None:
    """Return the signatures given, the time that is signed, and what is signed; None where it is not of this style."""
    if form.style == "github":
        return ([said.removeprefix("sha256=").lower()], None, ring.body) if said.startswith("sha256=") else None
    if form.style == "stripe":
        parts = [part.strip().partition("=") for part in said.split(",")]
        times = [value for name, _, value in parts if name == "t"]
        moment = _moment(times[0]) if len(times) == 1 else None
        given = [value.lower() for name, _, value in parts if name == "v1"]
        return (given, moment, f"{times[0]}.".encode() + ring.body) if given and moment is not None else None
    if form.style == "standard":
        name, time = _only(ring, _ID), _only(ring, _TIME)
        moment = _moment(time)
        given = [value for version, _, value in (part.partition(",") for part in said.split()) if version == "v1"]
        fine = bool(name) and len(name) <= _LONGEST_ID and moment is not None and given
        return (given, moment, _bytes(f"{name}.{time}.") + ring.body) if fine else None
    return [said.lower() if form.style == "hex" else said], None, ring.body


def _moment(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_TIME else None


def _fits(style: Style, keys: Sequence[bytes], given: Sequence[str], signed: bytes) -> bool:
    fits = False
    for key in keys:
        wanted = _digest(style, key, signed).encode()
        for one in given[:_MOST_TRIED]:
            fits |= hmac.compare_digest(wanted, _bytes(one))
    return fits


def _digest(style: Style, key: bytes, signed: bytes) -> str:
    made = hmac.new(key, signed, sha256)
    return base64.b64encode(made.digest()).decode() if style in {"base64", "standard"} else made.hexdigest()


def _signed_claim(form: Form, ring: Ring, moment: int | None) -> tuple[str, ...]:
    if form.style == "standard":
        return (f"id {_only(ring, _ID)}",)
    # The same body signed again at another time is another delivery: a text may be changed and changed back.
    return (f"body {'' if moment is None else moment} {sha256(ring.body).hexdigest()}",)


def _unsigned_claim(form: Form, ring: Ring) -> tuple[str, ...]:
    name = _only(ring, form.id_header) if form.id_header else ""
    return (f"header {name[:_LONGEST_ID]}",) if name else ()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
