"""The tables of the voice, as migrations that only ever go forward."""

from __future__ import annotations

from listener.store.base import Migrations

_ANSWERING = (
    """CREATE TABLE cases (
        id INTEGER PRIMARY KEY, network TEXT NOT NULL, thread_id TEXT NOT NULL, author_id TEXT NOT NULL, handle TEXT NOT NULL,
        brand TEXT NOT NULL, post_id TEXT NOT NULL, route TEXT NOT NULL, rule_version TEXT NOT NULL, state TEXT NOT NULL,
        level TEXT NOT NULL, points INTEGER NOT NULL, team TEXT NOT NULL, assignee TEXT NOT NULL, opened_at TEXT NOT NULL,
        updated_at TEXT NOT NULL, respond_by TEXT, resolve_by TEXT, responded_at TEXT, snoozed_until TEXT,
        looked_at_by TEXT NOT NULL DEFAULT '', looked_at_until TEXT,
        UNIQUE (network, thread_id, author_id, brand))""",
    "CREATE INDEX cases_by_author ON cases (network, author_id)",
    """CREATE TABLE decisions (
        id INTEGER PRIMARY KEY, case_id INTEGER NOT NULL REFERENCES cases (id) ON DELETE CASCADE, network TEXT NOT NULL,
        post_id TEXT NOT NULL, brand TEXT NOT NULL, route TEXT NOT NULL, rule_version TEXT NOT NULL, actions TEXT NOT NULL,
        holds TEXT NOT NULL, trace TEXT NOT NULL, decided_at TEXT NOT NULL)""",
    "CREATE INDEX decisions_by_case ON decisions (case_id, id)",
    """CREATE TABLE drafts (
        id INTEGER PRIMARY KEY, case_id INTEGER NOT NULL REFERENCES cases (id) ON DELETE CASCADE, network TEXT NOT NULL,
        post_id TEXT NOT NULL, brand TEXT NOT NULL, state TEXT NOT NULL, route TEXT NOT NULL, rule_version TEXT NOT NULL,
        public_text TEXT, private_text TEXT, public_template TEXT, private_template TEXT, problems TEXT NOT NULL,
        approvals_needed INTEGER NOT NULL, parent_text TEXT NOT NULL, created_at TEXT NOT NULL, expires_at TEXT, decided_at TEXT,
        reason TEXT NOT NULL DEFAULT '')""",
    "CREATE INDEX drafts_by_case ON drafts (case_id, id)",
    "CREATE INDEX drafts_waiting ON drafts (id) WHERE state = 'waiting'",
    """CREATE TABLE approvals (
        id INTEGER PRIMARY KEY, draft_id INTEGER NOT NULL REFERENCES drafts (id) ON DELETE CASCADE, who TEXT NOT NULL,
        verdict TEXT NOT NULL, reason TEXT NOT NULL, public_text TEXT, private_text TEXT, bound TEXT NOT NULL, at TEXT NOT NULL)""",
    "CREATE INDEX approvals_by_draft ON approvals (draft_id, id)",
    """CREATE TABLE deliveries (
        id INTEGER PRIMARY KEY, case_id INTEGER NOT NULL REFERENCES cases (id) ON DELETE CASCADE,
        draft_id INTEGER NOT NULL REFERENCES drafts (id) ON DELETE CASCADE, kind TEXT NOT NULL, network TEXT NOT NULL,
        account TEXT NOT NULL, parent_id TEXT NOT NULL, visibility TEXT NOT NULL, text TEXT NOT NULL, key TEXT NOT NULL,
        record_at TEXT NOT NULL, bound TEXT NOT NULL, state TEXT NOT NULL, automatic INTEGER NOT NULL, route TEXT NOT NULL,
        author_id TEXT NOT NULL, thread_id TEXT NOT NULL, points INTEGER NOT NULL, after_id INTEGER REFERENCES deliveries (id),
        not_before TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, first_attempt_at TEXT, last_attempt_at TEXT,
        claimed_until TEXT, sent_at TEXT, remote_id TEXT NOT NULL DEFAULT '', remote_url TEXT NOT NULL DEFAULT '',
        reason TEXT NOT NULL DEFAULT '')""",
    "CREATE UNIQUE INDEX deliveries_once ON deliveries (account, network, parent_id, kind) WHERE state <> 'refused'",
    "CREATE INDEX deliveries_open ON deliveries (state, not_before) WHERE state IN ('ready', 'claimed', 'unknown')",
    "CREATE INDEX deliveries_by_author ON deliveries (network, author_id, last_attempt_at)",
    "CREATE INDEX deliveries_by_thread ON deliveries (network, thread_id)",
    """CREATE TABLE suppressions (
        network TEXT NOT NULL, author_id TEXT NOT NULL, handle TEXT NOT NULL, words TEXT NOT NULL, post_id TEXT NOT NULL,
        by TEXT NOT NULL, since TEXT NOT NULL, lifted_at TEXT, lifted_by TEXT, PRIMARY KEY (network, author_id))""",
    """CREATE TABLE switches (
        name TEXT PRIMARY KEY, reason TEXT NOT NULL, by TEXT NOT NULL, since TEXT NOT NULL, until TEXT)""",
    """CREATE TABLE escalations (
        id INTEGER PRIMARY KEY, case_id INTEGER NOT NULL REFERENCES cases (id) ON DELETE CASCADE, team TEXT NOT NULL,
        words TEXT NOT NULL, raised_at TEXT NOT NULL, next_at TEXT, told_at TEXT, attempts INTEGER NOT NULL DEFAULT 0,
        problem TEXT NOT NULL DEFAULT '', post_id TEXT NOT NULL, UNIQUE (case_id, team, post_id))""",
    """CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL, at TEXT NOT NULL)""",
    """CREATE TABLE audit (
        id INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL, case_id INTEGER, detail TEXT NOT NULL,
        seal TEXT NOT NULL)""",
    "CREATE INDEX audit_by_case ON audit (case_id, id)",
)

