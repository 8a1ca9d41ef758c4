"""Why a host could not be reached, in words for whoever can do something about it. No byte was sent in any of these cases.

What the system says is told apart by the kind of error, not by its words, which differ from system to system.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl

from listener.errors import NotConnected

ONLINE = "Is this machine on the internet?"
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
_NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EHOSTDOWN})
_TIME_OUT = frozenset({errno.ETIMEDOUT, errno.EAGAIN})


def unreached(host: str, error: BaseException) -> NotConnected:
    """Return what to tell of a connection to `host` that could not be made because of `error`."""
    why, hint = _why(error)
    return NotConnected(f"{host} could not be reached" + (f": {why}" if why else ""), f"{hint} {_proxy()}".strip())


def _why(error: BaseException) -> tuple[str, str]:
    for cause in _causes(error):
        if found := _known(cause):
            return found
    return "", ONLINE


def _causes(error: BaseException) -> list[BaseException]:
    """Return an error and those that it was made from, the innermost first: the outer ones only repeat it."""
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in found:
        found.insert(0, at)
        inner = getattr(at, "certificate_error", None) or getattr(at, "os_error", None)
        at = inner if isinstance(inner, BaseException) else at.__cause__
    return found


def _known(error: BaseException) -> tuple[str, str] | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        said = getattr(error, "verify_message", "")
        why = "its certificate is not one that this machine trusts" + (f" ({said})" if said else "")
        return why, "Is this machine's clock right? Where a proxy opens encrypted connections, SSL_CERT_FILE must name its certificate."
    if isinstance(error, ssl.SSLError):
        return "it does not speak the encryption that https needs", "Is the address right? A proxy or a sign-in page may be in between."
    if isinstance(error, socket.gaierror):
        if error.errno in _NO_SUCH_NAME:
            return "there is no address for this name", f"{ONLINE} Is the name spelt right?"
        return "its name cannot be looked up", f"{ONLINE} Its name server does not answer."
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there, it refuses the connection", "Is the address right? Its server may be down, or a firewall says no."
    if isinstance(error, ConnectionError):
        return "it hangs up at once", f"{ONLINE} A firewall or a proxy may be in between."
    if isinstance(error, TimeoutError) or getattr(error, "errno", None) in _TIME_OUT:
        return "nothing answers there", f"{ONLINE} A firewall may keep it from answering."
    if getattr(error, "errno", None) in _NO_WAY:
        return "there is no way there from this machine", ONLINE
    return None


def _proxy() -> str:
    """Say that a proxy is not used, where one is named: who names one expects it to be."""
    named = next((name for name in _PROXIES if os.environ.get(name)), "")
    return f"{named} is set, but Earnest uses no proxy: it must be let out directly." if named else ""
