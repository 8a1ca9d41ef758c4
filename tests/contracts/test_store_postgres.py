"""What only a store on a PostgreSQL server has to promise: the server that goes and comes, secrets, schemas, waiting for others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
import pytest

from listener.clock import now
from listener.errors import Unreachable
from listener.store import addresses, leases
from listener.store.base import Tx
from listener.store.opening import beside_store, file_of, is_absent, open_store, shown
from responders import house
from responders.checkup import check_up
from responders.findings import State
from tests import keeping
from tests.contracts.storing import Place, add, bump_locked, database, named, only, steps
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.on_a_server

ROOT = Path(__file__).parents[2]
SECRET = "hunter/2@:%&?#"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with database(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def own_server() -> Iterator[Postgres]:
    """A server that a test may stop."""
    with Postgres() as server:
        yield server


@pytest.fixture
def shaky(own_server: Postgres, tmp_path: Path) -> Iterator[Place]:
    own_server.start()
    made = Place(own_server.make(f"shaky_{tmp_path.name}"), tmp_path)
    yield made
    own_server.start()
    made.close()


class TestTheOneWordThatMayNotWait:
    def test_it_is_stored_while_somebody_sleeps_in_the_middle_of_a_write(self, place: Place) -> None:
        store, other = place.open(patience=0.2), place.open()
        inside, go_on = threading.Event(), threading.Event()

        def asleep(tx: Tx) -> None:
            add(tx, "asleep")
            inside.set()
            go_on.wait()

        sleeper = threading.Thread(target=lambda: other.write(asleep))
        sleeper.start()
        inside.wait()
        with pytest.raises(Unreachable, match="lock timeout"):
            store.write(lambda tx: add(tx, "waits"))
        store.write_first(lambda tx: add(tx, "stop"))
        assert named(store) == ["stop"]
        go_on.set()
        sleeper.join()
        assert named(store) == ["asleep", "stop"]


@pytest.mark.parametrize(("turn", "seconds"), [("1", 5.0), ("15", 15.0), ("60", 60.0)])
def test_who_sleeps_in_the_middle_of_a_write_is_dropped_after_a_turn(
    place: Place, monkeypatch: pytest.MonkeyPatch, turn: str, seconds: float
) -> None:
    monkeypatch.setenv("EARNEST_TURN", turn)
    said = place.open().read().one("SELECT setting FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'")
    assert only(said) == str(round(seconds * 1_000))


class TestTheServerGoesAndComes:
    @pytest.mark.parametrize("how", ["stop", "kill"])
    def test_while_it_is_away_that_is_said_and_afterwards_all_goes_on(self, own_server: Postgres, shaky: Place, how: str) -> None:
        store = shaky.open()
        store.write(lambda tx: add(tx, "before"))
        store.write(lambda tx: add(tx, "beside"), alongside=True)
        getattr(own_server, how)()
        for ask in (
            lambda: named(store),
            lambda: store.write(lambda tx: add(tx, "lost")),
            lambda: store.write(lambda tx: add(tx, "lost"), alongside=True),
            store.held,
            shaky.open,
        ):
            with pytest.raises(Unreachable, match="cannot be used") as said:
                ask()
            assert "check that the server runs" in said.value.hint
        own_server.start()
        assert named(store) == ["before", "beside"]
        assert store.write(lambda tx: add(tx, "after")) > 0
        assert store.write(lambda tx: add(tx, "after too"), alongside=True) > 0

    @pytest.mark.parametrize("alongside", [False, True])
    def test_a_server_that_was_read_only_for_a_while_is_written_to_again(self, shaky: Place, alongside: bool) -> None:  # noqa: FBT001
        store = shaky.open()
        with psycopg.connect(shaky.url, autocommit=True) as boss:
            name = boss.info.dbname
            boss.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
            boss.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'earnest'")
            with pytest.raises(Unreachable, match="read-only transaction"):
                store.write(lambda tx: add(tx, "lost"), alongside=alongside)
            assert named(store) == []
            boss.execute("SET transaction_read_only = off")
            boss.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
        assert store.write(lambda tx: add(tx, "after"), alongside=alongside) > 0

    def test_a_server_started_again_meanwhile_is_not_noticed_at_all(self, own_server: Postgres, shaky: Place) -> None:
        store = shaky.open()
        store.write(lambda tx: add(tx, "counter", n=0), alongside=True)
        named(store)
        own_server.stop()
        own_server.start()
        assert named(store) == ["counter"]
        store.write(bump_locked)
        store.write(bump_locked, alongside=True)
        assert only(store.read().one("SELECT n FROM things")) == 2

    def test_a_transaction_that_it_breaks_off_is_not_stored(self, own_server: Postgres, shaky: Place) -> None:
        store = shaky.open()

        def half(tx: object) -> None:
            add(tx, "half")  # type: ignore[arg-type]
            own_server.stop()
            own_server.start()
            add(tx, "other half")  # type: ignore[arg-type]

        for alongside in (False, True):
            with pytest.raises(Unreachable):
                store.write(half, alongside=alongside)
            assert named(store) == []

    def test_bells_ring_again_and_a_daemon_is_seen_again(self, own_server: Postgres, shaky: Place) -> None:
        store, other = shaky.open(), shaky.open()
        heard = threading.Semaphore(0)
        store.hold_alone()
        with other.bells(lambda _bell: heard.release()):
            own_server.stop()
            own_server.start()
            for _ in range(200):  # until the connection stands again, a ring may be lost
                store.write(lambda tx: tx.ring("mention"))
                if heard.acquire(timeout=0.1):
                    break
            else:
                pytest.fail("no bell was heard any more")
            for _ in range(200):
                if other.held():
                    break
                heard.acquire(timeout=0.1)
            assert other.held()


class TestSecrets:
    @pytest.fixture
    def guarded(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> str:
        """A URL of an account with a password, that comes from the secret store_password."""
        server, name = keeping.server(), place.folder.name.replace("-", "_")
        with psycopg.connect(place.url, autocommit=True) as link:
            link.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{SECRET}'")
            link.execute(f"CREATE SCHEMA AUTHORIZATION {name}")
        monkeypatch.setenv("EARNEST_SECRET_STORE_PASSWORD", SECRET)
        return f"postgresql://{name}@127.0.0.1:{server.port}{urlsplit(place.url).path}"

    def test_the_password_need_not_stand_in_the_url(self, place: Place, guarded: str) -> None:
        place.url = guarded
        assert place.open().write(lambda tx: add(tx, "in")) == 1

    def test_one_in_the_url_comes_first(self, place: Place, guarded: str) -> None:
        place.url = guarded.replace("@", ":wrong@")
        with pytest.raises(Unreachable, match="password authentication failed") as said:
            place.open()
        assert "store_password" in said.value.hint
        place.url = guarded.replace("@", f":{quote(SECRET, safe='')}@")
        place.open()

    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://jo:hun%2Fter2@127.0.0.1:1/shop",
            "postgresql://jo:hun/ter2@127.0.0.1:1/shop",
            "postgresql://jo:hun@ter2@127.0.0.1:1/shop",
            "postgresql://jo:hun ter2@127.0.0.1:1/shop",
            "postgresql://jo:hun#ter2@127.0.0.1:1/shop",
            "postgresql://jo:hun?ter2@127.0.0.1:1/shop",
            "postgresql://jo:hun%ZZter2@127.0.0.1:1/shop",
            "postgresql://127.0.0.1:1/shop?user=jo&password=hunter2",
            "postgresql://127.0.0.1:1/shop?user=jo&sslpassword=hunter2",
            "postgresql://jo@127.0.0.1:1/shop?hunter2=hunter2",
            "postgresql://[::1/hunter2",
        ],
    )
    def test_no_error_and_no_name_of_a_file_tells_one(self, url: str) -> None:
        with pytest.raises(Unreachable) as said:
            open_store(url, (steps(),), create=True, patience=2)
        words = [said.value.message, said.value.hint]
        try:
            words += [shown(url), str(beside_store(url, ".paused"))]
        except Unreachable as problem:
            words += [problem.message, problem.hint]
        assert "hun" not in " ".join(words)
        assert "ter2" not in " ".join(words)

    def test_a_refused_value_is_not_told_either(self, place: Place) -> None:
        store = place.open(steps(later=("CREATE UNIQUE INDEX once ON things (name)",)))
        store.write(lambda tx: add(tx, "words of a customer"))
        for alongside in (False, True):
            with pytest.raises(Unreachable) as said:
                store.write(lambda tx: add(tx, "words of a customer"), alongside=alongside)
            assert "customer" not in said.value.message


class TestAddresses:
    def test_what_is_shown_says_where_and_who(self) -> None:
        url = "postgres://jo:secret@db.example:6432,other.example/shop?sslmode=verify-full&password=x&options=-csearch_path%3Da"
        assert shown(url) == "postgresql://jo@db.example:6432,other.example/shop?options=-csearch_path%3Da"

    def test_files_beside_it_lie_in_the_state_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        url = "postgresql://jo@db.example/shop"
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("STATE_DIRECTORY", raising=False)
        assert beside_store(url, ".paused") == tmp_path / "data/postgresql-jo-db.example-shop.paused"
        monkeypatch.setenv("STATE_DIRECTORY", f"{tmp_path}/state:{tmp_path}/more")
        assert beside_store(url, ".paused") == tmp_path / "state/postgresql-jo-db.example-shop.paused"
        long = beside_store(f"postgresql://jo@{'very-' * 40}long.example/shop", ".paused").name
        assert len(long) < 160
        assert long != beside_store(f"postgresql://jo@{'very-' * 40}long.example/other", ".paused").name

    def test_it_is_no_file_and_whether_it_is_there_only_the_server_knows(self) -> None:
        assert file_of("postgresql://db.example/shop") is None
        assert not is_absent("postgresql://db.example/shop")
        assert not addresses.is_postgres("sqlite:///data/earnest.db")

    def test_two_stores_in_one_database_have_nothing_in_common(self, place: Place) -> None:
        with psycopg.connect(place.url, autocommit=True) as link:
            link.execute("CREATE SCHEMA a; CREATE SCHEMA b")
        urls = [f"{place.url}&options=-csearch_path%3D{schema}" for schema in "ab"]
        first, second = (open_store(url, (steps(),), create=True, patience=2) for url in urls)
        place.opened += [first, second]
        first.hold_alone()
        assert first.held()
        assert not second.held()
        first.write(lambda tx: second.write(lambda other: add(other, "meanwhile")) and add(tx, "slow"))
        assert named(first) == ["slow"]
        assert named(second) == ["meanwhile"]
        assert first.beside("") != second.beside("")


class TestTurns:
    def test_a_lease_is_one_machines_by_the_servers_clock(self, place: Place) -> None:
        first, second = (house.open_store(place.url, create=True) for _ in range(2))
        place.opened += [first, second]
        assert first.write(lambda tx: leases.take(tx, "hear", "a", timedelta(minutes=1))) == 1
        assert second.write(lambda tx: leases.take(tx, "hear", "b", timedelta(minutes=1))) is None
        assert second.write(lambda tx: leases.holds(tx, "hear", "a", 1))
        assert first.write(lambda tx: leases.take(tx, "hear", "a", timedelta(minutes=-1))) is None
        assert second.write(lambda tx: leases.take(tx, "hear", "b", timedelta(minutes=1))) == 2
        assert leases.held(first.read(), "he") == {"hear": "b"}


class TestRefusing:
    def test_a_database_that_holds_no_text_of_every_script(self, place: Place) -> None:
        with psycopg.connect(place.url, autocommit=True) as link:
            link.execute(f"CREATE DATABASE \"latin_{place.folder.name}\" ENCODING 'LATIN1' TEMPLATE template0")
        with pytest.raises(Unreachable, match="LATIN1"):
            open_store(keeping.server().url(f"latin_{place.folder.name}"), (steps(),), create=True, patience=2)
        keeping.server().drop(f"latin_{place.folder.name}")

    def test_a_database_that_is_not_there(self) -> None:
        with pytest.raises(Unreachable, match="does not exist") as said:
            open_store(keeping.server().url("nowhere"), (steps(),), create=True, patience=2)
        assert "createdb" in said.value.hint

    def test_a_database_without_a_store_is_no_fault_before_the_first_run(self, place: Place) -> None:
        found = [one for one in check_up(ROOT / "rules.yaml", place.url, at=now()) if one.check == "store"]
        assert [(one.state, one.hint) for one in found] == [(State.WARNING, "earnest run makes it")]

    @pytest.mark.parametrize(
        "theirs",
        [
            "CREATE TABLE posts (id int)",
            "CREATE TABLE _migrations (app text, id int)",
            "CREATE FUNCTION instr(a text, b text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        ],
    )
    def test_a_database_in_which_another_program_keeps_its_tables(self, place: Place, theirs: str) -> None:
        with psycopg.connect(place.url, autocommit=True) as link:
            link.execute(theirs)
            with pytest.raises(Unreachable) as said:
                house.open_store(place.url, create=True)
            assert "of its own" in said.value.hint
            (tables,) = link.execute("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() or (0,)
            assert tables == ("TABLE" in theirs), "nothing of ours is left there"

    def test_a_server_that_only_reads(self, place: Place) -> None:
        place.open()
        place.url += "&options=-cdefault_transaction_read_only%3Don"
        store = place.open()
        with pytest.raises(Unreachable, match="read-only") as said:
            store.write(lambda tx: add(tx, "no"))
        assert "target_session_attrs" in said.value.hint
        assert named(store) == []

    def test_another_that_keeps_it_locked_is_waited_for_only_so_long(self, place: Place) -> None:
        store, hurried = place.open(), place.open(patience=0.05)

        def long(tx: object) -> None:
            add(tx, "long")  # type: ignore[arg-type]
            for alongside in (False, True):
                with pytest.raises(Unreachable, match="lock timeout") as said:
                    hurried.write(lambda other: add(other, "hurried"), alongside=alongside)
                assert "keeps it locked" in said.value.hint

        store.write(long)
        assert hurried.write(lambda tx: add(tx, "later")) > 0
        assert named(store) == ["long", "later"]

    def test_two_that_wait_for_each_other_both_get_there(self, place: Place) -> None:
        store = place.open()
        store.write(lambda tx: add(tx, "counter", n=0))
        met = threading.Barrier(2)
        runs: list[str] = []

        def work(first: str, second: str) -> None:
            def locked(tx: object) -> None:
                runs.append(first)
                tx.lock([first])  # type: ignore[attr-defined]
                if len(runs) <= 2:
                    met.wait()
                tx.lock([second])  # type: ignore[attr-defined]
                bump_locked(tx)  # type: ignore[arg-type]

            store.write(locked, alongside=True)

        threads = [threading.Thread(target=work, args=pair) for pair in (("a", "b"), ("b", "a"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert only(store.read().one("SELECT n FROM things")) == 2
        assert len(runs) > 2


def test_capitals_are_those_of_english_whatever_the_database_is_set_to(place: Place) -> None:
    name = f"locale_{place.folder.name}"
    with psycopg.connect(place.url, autocommit=True) as link:
        locale = "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'" if link.info.server_version >= 170_000 else "LOCALE 'C.UTF-8'"
        link.execute(f'CREATE DATABASE "{name}" {locale} TEMPLATE template0')
    store = open_store(keeping.server().url(name), (steps(),), create=True, patience=2)
    store.write(lambda tx: add(tx, "ÉMILE"))
    assert only(store.read().one("SELECT lower(:words) = lower(name) AND lower(name) = 'Émile' AS same FROM things", words="ÉMILE"))
    store.close()
    keeping.server().drop(name)