_SENDING = (
    # `approved_at` is the last yes; `record_at` stays what was made before the first attempt, since the network may hold it already.
    "ALTER TABLE deliveries ADD COLUMN approved_at TEXT NOT NULL DEFAULT ''",
    "UPDATE deliveries SET approved_at = record_at",
    "DROP INDEX deliveries_once",
    # One public and one private answer to one post, whatever is tried: only a known refusal, or a withdrawal, frees the place.
    """CREATE UNIQUE INDEX deliveries_once ON deliveries (account, network, parent_id, kind)
        WHERE state NOT IN ('refused', 'withdrawn')""",
    "DROP INDEX deliveries_open",
    """CREATE INDEX deliveries_open ON deliveries (state, not_before) WHERE state IN ('ready', 'claimed', 'unknown', 'withdrawing')""",
    "CREATE INDEX deliveries_by_attempt ON deliveries (network, last_attempt_at)",
    "CREATE INDEX deliveries_by_case ON deliveries (case_id, id)",
    "CREATE INDEX deliveries_parked ON deliveries (case_id, kind, id) WHERE state = 'parked'",
)

_INCIDENTS = (
    """CREATE TABLE incidents (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL, words TEXT NOT NULL, raised_at TEXT NOT NULL, ended_at TEXT, next_at TEXT,
        told_at TEXT, attempts INTEGER NOT NULL DEFAULT 0, problem TEXT NOT NULL DEFAULT '')""",
    "CREATE UNIQUE INDEX incidents_open ON incidents (name) WHERE ended_at IS NULL",
)

_BRAKES = (
    """CREATE TABLE tallies (
        name TEXT NOT NULL, step TEXT NOT NULL, epoch INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (name, step, epoch))""",
    "CREATE INDEX decisions_by_post ON decisions (network, post_id)",
    "CREATE INDEX cases_by_thread ON cases (network, thread_id, state)",
    "CREATE INDEX deliveries_by_remote ON deliveries (remote_id)",
    "CREATE INDEX deliveries_by_parent ON deliveries (parent_id, network)",
    "CREATE INDEX deliveries_by_draft ON deliveries (draft_id)",
    "CREATE INDEX deliveries_left ON deliveries (last_attempt_at)",
    "CREATE INDEX deliveries_alone ON deliveries (COALESCE(last_attempt_at, not_before)) WHERE automatic = 1",
)

