"""S20, S21, S24: files from elsewhere are decoded and written anew, tables start no formula, nothing is fetched."""

import csv
import io
import re
import struct
import time
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from PIL import EpsImagePlugin, Image

from tests.factories import ShopClient
from tests.test_architecture import imports, sources
from tests.webapp.services.test_imports import take_events, write
from webapp.services.upkeep import import_rows, media

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def png(width: int, height: int, part: bytes = b"IEND") -> bytes:
    """Return a small file that claims to be a picture of that size and ends with a part of some name."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"")), (part, b""))
    made = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + made


def picture(kind: str = "JPEG", **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (400, 500), "teal").save(out, kind, **more)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        SVG,
        b"",
        b"GIF89a",
        b"<html><script>alert(1)</script>",
        png(50_000, 50_000),
        png(10, 10),
        png(400, 500, b"\0\0\0\0"),
        picture()[:300],
        picture("TIFF"),
    ],
    ids=["svg", "nothing", "half a gif", "html", "too wide", "no pixels", "odd part", "cut off", "of another kind"],
)
def test_s20_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    assert media.keep_picture(tmp_path, content) is None
    assert list(tmp_path.iterdir()) == []


def test_s20_a_picture_is_written_anew_under_our_own_name(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    content = picture(exif=exif) + b"<script>alert(1)</script>"
    kept = media.keep_picture(tmp_path, content)
    assert kept is not None
    for path in tmp_path.iterdir():
        assert re.fullmatch(r"file-[0-9a-f]{16}-\d+\.webp", path.name)
        written = path.read_bytes()
        assert b"<script>" not in written
        assert b"taken at home" not in written
        with Image.open(io.BytesIO(written)) as image:
            assert image.format == "WEBP"


def test_s20_no_other_program_is_started_for_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_arguments: object, **_more: object) -> None:
        pytest.fail("Ghostscript is started")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", start)
    assert media.keep_picture(tmp_path, picture("EPS")) is None


def archive(path: Path, content: bytes, claimed: int | None = None) -> Path:
    """Write a zip file with one picture, which may claim another size."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("lamp.png", content)
    if claimed is not None:
        raw = path.read_bytes()
        path.write_bytes(raw.replace(struct.pack("<L", len(content)), struct.pack("<L", claimed)))
    return path


def test_s20_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_rows, "MAX_PICTURE_BYTES", 1000)
    for number, (size, claimed) in enumerate([(1001, None), (100_000, 50), (1000, 50)]):
        taken = import_rows._archive(archive(tmp_path / f"{number}.zip", bytes(size), claimed))
        assert taken is not None
        assert taken("lamp.png") is None
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "large.png").write_bytes(bytes(1001))
    (folder / "small.png").write_bytes(bytes(1000))
    taken = import_rows._archive(folder)
    assert taken is not None
    assert (taken("large.png"), taken("small.png")) == (None, bytes(1000))


@pytest.mark.parametrize("size", [(70_000, 1), (1, 70_000)])
def test_s20_a_thread_of_pixels_is_no_picture(size: tuple[int, int]) -> None:
    content = io.BytesIO()
    Image.new("L", size).save(content, "PNG")
    assert media.as_card(content.getvalue()) is None


def test_s20_pictures_are_unpacked_one_after_the_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    content, inside, seen = io.BytesIO(), [], []
    Image.new("RGB", (64, 80)).save(content, "PNG")
    written = media._written

    def slowly(whole: Image.Image, width: int) -> bytes:
        inside.append(whole)
        time.sleep(0.02)
        seen.append(len(inside))
        inside.remove(whole)
        return written(whole, width)

    monkeypatch.setattr(media, "_written", slowly)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(media.as_card, [content.getvalue()] * 4))
        list(pool.map(lambda name: media.keep_picture(tmp_path / name, content.getvalue()), folders(tmp_path)))
    assert seen == [1] * 8


def folders(top: Path) -> list[str]:
    names = ["a", "b", "c", "d"]
    for name in names:
        (top / name).mkdir()
    return names


@pytest.mark.parametrize(
    "name",
    ["../secret_key", "..%2fsecret_key", "%2e%2e/shop.db", "secret_key", "x.html", "x-320.svg", "x-320.webp/../y"],
)
def test_s20_only_pictures_are_sent_from_the_folder_of_pictures(app: Flask, client: ShopClient, name: str) -> None:
    folder = Path(app.instance_path) / "media"
    (folder / "x.html").write_text("<script>alert(1)</script>", encoding="utf-8")
    assert client.get(f"/media/{name}").status_code == 404


def test_s20_a_picture_is_sent_as_a_picture_whatever_is_in_it(app: Flask, client: ShopClient) -> None:
    (Path(app.instance_path) / "media" / "odd-320.webp").write_text("<script>alert(1)</script>", encoding="utf-8")
    answer = client.get("/media/odd-320.webp")
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    answer.close()


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1"])
def test_s21_the_file_of_rejected_rows_starts_no_formula(app: Flask, tmp_path: Path, cell: str) -> None:
    rows = [
        {"who": "A", "what": cell, "stars": "5", "when": "1700000000"},
        {"who": "A", "what": "L1", "stars": cell, "when": "1700000000"},
        {"who": "A", "what": "L1", "stars": "5", "when": cell},
    ]
    report = take_events(write(tmp_path / "events.csv", rows), tmp_path)
    assert report.rejects is not None
    with report.rejects.open(encoding="utf-8", newline="") as rejected:
        told = [value for row in csv.reader(rejected) for value in row]
    assert len(told) > 2
    assert [value for value in told if value.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


def test_s24_the_shop_opens_no_address_it_is_given() -> None:
    """Pictures come from files, never from an address: there is nothing that could be sent to a private network."""
    clients = {"urllib.request", "http.client", "requests", "httpx", "aiohttp", "urllib3"}
    found = [
        f"{path}:{line}"
        for path in sources("webapp")
        for line, name in imports(path)
        if name in clients or name.rpartition(".")[0] in clients
    ]
    assert found == []
