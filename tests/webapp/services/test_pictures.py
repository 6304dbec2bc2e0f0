"""Pictures that the shop takes in and writes anew."""

import io
from pathlib import Path

import pytest
from PIL import Image

from webapp.services import media


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