# When a person said that an answer in doubt is not there: it may be sent again, and its doubt stays on record.
_SENT_AGAIN = ("ALTER TABLE deliveries ADD COLUMN resent_at TEXT",)

_RULEBOOKS = (
    """CREATE TABLE rulebooks (
        version TEXT PRIMARY KEY, words TEXT NOT NULL, first_at TEXT NOT NULL, last_at TEXT NOT NULL)""",
)

# What a person posts, and the parts of a network (subreddits) in which no program may answer until a person says so.
_BY_HAND = (
    "ALTER TABLE deliveries ADD COLUMN by_hand INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX deliveries_by_hand ON deliveries (case_id, kind, id) WHERE state = 'by_hand'",
    """CREATE TABLE closed_places (
        network TEXT NOT NULL, place TEXT NOT NULL, reason TEXT NOT NULL, by TEXT NOT NULL, since TEXT NOT NULL,
        opened_at TEXT, opened_by TEXT, PRIMARY KEY (network, place))""",
)

# The ladder: by which words and conditions a draft was made, what came back to it, and routes that a bad record lowered.
_LADDER = (
    "ALTER TABLE drafts ADD COLUMN mark TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX drafts_of_route ON drafts (route, mark, decided_at)",
    "CREATE INDEX approvals_against ON approvals (at) WHERE verdict IN ('rejected', 'undone', 'withdrew')",
    "CREATE TABLE unhappy (draft_id INTEGER PRIMARY KEY REFERENCES drafts (id) ON DELETE CASCADE, at TEXT NOT NULL)",
    "CREATE INDEX unhappy_at ON unhappy (at)",
    """CREATE TABLE lowered (
        id INTEGER PRIMARY KEY, route TEXT NOT NULL, mark TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL,
        restored_at TEXT, restored_by TEXT NOT NULL DEFAULT '', restored_why TEXT NOT NULL DEFAULT '')""",
    "CREATE UNIQUE INDEX lowered_now ON lowered (route) WHERE restored_at IS NULL",
)

# When the clocks of a case run (as `Schedule`, packed; "" is always), and since when that of its resolution stands still.
_CLOCKS = (
    "ALTER TABLE cases ADD COLUMN schedule TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE cases ADD COLUMN paused_at TEXT",
    "UPDATE cases SET respond_by = NULL, resolve_by = NULL WHERE state IN ('noted', 'closed')",
    "UPDATE cases SET paused_at = updated_at WHERE state = 'answered' AND resolve_by IS NOT NULL",
)

# Which shadow routes matched a decided mention: those that would have taken it (`above` is empty), and those below its route.
_SHADOWS = (
    """CREATE TABLE shadows (
        decision_id INTEGER NOT NULL REFERENCES decisions (id) ON DELETE CASCADE, route TEXT NOT NULL, above TEXT NOT NULL,
        actions TEXT NOT NULL, held_by TEXT NOT NULL, drafts INTEGER NOT NULL, PRIMARY KEY (decision_id, route))""",
    "CREATE INDEX shadows_by_route ON shadows (route, decision_id)",
)
# The written answer that a draft tells, as it was when the draft was made.
_ANSWERS = ("ALTER TABLE drafts ADD COLUMN answer TEXT NOT NULL DEFAULT ''",)

# What storms added to a mention's urgency; which terms posts hold, each use bound to its post; and how each watch stands.
_OVER_TIME = (
    "ALTER TABLE decisions ADD COLUMN raised TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE incidents ADD COLUMN team TEXT NOT NULL DEFAULT ''",
    """CREATE TABLE term_uses (
        brand TEXT NOT NULL, term TEXT NOT NULL, at TEXT NOT NULL, network TEXT NOT NULL, post_id TEXT NOT NULL, author_id TEXT NOT NULL,
        PRIMARY KEY (brand, term, at, network, post_id)) WITHOUT ROWID""",
    "CREATE INDEX term_uses_by_time ON term_uses (brand, at)",
    "CREATE INDEX term_uses_by_age ON term_uses (at)",
    "CREATE INDEX term_uses_by_post ON term_uses (network, post_id)",
    "CREATE TABLE watches (name TEXT PRIMARY KEY, state TEXT NOT NULL, words TEXT NOT NULL, since TEXT NOT NULL)",
)

