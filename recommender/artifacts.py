"""Saved models: a folder of plain arrays with a manifest of checksums, published by moving one pointer."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from recommender.errors import ArtifactError
from recommender.types import AnyArray

SCHEMA = 3
MANIFEST = "manifest.json"
CURRENT = "CURRENT"
CARD = "model_card.md"
_CHUNK = 1 << 20
WriteFile = Callable[[Path], None]


def write_folder(
    path: Path,
    *,
    data: Mapping[str, Any],
    arrays: Mapping[str, AnyArray],
    texts: Mapping[str, str],
    files: Mapping[str, WriteFile] | None = None,
) -> None:
    """Write a model folder so that it is either whole or not there.

    Everything goes to a temporary folder beside ``path``, is flushed to disk and renamed. ``files`` have a form of
    their own: each is written by its function when that is given the place.

    Raises
    ------
    ArtifactError
        When the folder exists already: a published folder is never edited.
    """
    if path.exists():
        raise ArtifactError(path.name, path, "the folder exists already; a model folder is never overwritten")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=path.parent))
    with held(draft):
        try:
            for name, array in arrays.items():
                _write_array(draft / f"{name}.npy", array)
            for name, text in texts.items():
                _write_bytes(draft / name, text.encode())
            for name, write in (files or {}).items():
                _write_file(draft / name, write)
            forms = {f"{name}.npy": _form(array) for name, array in arrays.items()}
            about = {"schema": SCHEMA, "version": path.name, "model": data, "forms": forms}
            manifest = _signed(about | {"files": _checksums(draft)})
            _write_bytes(draft / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True).encode())
            draft.chmod(0o755)
            draft.rename(path)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    _sync_folder(path.parent)


def read_folder(path: Path) -> tuple[dict[str, Any], dict[str, AnyArray], dict[str, str]]:
    """Verify a model folder and open it; arrays are memory-mapped and read-only.

    Raises
    ------
    ArtifactError
        When the manifest is missing or broken, the schema is another one, a file is missing, of another size or with
        another checksum, or lies there without standing in the manifest, or an array has another type or shape.
    """
    manifest = read_manifest(path)
    for name, expected in manifest["files"].items():
        _verify(path, name, expected)
    _refuse_strangers(path, manifest["files"])
    arrays = {n.removesuffix(".npy"): _open_array(path, n) for n in manifest["files"] if n.endswith(".npy")}
    _refuse_other_forms(path, arrays, manifest.get("forms", {}))
    texts = {n: (path / n).read_text("utf-8") for n in manifest["files"] if n.endswith(".txt")}
    return manifest["model"], arrays, texts


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a model folder; ArtifactError when it cannot be used."""
    try:
        manifest = json.loads((path / MANIFEST).read_text("utf-8"))
        schema, _, _ = manifest["schema"], manifest["model"], manifest.get("forms", {}).items()
        is_whole = all({"bytes", "sha256"} <= facts.keys() for facts in manifest["files"].values())
        signature = _signed(manifest)["sha256"]
    except OSError as error:
        raise ArtifactError(path.name, path / MANIFEST, f"the manifest cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ArtifactError(path.name, path / MANIFEST, "the manifest is not whole") from error
    if schema != SCHEMA:
        raise ArtifactError(path.name, path / MANIFEST, f"schema {schema} is not {SCHEMA}, the one this code reads")
    if not is_whole or manifest.get("sha256") not in (None, signature):
        raise ArtifactError(path.name, path / MANIFEST, "the manifest is not whole")
    return dict(manifest)


def publish(root: Path, version: str) -> None:
    """Make a version the live one: readers see the old name or the new one, never half of it.

    Raises
    ------
    ArtifactError
        When the version does not verify; the live one stays.

    Notes
    -----
    Whoever publishes, prunes or removes in the same folder meanwhile waits, where the file system has locks.
    """
    with held(root):
        read_folder(root / version)
        draft = root / f".{CURRENT}-{os.getpid()}"
        _write_bytes(draft, version.encode())
        draft.replace(root / CURRENT)
        _sync_folder(root)


def current_version(root: Path) -> str | None:
    """Name of the live version; None when nothing was published yet, ArtifactError where no text names it."""
    try:
        name = (root / CURRENT).read_text("utf-8").strip()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise ArtifactError(CURRENT, root / CURRENT, "the name of the live version is no text") from error
    return name or None


def versions(root: Path) -> list[str]:
    """Names of the version folders, oldest first."""
    if not root.is_dir():
        return []
    folders = (p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))  # drafts begin with a dot
    return sorted(p.name for p in folders if (p / MANIFEST).is_file())


def model_card(root: Path, version: str) -> str | None:
    """The card of a saved version, in Markdown; None where there is no such version."""
    if version not in versions(root):
        return None
    try:
        return (root / version / CARD).read_text("utf-8")
    except OSError:
        return None


