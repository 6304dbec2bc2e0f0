"""A model folder is whole or not there, is what was written or refused, and goes live by one rename."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender import artifacts
from recommender.artifacts import (
    MANIFEST,
    current_version,
    prune,
    publish,
    read_folder,
    read_manifest,
    versions,
    write_folder,
)
from recommender.errors import ArtifactError
from recommender.hybrid import HybridRecommender, load
from tests.recommender.conftest import quick_model
from tests.recommender.worlds import DAY, START, frame_of, ids, purchases, same_bytes

ROOT = Path(__file__).resolve().parents[2]
ARRAYS = {
    "numbers": np.arange(2_000, dtype=np.float32),
    "deep/down/flags": np.array([True, False]),
    "nothing": np.empty((0, 3), dtype=np.int64),
}
DATA = {"name": "small", "sizes": [1, 2]}
TEXTS = {"trees/first.txt": "split=0.5 \u2265\n"}


def write(root: Path, version: str = "v1") -> Path:
    path = root / version
    write_folder(path, data=DATA, arrays=ARRAYS, texts=TEXTS)
    return path


def contents(path: Path) -> dict[str, bytes]:
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


def resigned(path: Path, name: str) -> None:
    """Enter a changed file into the manifest, as somebody would who knows how the checksums are made."""
    manifest = json.loads((path / MANIFEST).read_text())
    content = (path / name).read_bytes()
    manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    manifest.pop("sha256", None)
    (path / MANIFEST).write_text(json.dumps(manifest))


# Written and read again


def test_what_is_read_is_what_was_written(tmp_path):
    data, arrays, texts = read_folder(write(tmp_path))
    assert data == DATA
    assert texts == TEXTS
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert same_bytes(arrays[name], array)


def test_arrays_are_mapped_from_the_file_and_nobody_can_write_to_them(tmp_path):
    _, arrays, _ = read_folder(write(tmp_path))
    for name in ("numbers", "deep/down/flags"):
        assert not arrays[name].flags.writeable
        assert not arrays[name].flags.owndata
        with pytest.raises(ValueError, match="read-only"):
            arrays[name][0] = 1


def test_an_array_in_another_order_of_memory_keeps_its_values(tmp_path):
    matrix = np.asfortranarray(np.arange(6).reshape(2, 3))
    write_folder(tmp_path / "v1", data={}, arrays={"m": matrix, "row": matrix[1]}, texts={})
    _, arrays, _ = read_folder(tmp_path / "v1")
    assert arrays["m"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert arrays["row"].tolist() == [3, 4, 5]


def test_a_model_may_tell_of_a_number_that_is_none(tmp_path):
    write_folder(tmp_path / "v1", data={"error": float("nan")}, arrays={}, texts={})
    assert np.isnan(read_folder(tmp_path / "v1")[0]["error"])


def test_the_manifest_tells_size_and_checksum_of_every_file(tmp_path):
    path = write(tmp_path)
    files = contents(path)
    manifest = read_manifest(path)
    assert manifest["version"] == "v1"
    assert manifest["files"].keys() == files.keys() - {MANIFEST}
    for name, facts in manifest["files"].items():
        assert facts == {"bytes": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}


def test_the_same_model_written_twice_is_the_same_to_the_last_byte(tmp_path):
    assert contents(write(tmp_path / "here")) == contents(write(tmp_path / "there"))


def test_other_accounts_of_the_machine_may_read_a_model(tmp_path):
    """The shop may run as somebody else than who trained."""
    assert write(tmp_path).stat().st_mode & 0o777 == 0o755


def test_a_folder_is_never_written_over(tmp_path):
    before = contents(write(tmp_path))
    with pytest.raises(ArtifactError, match="never overwritten") as caught:
        write(tmp_path)
    assert (caught.value.version, caught.value.path) == ("v1", tmp_path / "v1")
    assert contents(tmp_path / "v1") == before


def test_a_full_disk_is_called_so(tmp_path, monkeypatch):
    """NumPy says how many numbers it could write, and nobody would know what to do."""

    def find_no_room(*_arguments, **_options):
        raise OSError("8299 requested and 3056 written")

    monkeypatch.setattr(np.lib.format, "write_array", find_no_room)
    with pytest.raises(OSError, match=r"No space left on device.*numbers\.npy"):
        write_folder(tmp_path / "v1", data={}, arrays={"numbers": np.arange(3)}, texts={})
    assert list(tmp_path.iterdir()) == []


def test_writing_that_fails_leaves_nothing_behind(tmp_path):
    """A pickle would be the only way to write objects, and there are no pickles."""
    arrays = {"good": np.arange(3), "objects": np.array([{}, None], dtype=object)}
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        write_folder(tmp_path / "v1", data={}, arrays=arrays, texts={})
    assert list(tmp_path.iterdir()) == []


# Damage


def remove(path: Path) -> str:
    (path / "numbers.npy").unlink()
    return "numbers.npy"


def cut_off(path: Path) -> str:
    content = (path / "numbers.npy").read_bytes()
    (path / "numbers.npy").write_bytes(content[:-1])
    return "numbers.npy"


def lengthen(path: Path) -> str:
    with (path / "trees/first.txt").open("ab") as file:
        file.write(b"\n")
    return "trees/first.txt"


def flip_a_bit(path: Path) -> str:
    content = bytearray((path / "numbers.npy").read_bytes())
    content[-5] ^= 1
    (path / "numbers.npy").write_bytes(content)
    return "numbers.npy"


def put_a_folder_in_its_place(path: Path) -> str:
    (path / "numbers.npy").unlink()
    (path / "numbers.npy").mkdir()
    return "numbers.npy"


def add_a_pickle(path: Path) -> str:
    (path / "deep/model.pkl").write_bytes(b"\x80\x04N.")
    return "deep/model.pkl"


def hide_a_pickle_in_an_array(path: Path) -> str:
    np.save(path / "numbers.npy", np.array([{}, None], dtype=object), allow_pickle=True)
    resigned(path, "numbers.npy")
    return "numbers.npy"


def empty_an_array(path: Path) -> str:
    (path / "numbers.npy").write_bytes(b"")
    resigned(path, "numbers.npy")
    return "numbers.npy"


def step_outside(path: Path) -> str:
    (path.parent / "other.npy").write_bytes((path / "numbers.npy").read_bytes())
    (path / MANIFEST).write_text((path / MANIFEST).read_text().replace("numbers.npy", "../other.npy"))
    text = json.loads((path / MANIFEST).read_text())
    text.pop("sha256", None)
    (path / MANIFEST).write_text(json.dumps(text))
    return "../other.npy"


DAMAGE: dict[str, tuple[Callable[[Path], str], str]] = {
    "a file is gone": (remove, "a file is missing"),
    "a file is cut off": (cut_off, "8127 bytes instead of 8128"),
    "a file is longer": (lengthen, "bytes instead of"),
    "a bit is flipped": (flip_a_bit, "another checksum"),
    "a folder instead of a file": (put_a_folder_in_its_place, "a file is missing"),
    "a pickle beside the arrays": (add_a_pickle, "a file that the manifest does not name"),
    "a pickle inside an array": (hide_a_pickle_in_an_array, "cannot be read"),
    "an empty file as an array": (empty_an_array, "cannot be read"),
    "a file outside the folder": (step_outside, "outside its folder"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_named_with_version_and_reason(name, tmp_path):
    path = write(tmp_path)
    damage, reason = DAMAGE[name]
    at_fault = damage(path)
    with pytest.raises(ArtifactError, match=reason) as caught:
        read_folder(path)
    error = caught.value
    assert (error.version, error.path) == ("v1", path / at_fault)
    assert str(error) == f"model version v1: {error.reason} ({path / at_fault})"


def change(manifest: dict, **changes: object) -> str:
    return json.dumps({key: value for key, value in (manifest | changes).items() if value is not None})


MANIFESTS: dict[str, tuple[Callable[[dict], str], str]] = {
    "another schema": (lambda m: change(m, schema=99), "schema 99 is not 3, the one this code reads"),
    "no schema": (lambda m: change(m, schema=None), "not whole"),
    "no files": (lambda m: change(m, files=None), "not whole"),
    "no model": (lambda m: change(m, model=None), "not whole"),
    "a list": (lambda m: json.dumps([m]), "not whole"),
    "files as a list": (lambda m: change(m, files=list(m["files"]), sha256=None), "not whole"),
    "a file without a size": (lambda m: change(m, files={"numbers.npy": {"sha256": ""}}, sha256=None), "not whole"),
    "half of it": (lambda m: json.dumps(m)[: len(json.dumps(m)) // 2], "not whole"),
    "empty": (lambda m: "", "not whole"),
    "nested without end": (lambda m: '{"schema": ' + "[" * 100_000, "not whole"),
    "another model": (lambda m: change(m, model={"name": "other"}), "not whole"),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_that_cannot_be_used_is_refused(name, tmp_path):
    path = write(tmp_path)
    make, reason = MANIFESTS[name]
    (path / MANIFEST).write_text(make(read_manifest(path)))
    with pytest.raises(ArtifactError, match=reason) as caught:
        read_folder(path)
    assert (caught.value.version, caught.value.path) == ("v1", path / MANIFEST)


@pytest.mark.parametrize("exists", [True, False], ids=["empty folder", "no folder"])
def test_a_folder_without_a_manifest_is_no_model(exists, tmp_path):
    path = tmp_path / "v1"
    if exists:
        path.mkdir()
    with pytest.raises(ArtifactError, match="No such file") as caught:
        load(path)
    assert caught.value.path == path / MANIFEST


def test_a_manifest_of_before_it_was_signed_itself_is_still_read(tmp_path):
    path = write(tmp_path)
    unsigned = read_manifest(path)
    unsigned.pop("sha256")
    (path / MANIFEST).write_text(json.dumps(unsigned))
    assert read_folder(path)[0] == DATA


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tiny") / "v1"
    quick_model(purchases({"a": ["x", "y"], "b": ["y", "z"]}), None, strategy="popular").save(path)
    return path


@settings(max_examples=60)
@given(data=st.data())
def test_whichever_bit_of_a_model_flips_it_is_refused_or_nothing_has_changed(data, tiny_folder):
    """The name of the manifest's own checksum may change: an unsigned manifest is read as it is."""
    name = data.draw(st.just(MANIFEST) | st.sampled_from(sorted(read_manifest(tiny_folder)["files"])))
    whole = (tiny_folder / name).read_bytes()
    damaged = bytearray(whole)
    damaged[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    (tiny_folder / name).write_bytes(damaged)
    try:
        refusal = None
        assert ids(load(tiny_folder).recommend("a")) == ["z"]
    except ArtifactError as error:
        refusal = error
    finally:
        (tiny_folder / name).write_bytes(whole)
    assert refusal is None or refusal.version == "v1"


# A whole model


def test_a_model_answers_the_same_after_it_was_saved_and_loaded(shop_model, saved_model):
    loaded = load(saved_model)
    for user in ("u00", "u01", "stranger"):
        assert loaded.recommend(user, 8) == shop_model.recommend(user, 8)
        assert loaded.predict_rating(user, "kitchen-01") == shop_model.predict_rating(user, "kitchen-01")
    assert loaded.similar("garden-05", 5) == shop_model.similar("garden-05", 5)
    assert loaded.goes_with(["kitchen-04"], 3) == shop_model.goes_with(["kitchen-04"], 3)
    assert loaded.info == shop_model.info
    assert loaded.get_params() | {"weights": None} == shop_model.get_params()


def test_a_loaded_model_holds_each_category_and_brand_once(shop_model, saved_model):
    """Texts are no part of what processes share: thirty thousand of them were 4 MB in every one."""
    for loaded, fitted in zip(texts_of(load(saved_model)), texts_of(shop_model), strict=True):
        assert loaded.tolist() == fitted.tolist()
        assert 1 < len({id(text) for text in loaded}) == len(set(fitted)) < len(fitted)


def texts_of(model: HybridRecommender) -> tuple[np.ndarray, np.ndarray]:
    return model.model_.category_paths, model.model_.brands


def test_a_model_saved_before_rows_were_narrow_answers_the_same(saved_model, tmp_path):
    data, arrays, texts = read_folder(saved_model)
    narrow = [name for name in arrays if name.endswith(("/rows", "/item_rows"))]
    assert {"history/item_rows", "sources/itemseq/rows", "extras/bought_together/rows"} <= {*narrow}
    assert {arrays[name].dtype for name in narrow} == {np.dtype(np.uint16)}
    wide = arrays | {name: arrays[name].astype(np.int32) for name in narrow}
    write_folder(tmp_path / "old", data=data, arrays=wide, texts=texts)
    old, new = load(tmp_path / "old"), load(saved_model)
    for later in ([], [("guest", "kitchen-01"), ("guest", "garden-07"), ("u00", "garden-07")]):
        for model in (old, new):
            model.absorb(frame_of(*((user, item, "purchase", START + 400 * DAY) for user, item in later)))
        for user in ("u00", "u01", "guest", "stranger"):
            assert old.recommend(user, 8) == new.recommend(user, 8)
            assert old.predict_rating(user, "kitchen-01") == new.predict_rating(user, "kitchen-01")
            for name in ("itemseq", "itemknn", "rp3beta", "ease"):
                assert old.recommend(user, 8, strategy=name) == new.recommend(user, 8, strategy=name)
        assert old.similar("garden-05", 5) == new.similar("garden-05", 5)
        assert old.goes_with(["kitchen-04"], 3) == new.goes_with(["kitchen-04"], 3)


def test_an_order_learned_over_other_features_is_refused(saved_model, tmp_path):
    """A model of an earlier library must not be found out by the first visitor."""
    data, arrays, texts = read_folder(saved_model)
    names = data["ranker"]["names"]
    data["ranker"]["names"] = [*names[:-1], "no such feature"]
    write_folder(tmp_path / "old", data=data, arrays=arrays, texts=texts)
    with pytest.raises(ArtifactError, match="other features"):
        load(tmp_path / "old")


def test_a_loaded_model_saved_again_is_the_same_folder(saved_model, tmp_path):
    load(saved_model).save(tmp_path / "v1")
    assert contents(tmp_path / "v1") == contents(saved_model)


def test_the_same_seed_gives_the_same_folder_but_for_the_time_it_took(shop_events, shop_items, saved_model, tmp_path):
    quick_model(shop_events, shop_items).save(tmp_path / "v1")
    first, second = contents(saved_model), contents(tmp_path / "v1")
    manifests = [json.loads(files.pop(MANIFEST)) for files in (first, second)]
    assert first == second
    for manifest in manifests:
        del manifest["sha256"]
        assert manifest["model"]["info"].pop("fit_seconds") > 0
    assert manifests[0] == manifests[1]


def test_a_model_holds_arrays_json_and_text_and_no_pickle(saved_model):
    assert {p.suffix for p in saved_model.rglob("*") if p.is_file()} <= {".npy", ".json", ".txt", ".md"}
    for file in saved_model.rglob("*.npy"):
        assert not np.load(file, allow_pickle=False).dtype.hasobject


def test_parts_that_do_not_belong_together_are_refused(saved_model, tmp_path):
    """Checksums that are right for the wrong model: an array is not among the files."""
    path = shutil.copytree(saved_model, tmp_path / "v7")
    (path / "history/starts.npy").unlink()
    manifest = json.loads((path / MANIFEST).read_text())
    del manifest["files"]["history/starts.npy"], manifest["sha256"]
    (path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match=r"model version v7: the parts do not fit together: .*starts"):
        load(path)


@pytest.mark.parametrize(("part", "of_it"), [("specs", None), ("spaces", "networks")])
def test_a_part_that_is_not_there_is_refused(part, of_it, saved_model, tmp_path):
    path = shutil.copytree(saved_model, tmp_path / "v8")
    manifest = json.loads((path / MANIFEST).read_text())
    manifest["model"][part] = {**manifest["model"][part], of_it: None} if of_it else None
    del manifest["sha256"]
    (path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match="model version v8: the parts do not fit together"):
        load(path)


# Live


def test_nothing_is_live_until_something_is_published(tmp_path):
    assert current_version(tmp_path / "not there yet") is None
    write(tmp_path)
    assert current_version(tmp_path) is None
    publish(tmp_path, "v1")
    assert current_version(tmp_path) == "v1"


def test_an_earlier_version_goes_live_again_in_the_same_way(tmp_path):
    for version in ("v1", "v2"):
        write(tmp_path, version)
        publish(tmp_path, version)
    publish(tmp_path, "v1")
    assert current_version(tmp_path) == "v1"
    assert versions(tmp_path) == ["v1", "v2"]


@pytest.mark.parametrize("damage", [remove, flip_a_bit])
def test_a_damaged_version_is_not_published(damage, tmp_path):
    write(tmp_path, "v1")
    publish(tmp_path, "v1")
    damage(write(tmp_path, "v2"))
    with pytest.raises(ArtifactError, match="model version v2"):
        publish(tmp_path, "v2")
    assert current_version(tmp_path) == "v1"


def test_a_version_that_is_not_there_is_not_published(tmp_path):
    with pytest.raises(ArtifactError, match="model version v9: the manifest cannot be read"):
        publish(tmp_path, "v9")
    assert current_version(tmp_path) is None


def test_versions_are_the_whole_folders_by_name(tmp_path):
    assert versions(tmp_path / "not there") == []
    for version in ("b", "a", "c"):
        write(tmp_path, version)
    (tmp_path / ".draft-left-behind").mkdir()
    (tmp_path / "c" / MANIFEST).unlink()
    publish(tmp_path, "b")
    assert versions(tmp_path) == ["a", "b"]


def test_whoever_reads_while_versions_go_live_sees_one_of_them(tmp_path):
    for version in ("v1", "v2"):
        write(tmp_path, version)
    publish(tmp_path, "v1")
    seen: set[str | None] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.add(current_version(tmp_path))

    reader = threading.Thread(target=watch)
    reader.start()
    for number in range(20):
        publish(tmp_path, ("v2", "v1")[number % 2])
    done.set()
    reader.join()
    assert seen <= {"v1", "v2"}
    assert seen


KILLED = """
import os, signal, sys
from pathlib import Path
from recommender import artifacts

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def write(root):
    artifacts.write_folder(root / "v3", data={}, arrays={}, texts={"a.txt": "a"})

def publish(root):
    artifacts.publish(root, "v2")

Path.replace = Path.rename = die
for work in (write, publish):
    child = os.fork()
    if not child:
        work(Path(sys.argv[1]))
    print(os.waitpid(child, 0)[1])
"""


def test_who_is_killed_just_before_a_rename_leaves_what_was_live_and_two_drafts(tmp_path):
    for version in ("v1", "v2"):
        write(tmp_path, version)
    publish(tmp_path, "v1")
    ended = subprocess.run([sys.executable, "-c", KILLED, tmp_path], cwd=ROOT, check=True, capture_output=True)
    assert ended.stdout.split() == [str(int(signal.SIGKILL)).encode()] * 2
    assert current_version(tmp_path) == "v1"
    assert versions(tmp_path) == ["v1", "v2"]
    assert len(list(tmp_path.glob(".*"))) == 2
    publish(tmp_path, "v2")
    assert current_version(tmp_path) == "v2"
    prune(tmp_path, keep=2)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["CURRENT", "v1", "v2"]


@pytest.mark.parametrize("how", ["prune", "remove"])
def test_who_is_killed_while_a_version_is_deleted_leaves_nothing_for_good(tmp_path, monkeypatch, how):
    """Half a folder is no version any more: nobody would clear it away, whoever asked to be forgotten stays in it."""
    for version in ("v1", "v2"):
        write(tmp_path, version)
    publish(tmp_path, "v2")

    def die(folder, **_options):
        for manifest in Path(folder).glob(MANIFEST):
            manifest.unlink()
            raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(shutil, "rmtree", die)
        with pytest.raises(KeyboardInterrupt):
            prune(tmp_path, keep=1) if how == "prune" else artifacts.remove(tmp_path, ["v1"])
    assert versions(tmp_path) == ["v2"]
    prune(tmp_path, keep=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["CURRENT", "v2"]


def test_a_pointer_that_is_no_text_is_named(tmp_path):
    (tmp_path / "CURRENT").write_bytes(b"v1\xff")
    with pytest.raises(ArtifactError, match=r"CURRENT.*the name of the live version is no text"):
        current_version(tmp_path)


@pytest.mark.parametrize(
    ("live", "keep", "left"),
    [("d", 2, ["c", "d"]), ("a", 2, ["a", "c", "d"]), ("d", 9, ["a", "b", "c", "d"]), ("d", 0, ["a", "b", "c", "d"])],
)
def test_the_newest_versions_are_kept_and_the_live_one_always(live, keep, left, tmp_path):
    for version in "abcd":
        write(tmp_path, version)
    publish(tmp_path, live)
    gone = prune(tmp_path, keep)
    assert versions(tmp_path) == left
    assert gone == sorted(set("abcd") - set(left))


def test_there_is_nothing_to_prune_where_nothing_is(tmp_path):
    assert prune(tmp_path / "not there", keep=3) == []


# Damage with checksums that fit


WAYS = {
    "shorter": lambda array: array[:-1],
    "flat": lambda array: np.concatenate([array.ravel(), array.ravel()]),
    "text": lambda array: np.full(array.shape, "x"),
    "deeper": lambda array: array[None],
}


@pytest.mark.parametrize("way", WAYS)
def test_an_array_of_another_form_is_named_though_its_checksum_fits(saved_model, tmp_path, way):
    """Such a model opened, and ended in a traceback when it was asked."""
    forged = Path(shutil.copytree(saved_model, tmp_path / "v1"))
    manifest = (forged / MANIFEST).read_bytes()
    for file in sorted(forged.rglob("*.npy")):
        whole = file.read_bytes()
        array = np.load(file)
        if array.ndim and array.size:
            np.save(file, WAYS[way](array))
            resigned(forged, str(file.relative_to(forged)))
            with pytest.raises(ArtifactError) as caught:
                read_folder(forged)
            assert caught.value.path == file
            file.write_bytes(whole)
            (forged / MANIFEST).write_bytes(manifest)
    load(forged)


def test_a_model_whose_manifest_names_no_forms_is_read(tmp_path):
    """As earlier programs wrote it."""
    path = write(tmp_path)
    manifest = json.loads((path / MANIFEST).read_text())
    del manifest["forms"]
    (path / MANIFEST).write_text(json.dumps(manifest))
    resigned(path, "numbers.npy")
    assert read_folder(path)[1].keys() == ARRAYS.keys()


@pytest.mark.parametrize("forms", [[], "numbers.npy", None, {"numbers.npy": 1}])
def test_forms_that_are_none_are_refused(tmp_path, forms):
    path = write(tmp_path)
    manifest = json.loads((path / MANIFEST).read_text()) | {"forms": forms}
    (path / MANIFEST).write_text(json.dumps(manifest))
    resigned(path, "numbers.npy")
    with pytest.raises(ArtifactError):
        read_folder(path)
