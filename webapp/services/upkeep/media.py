"""Picture files: drawn from the catalogue's own words, kept under a name that never changes its content.

Pillow is loaded with the first picture that somebody hands in: most processes never see one.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import struct
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webapp.errors import NotFound
from webapp.store import catalogue, products
from webapp.store.tx import read_unit

if TYPE_CHECKING:
    from PIL.Image import Image

log = logging.getLogger(__name__)
WIDTHS = (320, 640, 960)
CARD_WIDTH = 320
MAX_PIXELS = 40_000_000
MAX_EDGE = 65_535  # the longest that JPEG can be; what shrinks a picture takes 32 bytes for each pixel of an edge
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")  # one of the others starts Ghostscript
# What reading a damaged file may raise, found by damaging many.
BROKEN = (OSError, ValueError, TypeError, SyntaxError, EOFError, struct.error)
# Bytes of memory that Pillow takes at a time: what is larger than 32 MB goes back to the system at once.
BLOCK = 64 * 1024 * 1024
CHUNK = 16
DRAFT_SECONDS = 3600
PAPER = (246, 244, 240)
_one_at_a_time = threading.Lock()  # a large one takes several hundred megabytes; a few small files must not take all


def stem_of(spec: Mapping[str, str]) -> str:
    """Name the files of a drawn picture: equal words, equal name."""
    words = "|".join(f"{name}={spec[name]}" for name in sorted(spec))
    return f"{spec.get('kind', 'picture')}-{hashlib.sha256(words.encode()).hexdigest()[:16]}"


def height_of(width: int) -> int:
    """Return the height of a 4:5 picture."""
    return width * 5 // 4


def ensure(folder: Path, stem: str, width: int) -> bytes | None:
    """Draw a picture in one width unless it is there.

    Returns
    -------
    bytes or None
        The picture where the disk could not take it: it can be shown all the same. None: it is in the folder.

    Raises
    ------
    NotFound
        If no product has such a picture.
    """
    path = folder / f"{stem}-{width}.webp"
    if path.exists():
        return None
    with read_unit() as tx:
        spec = products.picture_spec(tx, stem)
    if not spec:
        raise NotFound
    drawn = _drawn(spec, width)
    try:
        write_whole(path, drawn)
    except OSError as error:
        log.warning("picture_not_kept", extra={"picture": path.name, "reason": error.strerror or str(error)})
        return drawn
    return None


def draw(picture: tuple[str, Mapping[str, str]], *, folder: Path, width: int) -> None:
    """Draw one picture and put it in place at once, so that nobody reads half of it."""
    stem, spec = picture
    path = folder / f"{stem}-{width}.webp"
    if not path.exists():
        write_whole(path, _drawn(spec, width))


def _drawn(spec: Mapping[str, str], width: int) -> bytes:
    from seed.pictures.drawing import draw_svg, render
    from seed.pictures.spec import PictureSpec

    return render(draw_svg(PictureSpec.from_dict(spec)), width, height_of(width))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there; where that fails nothing is left of it."""
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
        draft.chmod(0o644)
        os.replace(draft, path)  # noqa: PTH105 - atomic on every system, which Path.replace does not say
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def clear_drafts(folder: Path, *, now: datetime) -> int:
    """Remove what a killed process left half-written, once nobody can be writing it any more; return how many."""
    n_gone = 0
    for draft in folder.glob(".*.webp.*"):
        with suppress(OSError):  # moved to its place meanwhile, or of a folder that cannot be written
            if draft.stat().st_mtime < now.timestamp() - DRAFT_SECONDS:
                draft.unlink()
                n_gone += 1
    return n_gone


