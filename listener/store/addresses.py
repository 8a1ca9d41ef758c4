"""Where a store lies, as its URL says it: how it is shown without its password, and where this machine keeps files that belong to it."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from listener.errors import Unreachable

POSTGRES = ("postgresql://", "postgres://")
_SHOWN = frozenset({"host", "hostaddr", "port", "dbname", "user", "service", "options"})
# What else libpq is told and is no secret (postgresql.org/docs/18/libpq-connect.html, "PARAMKEYWORDS"); a later one may add secrets.
_PLAIN = frozenset({
    "application_name", "channel_binding", "client_encoding", "connect_timeout", "fallback_application_name", "gssdelegation",
    "gssencmode", "gsslib", "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval", "krbsrvname",
    "load_balance_hosts", "max_protocol_version", "min_protocol_version", "passfile", "require_auth", "requirepeer",
    "ssl_max_protocol_version", "ssl_min_protocol_version", "sslcert", "sslcertmode", "sslcompression", "sslcrl", "sslcrldir",
    "sslkey", "sslmode", "sslnegotiation", "sslrootcert", "sslsni", "target_session_attrs", "tcp_user_timeout",
})  # fmt: skip
_HOSTS = re.compile(r"(?:\[[0-9A-Fa-f:.%]+\]|[^\[\]/:@,\s]*)(?::\d*)?")
_UNFIT = re.compile(r"[^A-Za-z0-9.]+")
_LONGEST = 120  # characters of a file's name, before its ending
_HINT = "write it as postgresql://user@host/database; in a password, / is %2F and @ is %40, or keep it in the secret store_password"


def is_postgres(url: str) -> bool:
    """Return whether a URL names a PostgreSQL database."""
    return url.startswith(POSTGRES)


def shown(url: str) -> str:
    """Return the URL of a store as it may be shown: without any password.

    Raises:
        Unreachable: it names a PostgreSQL database in a way that cannot be read.
    """
    return _without(url, _SHOWN)


def to_give(url: str) -> str:
    """Return the URL of a store as it may stand in a command: with everything that says how to connect, and without any secret.

    Raises:
        Unreachable: it names a PostgreSQL database in a way that cannot be read.
    """
    return _without(url, _SHOWN | _PLAIN)


def _without(url: str, names: Collection[str]) -> str:
    """Return a URL with none of its parameters but these, and without a password."""
    if not is_postgres(url):
        return url
    user, hosts, database, asked = _parts(url)
    kept = [(name, value) for name, value in asked if name in names]
    account = f"{user}@" if user else ""
    return f"postgresql://{account}{hosts}/{database}{'?' + urlencode(kept, safe='/') if kept else ''}"


def has_password(url: str) -> bool:
    """Return whether the password stands in the URL of a PostgreSQL database."""
    account = urlsplit(url).netloc.rpartition("@")[0]
    return ":" in account or any(name == "password" for name, _ in _parts(url)[3])


def beside_database(url: str, ending: str) -> Path:
    """Return where this machine keeps a file that belongs to a PostgreSQL database: in `$STATE_DIRECTORY`, else in `data`.

    Its name says which database, without a password. The same database under another host name has another file.
    """
    folder = Path(os.environ.get("STATE_DIRECTORY", "").split(":")[0] or "data").absolute()
    whole = shown(url).removeprefix("postgresql://")
    name = _UNFIT.sub("-", whole).strip("-.")
    if len(name) > _LONGEST:
        import hashlib  # noqa: PLC0415  # hardly any name is so long

        name = f"{name[:_LONGEST]}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"
    return folder / f"postgresql-{name}{ending}"


def _parts(url: str) -> tuple[str, str, str, list[tuple[str, str]]]:
    """Return the user, the hosts, the database and what else is asked for. What does not fit is refused, and no part of it shown."""
    try:
        split = urlsplit(url)
        asked = parse_qsl(split.query, keep_blank_values=True, strict_parsing=bool(split.query))
    except ValueError:
        raise unreadable() from None
    account, _, hosts = split.netloc.rpartition("@")
    if "@" in account:
        raise unreadable()
    database = split.path.removeprefix("/")
    if split.fragment or "@" in database or "/" in database or not all(map(_HOSTS.fullmatch, hosts.split(","))):
        raise unreadable()
    return quote(account.partition(":")[0], safe="%"), hosts, database, asked


def unreadable() -> Unreachable:
    """Return that the URL cannot be read, without a word of it: any part may be one of a password."""
    return Unreachable("the address of the store cannot be read", _HINT)
