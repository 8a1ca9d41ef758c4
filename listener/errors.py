"""What can go wrong, as a person is told it. Every error carries what happened and, where there is one, what to do.

EarnestError                1   it did not work
├── UsageError              2   the call makes no sense
├── SignInNeeded            4   a network wants a sign-in
├── Unreachable             5   the store or the daemon cannot be reached
│   ├── NoStore             5   no store was made at that place yet (listener.store.base)
│   └── Refused             5   a database server refused, or is not there (listener.store.postgres.errors)
├── RulesWrong             78   rules.yaml cannot be used
│   ├── RulesProblems      78   the same, with every mistake in it (listener.rules.problems)
│   └── Held               78   it is right, and wants a person's word first (responders.edits)
├── Undelivered             1   approved words cannot be sent as things stand (responders.orders)
└── NetworkError            1   a network did not do what was asked
    ├── NotConnected        1   no byte was sent: safe to try again
    ├── RateLimited         1   wait; `retry_after` says how long
    ├── Malformed           1   the answer made no sense
    └── Declined            1   Bluesky understood and said no (listener.bluesky_session)
"""

from __future__ import annotations


class EarnestError(Exception):
    """Something did not work. `message` says what happened, `hint` what to do; `exit_code` is the program's."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        """Keep both sentences apart, so that a screen can set them apart too."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(EarnestError):
    """The call makes no sense as it stands."""

    exit_code = 2


class SignInNeeded(EarnestError):
    """A network refuses our token, or wants one where we have none."""

    exit_code = 4


class Unreachable(EarnestError):
    """The store or the daemon cannot be reached."""

    exit_code = 5


class RulesWrong(EarnestError):
    """The rules file cannot be used."""

    exit_code = 78


class NetworkError(EarnestError):
    """A network did not do what was asked of it."""


class NotConnected(NetworkError):
    """No connection was made, so no byte was sent: trying again is safe."""


class RateLimited(NetworkError):
    """The network asks us to wait `retry_after` seconds (already bounded to a sane range)."""

    def __init__(self, message: str, retry_after: float, hint: str = "") -> None:
        """Keep the wait beside the words."""
        super().__init__(message, hint)
        self.retry_after = retry_after


class Malformed(NetworkError):
    """The network's answer made no sense: broken, truncated, of the wrong type, or too large."""