def draw_all(
    folder: Path,
    pictures: Sequence[tuple[str, Mapping[str, str]]],
    *,
    processes: int | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> int:
    """Draw the narrow width of many pictures with every core, and return how many were missing."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [picture for picture in pictures if not (folder / f"{picture[0]}-{CARD_WIDTH}.webp").exists()]
    work = partial(draw, folder=folder, width=CARD_WIDTH)
    n_processes = min(processes or os.cpu_count() or 1, max(1, len(missing) // CHUNK))
    if n_processes == 1:
        for done, picture in enumerate(missing, 1):
            work(picture)
            _tell(progress, done, len(missing))
        return len(missing)
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")  # a fork would share the parent's database connections
    with ProcessPoolExecutor(n_processes, mp_context=context, initializer=_end_with_parent) as pool:
        for done, _nothing in enumerate(pool.map(work, missing, chunksize=CHUNK), 1):
            _tell(progress, done, len(missing))
    return len(missing)


def _end_with_parent() -> None:
    """End this process when the one that gave it work is killed; it would wait for more for ever."""
    from multiprocessing import parent_process
    from threading import Thread

    parent = parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=wait, name="end with parent", daemon=True).start()


def draw_batch(folder: Path, n: int) -> int:
    """Draw the next ``n`` pictures that cards show and nobody has asked for yet; return how many are left."""
    with read_unit() as tx:
        wanted = catalogue.first_pictures(tx)
    missing = [picture for picture in wanted if not (folder / f"{picture[0]}-{CARD_WIDTH}.webp").exists()]
    draw_all(folder, missing[:n], processes=1)
    return max(0, len(missing) - n)


def _tell(progress: Callable[[str, float], None] | None, done: int, total: int) -> None:
    if progress is not None and (done % 25 == 0 or done == total):
        progress("pictures", done / total)


def keep_picture(folder: Path, content: bytes) -> dict[str, Any] | None:
    """Take a picture into the shop: decoded, fitted into 4:5, written anew without its metadata.

    Returns
    -------
    dict or None
        Stem, width and height for the picture's row; None when this is no picture that can be used.
    """
    with _one_at_a_time:
        return _kept(folder, content)


def _kept(folder: Path, content: bytes) -> dict[str, Any] | None:
    whole = _decoded(content)
    if whole is None:
        return None
    stem = f"file-{hashlib.sha256(content).hexdigest()[:16]}"
    widths = [width for width in WIDTHS if width <= max(whole.width, CARD_WIDTH)]  # nothing is blown up
    for width in widths:
        path = folder / f"{stem}-{width}.webp"
        if not path.exists():
            write_whole(path, _written(whole, width))
    return {"stem": stem, "spec": {}, "width": widths[-1], "height": height_of(widths[-1])}


def as_card(content: bytes) -> bytes | None:
    """Return a picture as the cards show theirs, written anew; None when this is no picture that can be used."""
    with _one_at_a_time:
        whole = _decoded(content)
        return None if whole is None else _written(whole, CARD_WIDTH)


def _decoded(content: bytes) -> Image | None:
    """Decode a picture of a bearable size, upright and on paper where it can be seen through; None when it is none."""
    from PIL import Image, ImageOps

    Image.core.set_block_size(BLOCK)
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_EDGE:
                return None
            ImageOps.exif_transpose(image, in_place=True)
            return _on_paper(_shrunk(_in_eight_bits(image)))
    except (*BROKEN, Image.DecompressionBombError):
        return None


def _in_eight_bits(image: Image) -> Image:
    """Return a grey picture of 16 bits with the upper eight of them: Pillow takes all above 255 for white."""
    if not image.mode.startswith("I"):
        return image
    grey = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    grey.info.pop("transparency", None)
    return grey


def _shrunk(image: Image) -> Image:
    """Return a picture at most about twice as large as it is kept: each step behind this copies all of its pixels."""
    widest = WIDTHS[-1]
    factor = int(max(image.width / widest, image.height / height_of(widest)) / 2)
    if factor < 2:
        return image
    mode = "RGBA" if image.has_transparency_data else "RGB"
    whole = image if image.mode == mode else image.convert(mode)
    return whole.reduce(factor)


def _on_paper(image: Image) -> Image:
    """Lay a picture on paper: what can be seen through would come out black."""
    from PIL import Image

    if not image.has_transparency_data:
        return image.convert("RGB")
    above = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", above.size, PAPER), above).convert("RGB")


def _written(whole: Image, width: int) -> bytes:
    """Fit a picture into 4:5 and write it without its metadata."""
    from PIL import ImageOps

    out = io.BytesIO()
    ImageOps.pad(whole, (width, height_of(width)), color=PAPER).save(out, "WEBP", quality=82, method=2)
    return out.getvalue()
