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
