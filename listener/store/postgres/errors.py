"""What goes wrong with a PostgreSQL server, as a person is told it: where, why, and what to do. Never a password, and never a stored value.

Only the first line of what the server says is told: the lines below it may quote a row.
"""

from __future__ import annotations

import psycopg
from psycopg import errors

from listener.errors import EarnestError, Unreachable
from listener.text import one_line

UNSURE = "the connection was lost while the store was told to keep what was written, so nobody can tell whether it did"

_LONGEST = 300
_NOT_OURS = "something else keeps its tables here: give Earnest a database, or a schema of one, of its own (docs/howto/postgresql.md)"
LENT_HINT = 'have the pooler pool by session, or name the server itself (docs/howto/postgresql.md, "Limits that count")'
_BY_STATE: tuple[tuple[str, str], ...] = (
    ("28", "check the user in the URL and the secret store_password, and what pg_hba.conf allows"),
    ("3D", "make the database first: createdb NAME"),
    ("3F", "the schema in search_path does not exist; make it first"),
    ("42501", "the user may not do that: let it own the schema (docs/howto/postgresql.md)"),
    ("53100", "the server's disk is full: make room there"),
    ("53200", "the server is short of memory, or of locks: raise max_locks_per_transaction (docs/howto/postgresql.md)"),
    ("53300", "the server takes no more connections: raise max_connections, or the user's CONNECTION LIMIT"),
    ("25006", "this server only reads (a standby?): name the primary, or add ?target_session_attrs=read-write to the URL"),
    ("55P03", "another program keeps it locked; try again, and see who: SELECT * FROM pg_locks WHERE locktype = 'advisory'"),
    ("57P", "the server stops or starts; Earnest goes on by itself as soon as it is there"),
    *((state, LENT_HINT) for state in ("26000", "42P05")),  # a statement that was kept ready is not there, or is there already
    *((state, _NOT_OURS) for state in ("42P07", "42P13", "42703", "42710", "42723", "42809")),
)
# What libpq says before a server has answered comes without a code.
_BY_WORDS: tuple[tuple[str, str], ...] = (
    ("password", _BY_STATE[0][1]),
    ("authentication", _BY_STATE[0][1]),
    ("pg_hba", _BY_STATE[0][1]),
    ("does not exist", _BY_STATE[1][1]),
    ("too many", _BY_STATE[6][1]),
    ("remaining connection slots", _BY_STATE[6][1]),
    ("certificate", "check sslrootcert and sslmode in the URL (docs/howto/postgresql.md)"),
    ("SSL", "check sslmode in the URL (docs/howto/postgresql.md)"),
    ("starting up", _BY_STATE[9][1]),
    ("shutting down", _BY_STATE[9][1]),
)
_OTHERWISE = "check that the server runs, and that host, port and database are right"


class Refused(Unreachable):
    """The database refused a statement, or is not there. `again` says that the same transaction may well go through when it is repeated."""

    def __init__(self, message: str, hint: str, *, again: bool = False) -> None:
        """Keep whether trying again helps beside the words."""
        super().__init__(message, hint)
        self.again = again


def told(shown: str, problem: BaseException) -> EarnestError:
    """Return what went wrong with the store at the URL `shown` as a person is told it."""
    if isinstance(problem, EarnestError):
        return problem
    if not isinstance(problem, psycopg.Error):
        return Refused(f"the store {shown} cannot be used: {type(problem).__name__}", _OTHERWISE)
    cause = _cause(problem)
    again = isinstance(problem, errors.SerializationFailure | errors.DeadlockDetected)
    return Refused(f"the store {shown} cannot be used: {cause}", _hint(problem.sqlstate or "", cause), again=again)


def unsure(shown: str) -> EarnestError:
    """Return that a connection was lost in the middle of a commit."""
    return Refused(f"the store {shown}: {UNSURE}", "look before doing it again; Earnest itself settles what was on its way")


def _cause(problem: psycopg.Error) -> str:
    words = problem.diag.message_primary or str(problem) or type(problem).__name__
    lines = words.strip().splitlines()
    return one_line(lines[0] if lines else type(problem).__name__, _LONGEST)


def _hint(state: str, cause: str) -> str:
    if "prepared statement" in cause:  # one that was kept ready is somebody else's; its code, 08P01, is that of all that a pooler says
        return LENT_HINT
    for start, hint in _BY_STATE:
        if state and state.startswith(start):
            return hint
    if not state:
        for words, hint in _BY_WORDS:
            if words in cause:
                return hint
    return _OTHERWISE
