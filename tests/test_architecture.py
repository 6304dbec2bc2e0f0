"""Who may import whom: read from the source, so that a wrong import is named with its line."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WEB_LIBRARIES = {"flask", "werkzeug", "jinja2", "sqlalchemy", "flask_sqlalchemy", "flask_login", "alembic", "huey"}
ENGINES = {"annoy", "surprise", "implicit", "lightgbm", "sklearn", "scipy", "keras", "keras_rs", "jax"}
SQL = {"sqlalchemy", "flask_sqlalchemy"}
MAY_KNOW_SQL = (
    "webapp/store/",
    "webapp/extensions.py",
    "webapp/sessions.py",  # an unreachable database is an empty session
    "webapp/frame.py",  # and a bare frame around the error page
    "webapp/services/upkeep/health.py",
)
ONLY_IMPORTER = {
    "surprise": ("recommender/retrievers/",),
    "annoy": ("recommender/arrays/vectorindex.py",),
    "lightgbm": ("recommender/ranking/ranker.py", "recommender/stars/forecast.py"),
    "mlflow": ("recommender/training/tracking.py",),
    "keras": ("recommender/deep/backend.py",),
    "keras_rs": ("recommender/deep/backend.py",),
    "jax": ("recommender/deep/backend.py",),
}
# The library from the ground up: each imports what stands before it.
LIBRARY_FLOORS = (
    ("types", "errors"),
    ("metrics", "data", "arrays", "artifacts"),
    ("readers", "features"),
    ("training_data",),
    ("base",),
    ("deep",),
    ("retrievers",),
    ("sources",),
    ("ranking",),
    ("reranking", "stars"),
    ("model",),
    ("modelcard", "fitting", "serving"),
    ("parameters",),
    ("hybrid",),
    ("evaluation",),
    ("gate", "tuning"),
    ("training", "commands"),
    ("__main__", "__init__"),
)
# A fit that tries sources beyond its own judges what it made with and without them.
LOOKS_UP = {("hybrid", "training.extrasources")}


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        path = ROOT / folder
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of every import of a file, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module
            for name in node.names:
                yield node.lineno, f"{node.module}.{name.name}"


def found(folders: tuple[str, ...], forbidden: set[str], *, allowed: tuple[str, ...] = ()) -> list[str]:
    """Return "file:line imports name" for every import of something forbidden."""
    wrong = []
    for path in sources(*folders):
        relative = path.relative_to(ROOT).as_posix()
        if relative.startswith(allowed):
            continue
        wrong += [
            f"{relative}:{line} imports {name}"
            for line, name in imports(path)
            if any(name == word or name.startswith(f"{word}.") for word in forbidden)
        ]
    return wrong


def test_the_library_knows_nothing_of_the_shop() -> None:
    assert found(("recommender",), WEB_LIBRARIES | {"webapp", "config", "seed"}) == []


def test_the_seed_is_plain_python() -> None:
    assert found(("seed",), WEB_LIBRARIES | {"webapp", "config", "recommender"}) == []


def test_the_settings_import_nothing_of_ours() -> None:
    assert found(("config.py",), {"webapp", "recommender", "seed"}) == []


def test_one_door_leads_to_the_library() -> None:
    assert found(("webapp", "app.py"), {"recommender"} | ENGINES, allowed=("webapp/recs/",)) == []


def test_sql_lives_in_the_store() -> None:
    assert found(("webapp",), SQL, allowed=MAY_KNOW_SQL) == []


def test_only_seeding_and_drawing_know_the_seed() -> None:
    allowed = ("webapp/services/upkeep/seeding.py", "webapp/services/upkeep/media.py")
    assert found(("webapp",), {"seed"}, allowed=allowed) == []


def test_layers_look_downwards_only() -> None:
    up = {
        "webapp/store/": {"webapp.services", "webapp.blueprints", "webapp.viewbuilders", "webapp.viewmodels"},
        "webapp/viewbuilders/": {"webapp.services", "webapp.blueprints"},
        "webapp/services/": {"webapp.blueprints"},
        "webapp/recs/": {"webapp.services", "webapp.blueprints", "webapp.viewbuilders"},
        "webapp/viewmodels/": {"webapp.store", "webapp.services", "webapp.blueprints", "webapp.viewbuilders"},
    }
    assert [line for folder, forbidden in up.items() for line in found((folder,), forbidden)] == []


def test_the_library_stands_floor_upon_floor() -> None:
    floors = {room: floor for floor, rooms in enumerate(LIBRARY_FLOORS) for room in rooms}
    wrong = []
    for path in sources("recommender"):
        room = path.relative_to(ROOT / "recommender").with_suffix("").parts[0]
        for line, name in imports(path):
            top, _, inner = name.partition(".")
            other = inner.partition(".")[0]
            if top != "recommender" or other in {"", room} or other not in floors:
                continue
            if floors[other] >= floors[room] and not any(
                (room, up) in LOOKS_UP for up in (inner, inner.rpartition(".")[0])
            ):
                wrong.append(f"{path.relative_to(ROOT).as_posix()}:{line} imports {name}")
    assert wrong == []


def test_every_room_of_the_library_has_its_floor() -> None:
    rooms = {path.stem for path in (ROOT / "recommender").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert rooms - {"__pycache__"} == {room for floor in LIBRARY_FLOORS for room in floor}


def test_each_engine_has_one_importer() -> None:
    for engine, allowed in ONLY_IMPORTER.items():
        assert found(("recommender",), {engine}, allowed=allowed) == []


def test_nothing_is_pickled() -> None:
    assert found(("webapp", "recommender", "seed", "app.py", "config.py"), {"pickle", "shelve", "marshal"}) == []


def test_threads_share_no_alias_of_a_class() -> None:
    """Its columns are made at the first use, and two threads that do so at once may get those of the class."""
    shared = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources("webapp")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and "aliased" in ast.unparse(node.value.func)
    ]
    assert shared == []


def test_files_stay_short() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): n
        for path in sources("webapp", "seed", "recommender", "app.py", "config.py")
        if (n := len(path.read_text(encoding="utf-8").splitlines())) > 450
    }
    assert long == {}
