"""Telling systemd how we are: one datagram each time, as sd_notify(3) has it.

A module of our own, because the protocol is one datagram to an address from the environment, and what could be installed instead is either
long without a release (sdnotify, 2017) or binds libsystemd in C, which then must be there wherever Earnest is installed (cysystemd,
systemd-python).
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress


class Notifier:
    """Tells whoever started us; where nobody asked to be told, it does nothing."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        """Read from the environment who is to be told, and how often the watchdog wants to hear of us."""
        told = _told() if environment is None else environment
        address = told.get("NOTIFY_SOCKET", "")
        # An address is a path, or, with "@", a name in the abstract namespace of Linux. Others (vsock) are not ours.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address if address.startswith("/") else ""
        self.watchdog = _watchdog(told.get("WATCHDOG_USEC", ""), told.get("WATCHDOG_PID", "")) if self._address else None

    @property
    def asked(self) -> bool:
        """Whether anybody wants to be told."""
        return bool(self._address)

    def tell(self, *lines: str) -> None:
        """Tell, such as `READY=1`. What cannot be told is lost: our work must not wait for it."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as out:
            out.sendto("\n".join(lines).encode(), self._address)

    def reloading(self) -> None:
        """Tell that the settings are read again; `READY=1` ends it. The moment tells it from a reload that was asked for later."""
        self.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def _told() -> Mapping[str, str]:
    """Return what systemd told us of itself."""
    return {
        "NOTIFY_SOCKET": os.environ.get("NOTIFY_SOCKET", ""),
        "WATCHDOG_USEC": os.environ.get("WATCHDOG_USEC", ""),
        "WATCHDOG_PID": os.environ.get("WATCHDOG_PID", ""),
    }


def _watchdog(every: str, who: str) -> float | None:
    """Return within how many seconds the watchdog wants to hear of this very process, None where it does not."""
    if not every.isdecimal() or int(every) == 0 or who not in {"", str(os.getpid())}:
        return None
    return int(every) / 1_000_000
