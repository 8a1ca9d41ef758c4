"""The tables of the ear, as migrations that only ever go forward."""

from __future__ import annotations

from listener.store.base import Migrations

_HEARING = (
    """CREATE TABLE posts (
        seq INTEGER PRIMARY KEY, network TEXT NOT NULL, id TEXT NOT NULL, thread_id TEXT NOT NULL, parent_id TEXT, parent_author_id TEXT,
        author_id TEXT NOT NULL, handle TEXT NOT NULL, display_name TEXT NOT NULL, followers INTEGER, bot INTEGER NOT NULL,
        bio TEXT NOT NULL,
        text TEXT NOT NULL, created_at TEXT NOT NULL, heard_at TEXT NOT NULL, url TEXT NOT NULL, visibility TEXT NOT NULL,
        mentions TEXT NOT NULL, tags TEXT NOT NULL, language TEXT, version TEXT NOT NULL, own INTEGER NOT NULL,
        late INTEGER NOT NULL, source TEXT NOT NULL, deleted_at TEXT,
        UNIQUE (network, id))""",
    "CREATE INDEX posts_by_thread ON posts (network, thread_id, created_at)",
    "CREATE INDEX posts_by_author ON posts (network, author_id, created_at)",
    """CREATE TABLE mentions (
        seq INTEGER PRIMARY KEY, network TEXT NOT NULL, post_id TEXT NOT NULL, brand TEXT NOT NULL, because TEXT NOT NULL,
        addressed INTEGER NOT NULL, heard_at TEXT NOT NULL, decided INTEGER NOT NULL DEFAULT 0,
        UNIQUE (network, post_id, brand),
        FOREIGN KEY (network, post_id) REFERENCES posts (network, id) ON DELETE CASCADE)""",
    "CREATE INDEX mentions_undecided ON mentions (seq) WHERE decided = 0",
    """CREATE TABLE assessments (
        network TEXT NOT NULL, post_id TEXT NOT NULL, language TEXT NOT NULL, mood TEXT NOT NULL, score REAL NOT NULL,
        level TEXT NOT NULL, points INTEGER NOT NULL, intent TEXT NOT NULL, record TEXT NOT NULL, judged_at TEXT NOT NULL,
        PRIMARY KEY (network, post_id),
        FOREIGN KEY (network, post_id) REFERENCES posts (network, id) ON DELETE CASCADE)""",
    "CREATE TABLE cursors (source TEXT PRIMARY KEY, cursor TEXT, moved_at TEXT NOT NULL)",
    """CREATE TABLE gaps (
        id INTEGER PRIMARY KEY, source TEXT NOT NULL, reason TEXT NOT NULL, since TEXT, until TEXT, found_at TEXT NOT NULL)""",
    """CREATE TABLE sources (
        name TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, detail TEXT NOT NULL, polled_at TEXT, heard_at TEXT,
        every_s REAL NOT NULL)""",
    "CREATE TABLE accounts (network TEXT PRIMARY KEY, id TEXT NOT NULL, handle TEXT NOT NULL, url TEXT NOT NULL, seen_at TEXT NOT NULL)",
    "CREATE VIRTUAL TABLE words USING fts5 (text, handle, content='posts', content_rowid='seq', tokenize='unicode61 remove_diacritics 2')",
    """CREATE TRIGGER words_added AFTER INSERT ON posts BEGIN
        INSERT INTO words (rowid, text, handle) VALUES (new.seq, new.text, new.handle); END""",
    """CREATE TRIGGER words_gone AFTER DELETE ON posts BEGIN
        INSERT INTO words (words, rowid, text, handle) VALUES ('delete', old.seq, old.text, old.handle); END""",
    """CREATE TRIGGER words_changed AFTER UPDATE OF text, handle ON posts BEGIN
        INSERT INTO words (words, rowid, text, handle) VALUES ('delete', old.seq, old.text, old.handle);
        INSERT INTO words (rowid, text, handle) VALUES (new.seq, new.text, new.handle); END""",
)

_FOLLOWING = (
    # `look_at` is when a post is read again, NULL for never; `looked_at` when that was done last; `edited_at` when an edit was noticed.
    "ALTER TABLE posts ADD COLUMN look_at TEXT",
    "ALTER TABLE posts ADD COLUMN looked_at TEXT",
    "ALTER TABLE posts ADD COLUMN edited_at TEXT",
    "UPDATE posts SET look_at = heard_at WHERE own = 0 AND deleted_at IS NULL AND source IN (SELECT name FROM sources)",
    "CREATE INDEX posts_to_look ON posts (network, source, look_at) WHERE look_at IS NOT NULL",
    # What became of a mention after it was heard, until whoever answers has acted on it: `gone`, or `unnamed` (an edit took our name out).
    # `not_before` is when to try again what went wrong.
    """CREATE TABLE turns (
        seq INTEGER PRIMARY KEY, network TEXT NOT NULL, post_id TEXT NOT NULL, brand TEXT NOT NULL, turn TEXT NOT NULL,
        at TEXT NOT NULL, not_before TEXT NOT NULL DEFAULT '')""",
    # Posts that were told to be deleted before they were heard at all.
    """CREATE TABLE tombstones (network TEXT NOT NULL, post_id TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (network, post_id))
        WITHOUT ROWID""",
    "CREATE INDEX tombstones_by_age ON tombstones (at)",
    # Since when words that are gone from the tables may still stand in the files; empty where none do.
    "CREATE TABLE remains (since TEXT NOT NULL)",
)

