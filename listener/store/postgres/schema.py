"""The tables in PostgreSQL: the same steps as in SQLite, the words that can be searched, and functions that SQLite has built in.

Words are found as SQLite's tokenizer `unicode61 remove_diacritics 2` finds them (sqlite.org/fts5.html, November 2026): letters and digits
count, in any case and under any accent; everything else stands between words. Both the posts and what is asked for go through one function.
Some things differ: an accent is passed over in every script; a word of more than 2,000 bytes is not found; of a text only the first
100,000 characters are looked at, since PostgreSQL refuses an index of more than 1 MB for one text; and a server before 17 that was built
without ICU knows capitals of English only.
"""

from __future__ import annotations

from collections.abc import Sequence

from listener.errors import Unreachable
from listener.store.base import Migrations, NoStore
from listener.store.postgres.dialect import table_words
from listener.store.postgres.links import Link

STEPS = "_migrations"
_FOLDS = ("pg_c_utf8", "und-x-icu")  # collations that know every letter and its case, best first: since PostgreSQL 17, or built with ICU
# Where a server has neither: which characters beyond English are taken for letters. Their case is not known there.
_LETTERS = r"\u00C0-\u1FFF\u2C00-\u2DFF\u3040-\uD7FF\uF900-\uFDFF\uFE70-\uFEFE\uFF10-\uFFDC\U00010000-\U0001EFFF\U00020000-\U0003FFFF"
_HELPERS = (
    """CREATE OR REPLACE FUNCTION instr(whole text, part text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
        AS $$ SELECT strpos(whole, part)::bigint $$""",
    r"""CREATE OR REPLACE FUNCTION json_extract(whole text, path text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
        AS $$ SELECT CASE WHEN path LIKE '$[%' THEN replace(whole, '\u0000', '\ufffd')::json ->> rtrim(substr(path, 3), ']')::int
        ELSE replace(whole, '\u0000', '\ufffd')::json ->> substr(path, 3) END COLLATE "C" $$""",
    r"""CREATE OR REPLACE FUNCTION json_each(whole text) RETURNS TABLE (value text) LANGUAGE sql IMMUTABLE PARALLEL SAFE
        AS $$ SELECT one COLLATE "C" FROM json_array_elements_text(replace(whole, '\u0000', '\ufffd')::json) one $$""",
    """CREATE OR REPLACE FUNCTION json_each(whole text, path text) RETURNS TABLE (value text) LANGUAGE sql IMMUTABLE PARALLEL SAFE
        AS $$ SELECT value FROM json_each(json_extract(whole, path)) $$""",
)
# A position is left free between the text and the handle, so that no phrase begins in one and ends in the other.
_WORDS = (
    r"""CREATE OR REPLACE FUNCTION bare_words(whole text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
        AS $$ SELECT regexp_replace(regexp_replace(lower(normalize(whole, NFD) COLLATE "{fold}"), '[\u0300-\u036f]+', '', 'g')
        COLLATE "{fold}", '[^[:alnum:]{letters}]+', ' ', 'g') $$""",
    """CREATE OR REPLACE FUNCTION asked_for(phrases text) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
        DECLARE phrase text; one tsquery; every tsquery := ''::tsquery;
        BEGIN
            FOR phrase IN SELECT replace(asked[1], '""', '"') FROM regexp_matches(phrases, '"((?:[^"]|"")*)"', 'g') AS asked LOOP
                one := phraseto_tsquery('pg_catalog.simple', bare_words(phrase));
                every := CASE WHEN numnode(every) = 0 THEN one WHEN numnode(one) = 0 THEN every ELSE every && one END;
            END LOOP;
            RETURN every;
        END $$""",
    """CREATE FUNCTION words_of(whole text, handle text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
        AS $$ SELECT to_tsvector('pg_catalog.simple', jsonb_build_array(bare_words(left(whole, 100000)), bare_words(handle))) $$""",
    """CREATE TABLE words (seq BIGINT PRIMARY KEY REFERENCES posts (seq) ON DELETE CASCADE, kept tsvector NOT NULL)""",
    "CREATE INDEX words_kept ON words USING gin (kept)",
    # Once for all posts that a statement brings: row after row takes half as long again.
    """CREATE FUNCTION keep_words() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO words (seq, kept) SELECT seq, words_of(text, handle) FROM posts_now ON CONFLICT (seq) DO NOTHING;
            RETURN NULL;
        END $$""",
    """CREATE FUNCTION change_words() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE words SET kept = words_of(new.text, new.handle) WHERE seq = new.seq;
            RETURN NULL;
        END $$""",
    """CREATE TRIGGER words_added AFTER INSERT ON posts REFERENCING NEW TABLE AS posts_now
        FOR EACH STATEMENT EXECUTE FUNCTION keep_words()""",
    """CREATE TRIGGER words_changed AFTER UPDATE OF text, handle ON posts FOR EACH ROW
        WHEN (old.text IS DISTINCT FROM new.text OR old.handle IS DISTINCT FROM new.handle) EXECUTE FUNCTION change_words()""",
)


