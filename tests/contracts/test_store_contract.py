"""The promises of a store (listener/store/base.py), held against every kind of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listener.errors import EarnestError, Unreachable
from listener.store.base import NoStore, Store, Tx
from listener.store.looking import looking
from tests.contracts.storing import Place, add, bump, database, named, only, steps, together


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.on_a_server)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with database(tmp_path) if request.param == "postgres" else closing(Place(f"sqlite:///{tmp_path}/store.db", tmp_path)) as made:
        yield made


@pytest.fixture
def store(place: Place) -> Store:
    return place.open()


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value


class TestKeeping:
    def test_what_is_written_is_there_after_reopening(self, place: Place) -> None:
        first = place.open()
        first.write(lambda tx: add(tx, "kept"))
        assert named(place.open()) == ["kept"]

    def test_a_missing_store_is_not_made_where_it_is_only_read(self, place: Place) -> None:
        for _ in range(2):
            with pytest.raises(NoStore, match="there is no store"):
                place.open(create=False)

    def test_a_store_that_was_closed_says_so_and_keeps_nobody_waiting(self, place: Place) -> None:
        store = place.open()
        store.close()
        with pytest.raises(Unreachable, match="closed"):
            store.write(lambda tx: add(tx, "late"))
        assert named(place.open()) == []

    def test_what_was_stored_outlives_the_process_that_is_killed(self, place: Place) -> None:
        place.open()
        process = place.start("print(store.write(lambda tx: add(tx, 'kept')), flush=True)\nsys.stdin.read()")
        assert process.stdout
        assert process.stdout.readline() == "1\n"
        process.kill()
        process.wait()
        assert named(place.open()) == ["kept"]

    def test_of_a_transaction_whose_process_is_killed_nothing_is_left_and_nobody_waits(self, place: Place) -> None:
        store = place.open()
        process = place.start(
            """
            def half(tx):
                add(tx, "half")
                print("half", flush=True)
                sys.stdin.read()
            store.write(half)
            """
        )
        assert process.stdout
        assert process.stdout.readline() == "half\n"
        process.kill()
        process.wait()
        store.write(lambda tx: add(tx, "after"))
        assert named(store) == ["after"]

    def test_whoever_only_looks_sees_one_moment_and_changes_nothing(self, place: Place) -> None:
        store = place.open()
        store.write(lambda tx: add(tx, "before"))
        with looking(place.url, (steps(),)) as reader:
            assert only(reader.one("SELECT COUNT(*) AS n FROM things")) == 1
            store.write(lambda tx: add(tx, "meanwhile"))
            assert only(reader.one("SELECT COUNT(*) AS n FROM things")) == 1
        with pytest.raises(Unreachable, match="another version"), looking(place.url, (steps(later=("SELECT 1",)),)):
            pass


class TestTransactions:
    def test_a_job_that_fails_undoes_only_itself(self, store: Store) -> None:
        def half(tx: Tx) -> None:
            add(tx, "half")
            message = "changed my mind"
            raise EarnestError(message)

        store.write(lambda tx: add(tx, "before"))
        for alongside in (False, True):
            with pytest.raises(EarnestError, match="changed my mind"):
                store.write(half, alongside=alongside)
        store.write(lambda tx: add(tx, "after"))
        assert named(store) == ["before", "after"]

    async def test_one_bad_job_among_many_does_not_lose_the_others(self, store: Store) -> None:
        jobs = [store.awrite(lambda tx, n=n: add(tx, None if n % 5 == 0 else f"n{n}")) for n in range(50)]
        results = await asyncio.gather(*jobs, return_exceptions=True)
        assert [n for n, result in enumerate(results) if isinstance(result, Exception)] == list(range(0, 50, 5))
        assert len(named(store)) == 40

    async def test_many_jobs_at_once_all_commit_each_with_a_number_of_its_own(self, store: Store) -> None:
        ids = await asyncio.gather(*(store.awrite(lambda tx, n=n: add(tx, f"n{n}")) for n in range(300)))
        assert len(set(ids)) == 300
        assert len(named(store)) == 300

    def test_a_part_can_be_undone_and_the_rest_goes_on(self, store: Store) -> None:
        def work(tx: Tx) -> None:
            add(tx, "first")
            tx.run("SAVEPOINT part")
            try:
                add(tx, "second")
                add(tx, None)
            except Exception:  # noqa: BLE001  # as the deciding of mentions does
                tx.run("ROLLBACK TO part")
            finally:
                tx.run("RELEASE part")
            add(tx, "third")

        store.write(work)
        assert named(store) == ["first", "third"]

    def test_what_reads_sees_only_what_is_stored(self, store: Store) -> None:
        seen: list[object] = []

        def work(tx: Tx) -> None:
            add(tx, "new")
            seen.append(only(tx.one("SELECT COUNT(*) AS n FROM things")))
            seen.append(only(store.read().one("SELECT COUNT(*) AS n FROM things")))

        store.write(work)
        assert seen == [1, 0]


class TestOneAfterTheOther:
    @pytest.mark.parametrize("alongside", [False, True])
    async def test_none_of_many_writes_is_lost(self, place: Place, *, alongside: bool) -> None:
        stores = [place.open(), place.open()]
        stores[0].write(lambda tx: add(tx, "counter", n=0))
        await asyncio.gather(*(together(store, 40, alongside=alongside) for store in stores))
        assert only(stores[0].read().one("SELECT n FROM things")) == 80

    def test_nor_of_those_of_several_processes(self, place: Place) -> None:
        store = place.open()
        store.write(lambda tx: add(tx, "counter", n=0))
        processes = [place.start("for _ in range(30):\n    store.write(bump)") for _ in range(3)]
        for _ in range(30):
            store.write(bump)
        assert [process.wait() for process in processes] == [0, 0, 0]
        assert only(store.read().one("SELECT n FROM things")) == 120

    def test_what_another_has_locked_is_seen_without_waiting(self, place: Place) -> None:
        store, other = place.open(), place.open()
        seen: list[frozenset[str]] = []

        def work(tx: Tx) -> None:
            tx.lock(["a", "b"])
            assert tx.try_lock(["a", "c", "a"]) == {"a", "c"}
            if store.shared:
                other.write(lambda tx: seen.append(tx.try_lock(["a", "c", "d"])), alongside=True)

        store.write(work, alongside=True)
        other.write(lambda tx: seen.append(tx.try_lock(["a", "d"])), alongside=True)
        assert seen == [*([{"d"}] if store.shared else []), {"a", "d"}]

    def test_what_says_alongside_never_goes_on_beside_what_does_not(self, place: Place) -> None:
        store, other = place.open(), place.open()
        store.write(lambda tx: add(tx, "counter", n=0))
        inside, go_on = threading.Event(), threading.Event()

        def slow(tx: Tx) -> None:
            inside.set()
            go_on.wait()
            bump(tx)

        def quick(tx: Tx) -> None:
            assert go_on.is_set()
            bump(tx)

        threads = [threading.Thread(target=store.write, args=(slow,))]
        threads[0].start()
        inside.wait()
        threads.append(threading.Thread(target=other.write, args=(quick,), kwargs={"alongside": True}))
        threads[1].start()
        go_on.set()
        for thread in threads:
            thread.join()
        assert only(store.read().one("SELECT n FROM things")) == 2


class TestValues:
    @pytest.mark.parametrize(
        "words", ["", "a:b ::c :d", "100 % %s %(x)s", 'it\'s "so" \\ $1', "naïve ﷽ 👩‍👩‍👧 \u202e", "x" * 70_000, "\ufffd\x01"]
    )
    def test_text_comes_back_as_it_was(self, store: Store, words: str) -> None:
        number = store.write(lambda tx: add(tx, words))
        found = store.read().one("SELECT name, 'a:b ::c %' AS literal FROM things WHERE id = :id AND name = :words", id=number, words=words)
        assert found == {"name": words, "literal": "a:b ::c %"}

    @pytest.mark.parametrize("words", ["a\ud800b", "nul \x00 in it"])
    def test_text_that_no_database_holds_keeps_nothing_from_being_stored(self, store: Store, words: str) -> None:
        store.write(lambda tx: add(tx, words))
        (name,) = named(store)
        assert str(name)[:1] == words[:1]
        assert str(name)[-1:] == words[-1:]

    @pytest.mark.parametrize(("given", "kept"), [(True, 1), (False, 0), (-3, -3), (2**62, 2**62), (2**80, 2**63 - 1), (None, None)])
    def test_numbers(self, store: Store, given: int | None, kept: int | None) -> None:
        store.write(lambda tx: add(tx, "one", n=given, share=0.1 + 0.2))
        assert store.read().one("SELECT n, share FROM things") == {"n": kept, "share": 0.1 + 0.2}

    def test_sums_and_questions_are_numbers_too(self, store: Store) -> None:
        store.write(
            lambda tx: tx.run_many("INSERT INTO things (name, n) VALUES (:name, :n)", [{"name": "a", "n": 2}, {"name": "b", "n": None}])
        )
        row = store.read().one("SELECT SUM(n) AS total, COUNT(*) AS many, EXISTS (SELECT 1 FROM things) AS any_ FROM things")
        assert row == {"total": 2, "many": 2, "any_": 1}
        assert isinstance((row or {})["total"], int)

    def test_nothing_can_be_asked_for(self, store: Store) -> None:
        store.write(lambda tx: tx.run_many("INSERT INTO things (name) VALUES (:name)", [{"name": "a"}, {"name": "b"}]))
        question = "SELECT COUNT(*) AS n FROM things WHERE (:name IS NULL OR name = :name) AND (:n IS NULL OR id = :n)"
        asked: list[tuple[str | None, int | None]] = [(None, None), ("a", None), (None, 2), ("a", 2), (None, None)]
        assert [only(store.read().one(question, name=name, n=n)) for name, n in asked] == [2, 1, 1, 0, 2]

    def test_text_sorts_by_code_points(self, store: Store) -> None:
        words = ["a", "B", "ä", "z", "Z", "_", "10", "9", "é", "😀", "\uffee", "a b", "ab"]
        store.write(lambda tx: tx.run_many("INSERT INTO things (name) VALUES (:name)", [{"name": word} for word in words]))
        assert [row["name"] for row in store.read().all("SELECT name FROM things ORDER BY name")] == sorted(words)
        assert [row["name"] for row in store.read().all("SELECT name FROM things WHERE name > :z ORDER BY name", z="z")] == sorted(
            word for word in words if word > "z"
        )

    def test_of_columns_with_one_name_the_first_counts(self, store: Store) -> None:
        assert store.read().all("SELECT 1 AS a, 2 AS b, 3 AS a") == [{"a": 1, "b": 2}]
        assert store.read().one("SELECT 1 AS a, 2 AS b, 3 AS a") == {"a": 1, "b": 2}

    def test_rows_under_numbers_of_their_own_are_not_overtaken(self, store: Store) -> None:
        many = [{"id": 7, "name": "seven"}, {"id": 41, "name": "last"}]
        store.write(lambda tx: tx.run_many("INSERT INTO things (id, name) VALUES (:id, :name)", many))
        assert store.write(lambda tx: add(tx, "next")) == 42

    def test_changes_are_counted(self, store: Store) -> None:
        many = [{"name": "a"}, {"name": "b"}, {"name": "b"}]
        assert store.write(lambda tx: tx.run_many("INSERT INTO things (name) VALUES (:name)", many)) == 3
        assert store.write(lambda tx: tx.run_many("UPDATE things SET n = 1 WHERE name = :name", many[:2])) == 3
        assert store.write(lambda tx: tx.run("DELETE FROM things WHERE name = 'none'")) == 0
        assert store.write(lambda tx: tx.run_many("DELETE FROM things WHERE name = :name", [])) == 0


class TestSteps:
    def test_a_later_step_is_taken_once_and_keeps_what_is_there(self, place: Place) -> None:
        place.open().write(lambda tx: add(tx, "kept"))
        later = steps(later=("ALTER TABLE things ADD COLUMN note TEXT NOT NULL DEFAULT ''", "UPDATE things SET note = name"))
        for _ in range(2):
            assert place.open(later).read().all("SELECT note FROM things") == [{"note": "kept"}]

    def test_a_newer_store_is_refused_and_left_as_it_is(self, place: Place) -> None:
        newer = steps(later=("CREATE TABLE later (id INTEGER)",))
        place.open(newer)
        with pytest.raises(Unreachable, match="newer Earnest"):
            place.open()
        place.open(newer)

    def test_an_older_program_goes_on_while_a_newer_one_adds_a_column(self, place: Place) -> None:
        older = place.open()
        older.write(lambda tx: add(tx, "one"))

        def ask() -> list[object]:
            there = older.write(lambda tx: tx.one("SELECT t.*, t.name AS again FROM things t"))
            return [row["name"] for row in older.read().all("SELECT * FROM things")] + [(there or {})["again"]]

        asked = [ask() for _ in range(5)]  # so often that a server may keep the question ready
        place.open(steps(**{"002": ("ALTER TABLE things ADD COLUMN more TEXT NOT NULL DEFAULT ''",)}))
        assert [*asked, ask()] == [["one", "one"]] * 6

    def test_of_a_step_that_breaks_off_nothing_is_left(self, place: Place) -> None:
        place.open()
        broken = steps(later=("CREATE TABLE later (id INTEGER)", "INSERT INTO nowhere VALUES (1)"))
        with pytest.raises(Unreachable):
            place.open(broken)
        place.open().write(lambda tx: add(tx, "as before"))
        place.open(steps(later=("CREATE TABLE later (id INTEGER)",)))

    def test_several_that_start_at_once_take_them_once(self, place: Place) -> None:
        processes = [place.start("print(store.write(lambda tx: add(tx, 'one')), flush=True)") for _ in range(3)]
        outcomes = [process.communicate()[0] for process in processes]
        assert sorted(outcomes) == ["1\n", "2\n", "3\n"]


class TestTogether:
    def test_a_daemon_is_seen_from_elsewhere_until_it_ends(self, place: Place) -> None:
        store, other = place.open(), place.open()
        assert not other.held()
        store.hold_alone()
        assert other.held()
        store.close()
        place.opened.remove(store)
        assert not other.held()

    def test_the_time_is_one_time(self, store: Store) -> None:
        for moment in (store.read().now(), store.write(lambda tx: tx.now())):
            assert moment.utcoffset() == timedelta(0)
            assert abs(moment - datetime.now(UTC)) < timedelta(minutes=5)

    def test_a_shared_store_rings_when_it_is_stored_and_only_then(self, place: Place) -> None:
        store, other = place.open(), place.open()
        heard: list[str] = []
        last = threading.Event()

        def hear(bell: str) -> None:
            heard.append(bell)
            if bell == "last":
                last.set()

        def ring(tx: Tx, bell: str, *, fail: bool = False) -> None:
            tx.ring(bell)
            assert not fail

        with other.bells(hear):
            with pytest.raises(AssertionError):
                store.write(lambda tx: ring(tx, "never", fail=True))
            store.write(lambda tx: ring(tx, "mention"))
            store.write(lambda tx: ring(tx, "last"), alongside=True)
            assert last.wait(20 if store.shared else 0) == store.shared
        assert heard == (["mention", "last"] if store.shared else [])

    def test_what_was_deleted_can_be_scrubbed(self, place: Place) -> None:
        store = place.open(steps(later=("CREATE VIRTUAL TABLE words USING fts5 (text)",)) if place.url.startswith("sqlite") else None)
        store.write(lambda tx: add(tx, "secret words"))
        store.write(lambda tx: tx.run("DELETE FROM things"))
        assert store.scrub()

    def test_a_file_beside_it_has_one_name_for_all_on_this_machine(self, place: Place) -> None:
        first, second = place.open(), place.open()
        assert first.beside(".paused") == second.beside(".paused")
        assert first.beside(".paused").name.endswith(".paused")
        assert first.beside(".paused").is_absolute()