def prune(root: Path, keep: int, *, age: Callable[[str], Any] | None = None) -> list[str]:
    """Delete all but the newest ``keep`` versions, never the live one; also drafts of killed runs. Returns names.

    ``age`` sorts the names from the oldest on, where they do not do so themselves.
    """
    with held(root):
        gone = _removed(root, sorted(versions(root), key=age)[:-keep] if keep > 0 else [])
        for draft in filter(_is_left, root.glob(".draft-*")):
            shutil.rmtree(draft, ignore_errors=True)
        for pointer in root.glob(f".{CURRENT}-*"):
            pointer.unlink(missing_ok=True)
    return gone


def remove(root: Path, names: Collection[str]) -> list[str]:
    """Delete versions by name, never the live one. Returns the names of those that were there."""
    with held(root):
        return _removed(root, [version for version in versions(root) if version in names])


def _removed(root: Path, names: Collection[str]) -> list[str]:
    live = current_version(root)
    gone = [name for name in names if name != live]
    for name in gone:
        _delete(root / name)
    return gone


def _delete(folder: Path) -> None:
    """Delete a version, by way of a draft: half a folder would be no version, and nobody would clear it away."""
    draft = folder.with_name(f".draft-of-{folder.name}")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        folder.rename(draft)
    except OSError:  # then it goes where it is, as far as it goes
        draft = folder
    shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep everybody from publishing, pruning and removing in a folder of models meanwhile.

    Where the file system has locks; who dies lets go of it. A new version may still come to lie there.
    """
    if not folder.is_dir():
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _is_left(draft: Path) -> bool:
    """Whether nobody writes a draft any more."""
    try:
        handle = os.open(draft, os.O_RDONLY)
    except OSError:  # it has become a version just now
        return False
    try:
        return _lock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(handle)


def _lock(handle: int, how: int) -> bool:
    """Lock an open folder; False where another process has it. Where there are no locks nobody has."""
    try:
        fcntl.flock(handle, how)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def _write_array(path: Path, array: AnyArray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        try:
            np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
        except OSError as error:
            if error.errno is None:  # NumPy says how many numbers it could write, not why it were no more
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
            raise
        file.flush()
        os.fsync(file.fileno())


def _write_file(path: Path, write: WriteFile) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path)
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _write_bytes(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _open_array(path: Path, name: str) -> AnyArray:
    try:
        try:
            return np.asarray(np.load(path / name, mmap_mode="r", allow_pickle=False))
        except ValueError:  # an empty array cannot be mapped
            return np.asarray(np.load(path / name, allow_pickle=False))
    except (ValueError, EOFError) as error:
        raise ArtifactError(path.name, path / name, "the array cannot be read") from error


def _form(array: AnyArray) -> str:
    """Type and shape in words; a single number is written as an array of one."""
    return f"{array.dtype.str} {'x'.join(map(str, array.shape or (1,)))}"


def _refuse_other_forms(path: Path, arrays: Mapping[str, AnyArray], forms: Mapping[str, str]) -> None:
    """Raise for an array of another type or shape than was written; manifests of earlier programs name no forms."""
    for name, array in arrays.items():
        expected = forms.get(f"{name}.npy", _form(array))
        if _form(array) != expected:
            raise ArtifactError(path.name, path / f"{name}.npy", f"an array is {_form(array)} instead of {expected}")


def _signed(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with a checksum of itself, so that no part of it can change unseen either."""
    plain = {key: value for key, value in json.loads(json.dumps(manifest)).items() if key != "sha256"}
    return plain | {"sha256": hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()}


def _refuse_strangers(path: Path, files: Mapping[str, Any]) -> None:
    """Raise for a file that nobody vouches for; what a system hides in a folder (a leading dot) is passed over."""
    known = {*files, MANIFEST}
    for file in sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith(".")):
        if str(file.relative_to(path)) not in known:
            raise ArtifactError(path.name, file, "there is a file that the manifest does not name")


def _checksums(folder: Path) -> dict[str, dict[str, Any]]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): {"sha256": _sha256(p), "bytes": p.stat().st_size} for p in files}


def _verify(path: Path, name: str, expected: Mapping[str, Any]) -> None:
    file = path / name
    if not file.resolve().is_relative_to(path.resolve()):
        raise ArtifactError(path.name, file, "the manifest names a file outside its folder")
    if not file.is_file():
        raise ArtifactError(path.name, file, "a file is missing")
    if file.stat().st_size != expected["bytes"]:
        raise ArtifactError(path.name, file, f"a file has {file.stat().st_size} bytes instead of {expected['bytes']}")
    if _sha256(file) != expected["sha256"]:
        raise ArtifactError(path.name, file, "a file has another checksum than when it was written")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