def bring_up_to_date(link: Link, migrations: Sequence[Migrations], locks: str, *, create: bool, shown: str) -> None:
    """Take the steps that were not taken yet, all of them or none. `locks` is the statement that keeps every other machine waiting.

    Raises:
        NoStore: there is none, and `create` is false.
        Unreachable: it was written by a newer Earnest.
        psycopg.Error: the server refused.
    """
    taken = steps_taken(link)
    if not taken and not create:
        raise NoStore(shown)
    if not _missing(taken, migrations):
        return
    with link.transaction():
        link.execute("SET LOCAL lock_timeout = '10min'")
        link.execute(locks)
        taken = steps_taken(link)  # another machine may have been faster
        if _missing(taken, migrations):
            _take(link, migrations, taken)


def steps_taken(link: Link) -> dict[str, set[str]]:
    """Return the names of the steps that were taken, by part."""
    found: dict[str, set[str]] = {}
    # Asked of the catalogue itself: what a connection remembers of names may be older than the lock it has waited for.
    known = "SELECT 1 FROM pg_class WHERE relname = $1 AND relnamespace = current_schema()::regnamespace"
    if link.execute(known, (STEPS,)).fetchone() is None:
        return found
    for part, name in link.execute(f"SELECT migration_set, name FROM {STEPS}"):
        found.setdefault(str(part), set()).add(str(name))
    return found


def _missing(taken: dict[str, set[str]], migrations: Sequence[Migrations]) -> bool:
    """Return whether steps are to be taken.

    Raises:
        Unreachable: steps were taken that this program does not know.
    """
    for wanted in migrations:
        newer = sorted(taken.get(wanted.part, set()) - set(wanted.steps))
        if newer:
            message = f'the store was written by a newer Earnest ("{newer[0]}" is unknown to this one)'
            raise Unreachable(message, "install that version or a later one; nothing was changed")
    return any(set(wanted.steps) - taken.get(wanted.part, set()) for wanted in migrations)


def _take(link: Link, migrations: Sequence[Migrations], taken: dict[str, set[str]]) -> None:
    fold = _fold(link)
    words = [statement.replace("{fold}", fold).replace("{letters}", "" if fold in _FOLDS else _LETTERS) for statement in _WORDS]
    if not taken:
        link.execute(f"CREATE TABLE {STEPS} (migration_set TEXT, name TEXT, applied_at TEXT NOT NULL, PRIMARY KEY (migration_set, name))")
    for statement in _HELPERS:
        link.execute(statement)
    for wanted in migrations:
        for name, statements in wanted.steps.items():
            if name in taken.get(wanted.part, set()):
                continue
            for statement in statements:
                for said in table_words(statement, words):
                    link.execute(said)
            link.execute(f"INSERT INTO {STEPS} VALUES ($1, $2, clock_timestamp()::text)", (wanted.part, name))


def _fold(link: Link) -> str:
    """Return a collation of the server that knows the case of letters in every script; "C" knows only those of English."""
    known = {str(name) for (name,) in link.execute("SELECT collname FROM pg_collation WHERE collencoding IN (-1, 6)")}
    return next((one for one in _FOLDS if one in known), "C")


def check_encoding(link: Link) -> None:
    """Raise Unreachable where the database cannot hold every text."""
    encoding = link.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        message = f"the database keeps text as {encoding}, and posts are written in every script"
        raise Unreachable(message, "make a database with: createdb --encoding=UTF8 --template=template0 NAME")
