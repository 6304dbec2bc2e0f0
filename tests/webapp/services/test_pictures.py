"""Pictures that the shop takes in and writes anew."""

import io
import os
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image

from tests.conftest import NOW
from webapp import jobs
from webapp.services.upkeep import media, schedule
from webapp.store import operations
from webapp.store.tx import unit_of_work


def cut_out(mode: str) -> bytes:
    """Return a picture of a thing that was cut out, with nothing around it."""
    image = Image.new("RGBA", (400, 500))
    image.paste("teal", (100, 100, 300, 400))
    out = io.BytesIO()
    (image.quantize(4) if mode == "P" else image.convert(mode)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_a_cut_out_lies_on_paper(mode: str, tmp_path: Path) -> None:
    kept = media.keep_picture(tmp_path, cut_out(mode))
    assert kept is not None
    with Image.open(tmp_path / f"{kept['stem']}-320.webp") as written:
        assert written.getpixel((5, 5)) == pytest.approx(media.PAPER, abs=4)
        assert written.getpixel((160, 200)) != pytest.approx(media.PAPER, abs=40)


@pytest.mark.parametrize(
    ("mode", "ink"), [("RGB", (200, 30, 30)), ("RGBA", (0, 0, 0, 0)), ("L", 90), ("P", 1), ("1", 1)]
)
def test_a_large_picture_is_made_small_before_all_else_and_looks_the_same(mode: str, ink: object) -> None:
    looks = []
    for size in ((400, 500), (4000, 5000)):
        content = io.BytesIO()
        Image.new(mode, size, ink).save(content, "PNG")  # type: ignore[arg-type]
        whole = media._decoded(content.getvalue())
        assert whole is not None
        assert whole.width <= 3 * media.WIDTHS[-1]
        looks.append(whole.getpixel((whole.width // 2, whole.height // 2)))
    assert looks[0] == looks[1]


def test_what_a_killed_process_left_half_written_goes_after_a_while(tmp_path: Path) -> None:
    """Nobody else would take it away; what is being written just now is let alone, and so is every picture."""
    left, fresh = tmp_path / ".lamp-1-320.webp.k3x", tmp_path / ".lamp-2-320.webp.z9q"
    for path in (left, fresh, tmp_path / "lamp-0-320.webp"):
        path.write_bytes(b"RIFF")
    os.utime(left, (NOW.timestamp() - 7200,) * 2)
    os.utime(tmp_path / "lamp-0-320.webp", (NOW.timestamp() - 7200,) * 2)
    os.utime(fresh, (NOW.timestamp(),) * 2)
    assert media.clear_drafts(tmp_path, now=NOW) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"lamp-0-320.webp", fresh.name}
    assert media.clear_drafts(tmp_path / "not-there-yet", now=NOW) == 0


def test_it_is_looked_for_every_hour(app: Flask) -> None:
    left = Path(app.instance_path) / "media" / ".lamp-1-320.webp.k3x"
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"RIFF")
    os.utime(left, (NOW.timestamp() - 7200,) * 2)
    with unit_of_work() as tx:
        operations.add_job(tx, schedule.HOUSEKEEPING, due_at=NOW)
    assert jobs.run_due_jobs() == 1
    assert not left.exists()