# Two sources of one network may tell of a post in another order than it was changed in. What a source told as the newer version is
# not taken back by another source that is behind.
_SEVERAL_SOURCES = (
    """CREATE TABLE overtaken (
        network TEXT NOT NULL, post_id TEXT NOT NULL, version TEXT NOT NULL, source TEXT NOT NULL,
        PRIMARY KEY (network, post_id, version),
        FOREIGN KEY (network, post_id) REFERENCES posts (network, id) ON DELETE CASCADE)""",
)

# Posts that name a competitor: that they do, when, and in which mood, and no words of anybody. `ours` where they are a mention of ours too.
_COMPETITORS = (
    """CREATE TABLE competitor_posts (
        network TEXT NOT NULL, post_id TEXT NOT NULL, brand TEXT NOT NULL, competitor TEXT NOT NULL, mood TEXT NOT NULL, url TEXT NOT NULL,
        ours INTEGER NOT NULL, created_at TEXT NOT NULL, PRIMARY KEY (network, post_id, brand, competitor)) WITHOUT ROWID""",
    "CREATE INDEX competitor_posts_by_age ON competitor_posts (created_at)",
)

# What people said of how posts are judged. `words` are those that were judged, "" where the post was edited or deleted since; `judged` is
# the row of `assessments` that stood before. A label that is "" was left to Earnest.
_CORRECTIONS = (
    """CREATE TABLE corrections (
        id INTEGER PRIMARY KEY, network TEXT NOT NULL, post_id TEXT NOT NULL, brand TEXT NOT NULL, words TEXT NOT NULL,
        judged TEXT NOT NULL, mood TEXT NOT NULL, level TEXT NOT NULL, intent TEXT NOT NULL, sarcasm TEXT NOT NULL, note TEXT NOT NULL,
        who TEXT NOT NULL, at TEXT NOT NULL, undone_at TEXT, undone_by TEXT NOT NULL DEFAULT '')""",
    "CREATE INDEX corrections_by_post ON corrections (network, post_id)",
    "CREATE INDEX corrections_standing ON corrections (id) WHERE undone_at IS NULL AND words <> ''",
)

# Whose turn something is where several machines work on one store: `token` grows with every new holder, so that one who was late is known
# by it; until `rest_until` nobody asks the network (it told one of us to wait).
_LEASES = (
    """CREATE TABLE leases (
        name TEXT PRIMARY KEY, holder TEXT NOT NULL, token INTEGER NOT NULL, until TEXT NOT NULL, rest_until TEXT NOT NULL DEFAULT '')""",
)

# For looking things up when much is stored: the posts of one person in a thread, a person by a handle (capitals do not matter), posts by
# age, and the few that are urgent.
_LOOKING = (
    "CREATE INDEX posts_of_person ON posts (network, thread_id, author_id)",
    "CREATE INDEX posts_by_handle ON posts (LOWER(handle))",
    "CREATE INDEX posts_by_age ON posts (created_at)",
    "CREATE INDEX assessments_pressing ON assessments (level, network, post_id) WHERE level IN ('high', 'critical')",
)

# The store itself indexes what a transaction added, at its end; what changes before that is not in the index yet.
_INDEXED_AT_THE_END = (
    "DROP TRIGGER words_added",
    "DROP TRIGGER words_gone",
    "DROP TRIGGER words_changed",
    """CREATE TRIGGER words_gone AFTER DELETE ON posts WHEN EXISTS (SELECT 1 FROM words_docsize WHERE id = old.seq) BEGIN
        INSERT INTO words (words, rowid, text, handle) VALUES ('delete', old.seq, old.text, old.handle); END""",
    """CREATE TRIGGER words_changed AFTER UPDATE OF text, handle ON posts WHEN EXISTS (SELECT 1 FROM words_docsize WHERE id = old.seq) BEGIN
        INSERT INTO words (words, rowid, text, handle) VALUES ('delete', old.seq, old.text, old.handle);
        INSERT INTO words (rowid, text, handle) VALUES (new.seq, new.text, new.handle); END""",
)

# Spells in which a source was not polled though it should have been; `ended_at` is NULL while one goes on.
_SILENCES = (
    """CREATE TABLE silences (
        id INTEGER PRIMARY KEY, source TEXT NOT NULL, reason TEXT NOT NULL, since TEXT NOT NULL, found_at TEXT NOT NULL, ended_at TEXT)""",
    "CREATE INDEX silences_open ON silences (source) WHERE ended_at IS NULL",
)

# Which mentions are decided before those that came earlier: cries for help, and what else is urgent, in a storm of others.
_PRESSING = (
    "ALTER TABLE mentions ADD COLUMN pressing INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX mentions_pressing ON mentions (seq) WHERE decided = 0 AND pressing = 1",
)

# Since then a critical mention is marked 2, and the urgent ones else 1.
_CRITICAL = ("CREATE INDEX mentions_critical ON mentions (seq) WHERE decided = 0 AND pressing = 2",)

MIGRATIONS = Migrations(
    "listener",
    {
        "001_hearing": _HEARING,
        "002_following": _FOLLOWING,
        "003_several_sources": _SEVERAL_SOURCES,
        "004_competitors": _COMPETITORS,
        "005_corrections": _CORRECTIONS,
        "006_leases": _LEASES,
        "007_looking": _LOOKING,
        "008_indexed_at_the_end": _INDEXED_AT_THE_END,
        "009_silences": _SILENCES,
        "010_pressing": _PRESSING,
        "011_critical": _CRITICAL,
    },
)