# What a person said of one exact text of the rules: its figures were seen, and its mode was typed.
_TAKES = (
    """CREATE TABLE rule_takes (
        id INTEGER PRIMARY KEY, version TEXT NOT NULL, who TEXT NOT NULL, reason TEXT NOT NULL, forced INTEGER NOT NULL,
        mode TEXT NOT NULL, at TEXT NOT NULL, used_at TEXT)""",
)

# For which deadline a team was told that it is late.
_LATE = (
    "ALTER TABLE cases ADD COLUMN late_for TEXT",
    "CREATE INDEX cases_by_deadline ON cases (respond_by) WHERE respond_by IS NOT NULL",
)

# The daemons that work on a shared store: what each does, and by which program and rules.
_MACHINES = (
    """CREATE TABLE machines (
        name TEXT PRIMARY KEY, roles TEXT NOT NULL, version TEXT NOT NULL, rules TEXT NOT NULL, mode TEXT NOT NULL, since TEXT NOT NULL,
        seen_at TEXT NOT NULL)""",
)

# For finding cases by what people filter by, and for counting, when much is stored.
_LOOKING = (
    "CREATE INDEX cases_of_route ON cases (route)",
    "CREATE INDEX cases_of_brand ON cases (brand)",
    "CREATE INDEX cases_of_team ON cases (team) WHERE team <> ''",
    "CREATE INDEX cases_of_assignee ON cases (assignee) WHERE assignee <> ''",
    "CREATE INDEX cases_by_update ON cases (updated_at)",
    "CREATE INDEX decisions_raised ON decisions (network, post_id) WHERE raised <> ''",
    "CREATE INDEX deliveries_by_state ON deliveries (state)",
    "DROP INDEX drafts_waiting",
    "CREATE INDEX drafts_waiting ON drafts (id, case_id) WHERE state = 'waiting'",
    "CREATE INDEX audit_by_time ON audit (at)",
)

# What is asked at every scrape of the metrics, and must not cost more for all that has come to its end.
_WATCHED = (
    "CREATE INDEX deliveries_unfinished ON deliveries (state) WHERE state NOT IN ('sent', 'refused', 'withdrawn')",
    "CREATE INDEX escalations_untold ON escalations (id) WHERE told_at IS NULL",
    "CREATE INDEX incidents_untold ON incidents (id) WHERE told_at IS NULL",
)

# For reports: the drafts that anything happened to lately.
_REPORTING = (
    "CREATE INDEX approvals_by_time ON approvals (at)",
    "CREATE INDEX drafts_of_route_by_time ON drafts (route, COALESCE(decided_at, created_at))",
    "CREATE INDEX drafts_approved ON drafts (decided_at) WHERE state = 'approved'",
)

# For the inbox: cases with something to decide in the order of the inbox, which of them have a draft, and which are snoozed.
_WAITING = (
    "CREATE INDEX cases_waiting ON cases (state, points DESC, COALESCE(respond_by, '9999'), snoozed_until, id) WHERE state = 'waiting'",
    "CREATE INDEX cases_snoozed ON cases (snoozed_until) WHERE snoozed_until IS NOT NULL",
    "DROP INDEX drafts_waiting",
    "CREATE INDEX drafts_waiting ON drafts (case_id, id) WHERE state = 'waiting'",
)

MIGRATIONS = Migrations(
    "responders",
    {
        "001_answering": _ANSWERING,
        "002_sending": _SENDING,
        "003_incidents": _INCIDENTS,
        "004_brakes": _BRAKES,
        "005_sent_again": _SENT_AGAIN,
        "006_rulebooks": _RULEBOOKS,
        "007_by_hand": _BY_HAND,
        "008_over_time": _OVER_TIME,
        "009_shadows": _SHADOWS,
        "010_ladder": _LADDER,
        "011_takes": _TAKES,
        "012_answers": _ANSWERS,
        "013_clocks": _CLOCKS,
        "014_late": _LATE,
        "015_machines": _MACHINES,
        "016_looking": _LOOKING,
        "017_watched": _WATCHED,
        "018_reporting": _REPORTING,
        "019_waiting": _WAITING,
    },
)
