"""Encoders by name: tiny ONNX models made here, opened, searched with, saved, and missed."""

import builtins
import io
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from recommender import DataError, HybridRecommender, Interactions, ItemCatalogue, load, modelcard
from recommender.__main__ import main
from recommender.features import networks
from recommender.features.combine import Networks, build_spaces
from recommender.features.networks import IMAGENET, ImageNetwork, open_image, open_text
from recommender.training import nightly as training
from recommender.tuning import Budget
from tests.servers import need_package


@pytest.fixture(scope="module", autouse=True)
def _packages() -> None:
    for package in ("onnxruntime", "tokenizers", "onnx"):
        need_package(package, "onnx")


# Words of one meaning share a direction; nothing else is known of them.
MEANINGS = {"jumper": 0, "sweater": 0, "pullover": 0, "lamp": 1, "light": 1, "boots": 2, "footwear": 2}
N_DIMS = 4


def save_model(path: Path, nodes: list, inputs: list, outputs: list, weights: list) -> Path:
    import onnx
    from onnx import helper

    graph = helper.make_graph(nodes, "tiny", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def tensor(name: str, kind: str, *shape: object):
    from onnx import TensorProto, helper

    return helper.make_tensor_value_info(name, getattr(TensorProto, kind), list(shape))


@pytest.fixture(scope="module")
def text_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence transformer that knows seven words: a table of vectors, looked up by token."""
    from onnx import helper, numpy_helper
    from tokenizers import Tokenizer, models, pre_tokenizers

    folder = tmp_path_factory.mktemp("sentences")
    vocabulary = {"[UNK]": 0} | {word: number for number, word in enumerate(MEANINGS, 1)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    table = np.zeros((len(vocabulary), N_DIMS), dtype=np.float32)
    table[0, 3] = 0.1
    for word, direction in MEANINGS.items():
        table[vocabulary[word], direction] = 1.0
    save_model(
        folder / "model.onnx",
        [helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])],
        [tensor("input_ids", "INT64", "n", "s"), tensor("attention_mask", "INT64", "n", "s")],
        [tensor("last_hidden_state", "FLOAT", "n", "s", N_DIMS)],
        [numpy_helper.from_array(table, "table")],
    )
    return folder


@pytest.fixture(scope="module")
def image_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image model that sees the mean of each colour channel."""
    from onnx import helper

    file = tmp_path_factory.mktemp("eyes") / "colours.onnx"
    save_model(
        file,
        [helper.make_node("GlobalAveragePool", ["pixels"], ["seen"])],
        [tensor("pixels", "FLOAT", "n", 3, 16, 16)],
        [tensor("seen", "FLOAT", "n", 3, 1, 1)],
        [],
    )
    file.with_suffix(".json").write_text(json.dumps({"size": 16}), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Nine things of three kinds with pictures in one colour each, and a few looks at them."""
    folder, rows = tmp_path_factory.mktemp("pictures"), []
    for kind, colour in (("jumper", "red"), ("lamp", "green"), ("boots", "blue")):
        for number in range(3):
            path = folder / f"{kind}-{number}.png"
            Image.new("RGB", (40 + number, 50), colour).save(path)
            rows.append({"item_id": f"{kind}-{number}", "title": f"thing {kind}", "image": str(path)})
    items = pd.DataFrame(rows)
    events = pd.DataFrame({"user_id": ["u"] * 9, "item_id": items["item_id"], "kind": "view", "timestamp": range(9)})
    return events, items


@pytest.fixture(scope="module")
def model(shop: tuple, text_folder: Path, image_file: Path) -> HybridRecommender:
    events, items = shop
    made = HybridRecommender("content", text_encoder=str(text_folder), image_encoder=str(image_file))
    return made.fit(Interactions.from_frame(events), ItemCatalogue.from_frame(items))


def kinds(found: list) -> list[str]:
    return [item.item_id.split("-")[0] for item in found]


def photo(colour: str) -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), colour).save(out, "PNG")
    out.seek(0)
    return out


def test_a_search_understands_words_that_no_item_holds(model: HybridRecommender) -> None:
    assert kinds(model.search_text("sweater", k=3)) == ["jumper"] * 3
    assert kinds(model.search_text("footwear", k=3)) == ["boots"] * 3
    assert model.search_text("", k=3) == []


def test_texts_without_a_word_make_no_space(text_folder: Path) -> None:
    items = ItemCatalogue.from_frame(pd.DataFrame({"item_id": ["a", "b"], "title": ["X", "7"], "brand": ["X", "Y"]}))
    made = build_spaces(items, networks=Networks.open(str(text_folder), ""))
    assert made.names == ("attributes", "combined")


def test_a_photo_is_seen_by_the_same_eyes_as_the_pictures(model: HybridRecommender) -> None:
    assert kinds(model.search_image(photo("lime"), k=3)) == ["lamp"] * 3
    assert kinds(model.similar("jumper-0", k=2, space="image")) == ["jumper"] * 2


def test_the_mean_counts_words_and_not_what_fills_a_batch_up(text_folder: Path) -> None:
    network = open_text(str(text_folder / "model.onnx"))
    alone = network.describe(["jumper lamp"])
    beside = network.describe(["jumper lamp", "jumper lamp boots light sweater footwear"])
    np.testing.assert_allclose(alone[0], beside[0], rtol=1e-6)
    np.testing.assert_allclose(alone[0], [np.sqrt(0.5), np.sqrt(0.5), 0, 0], rtol=1e-6)


def sentences(folder: Path, text_folder: Path, *, inputs: list, shape: tuple, table: np.ndarray, **more: list) -> Path:
    """Another model over the same words, a table looked up by token, with what else it is made of."""
    from onnx import helper, numpy_helper

    shutil.copy(text_folder / "tokenizer.json", folder)
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["tokens"]), *more.get("nodes", [])]
    out = nodes[-1].output[0]
    weights = [numpy_helper.from_array(table, "table"), *more.get("weights", [])]
    return save_model(folder / "model.onnx", nodes, inputs, [tensor(out, "FLOAT", *shape)], weights)


@pytest.fixture
def table() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(len(MEANINGS) + 1, N_DIMS)).astype(np.float32)


def test_a_model_that_is_told_of_no_filling_reads_each_text_by_itself(
    text_folder: Path, tmp_path: Path, table: np.ndarray
) -> None:
    from onnx import helper

    mean = helper.make_node("ReduceMean", ["tokens"], ["sentence"], axes=[1], keepdims=0)
    ids = [tensor("input_ids", "INT64", "n", "s")]
    sentences(tmp_path, text_folder, inputs=ids, shape=("n", N_DIMS), table=table, nodes=[mean])
    network = open_text(str(tmp_path))
    alone, beside = network.describe(["jumper"]), open_text(str(tmp_path)).describe(["boots lamp light", "jumper"])
    wanted = table[1] / np.linalg.norm(table[1])
    np.testing.assert_allclose([alone[0], beside[1]], [wanted, wanted], rtol=1e-5)


@pytest.mark.parametrize(("kind", "n"), [("INT32", "n"), ("INT64", 1)], ids=["short numbers", "one text at once"])
def test_other_ways_to_export_a_text_model_do_as_well(
    kind: str, n: object, text_folder: Path, tmp_path: Path, table: np.ndarray
) -> None:
    inputs = [tensor(name, kind, n, "s") for name in ("input_ids", "attention_mask")]
    sentences(tmp_path, text_folder, inputs=inputs, shape=(n, "s", N_DIMS), table=table)
    found = open_text(str(tmp_path)).describe(["jumper", "lamp"])
    wanted = table[[1, list(MEANINGS).index("lamp") + 1]]
    np.testing.assert_allclose(found, wanted / np.linalg.norm(wanted, axis=1, keepdims=True), rtol=1e-5)


def with_places(folder: Path, text_folder: Path, table: np.ndarray, n_places: int) -> Path:
    """A model with a vector for each of so many places, as a transformer has."""
    from onnx import helper, numpy_helper

    nodes = [
        helper.make_node("Shape", ["input_ids"], ["shape"], start=1, end=2),
        helper.make_node("Squeeze", ["shape"], ["length"]),
        helper.make_node("Range", ["zero", "length", "one"], ["places"]),
        helper.make_node("Gather", ["known", "places"], ["placed"]),
        helper.make_node("Add", ["tokens", "placed"], ["last_hidden_state"]),
    ]
    numbers = [numpy_helper.from_array(np.array(n, dtype=np.int64), name) for n, name in ((0, "zero"), (1, "one"))]
    known = numpy_helper.from_array(np.zeros((n_places, N_DIMS), dtype=np.float32), "known")
    inputs = [tensor(name, "INT64", "n", "s") for name in ("input_ids", "attention_mask")]
    weights = [*numbers, known]
    shape = ("n", "s", N_DIMS)
    return sentences(folder, text_folder, inputs=inputs, shape=shape, table=table, nodes=nodes, weights=weights)


def test_a_text_is_cut_where_the_tokenizer_of_the_model_says(
    text_folder: Path, tmp_path: Path, table: np.ndarray
) -> None:
    from tokenizers import Tokenizer

    with_places(tmp_path, text_folder, table, 4)
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    tokenizer.enable_truncation(4)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    found = open_text(str(tmp_path)).describe(["jumper " * 4, "jumper " * 4 + "boots"])
    np.testing.assert_array_equal(found[0], found[1])


def test_a_model_that_breaks_on_long_texts_is_refused_at_once(
    text_folder: Path, tmp_path: Path, table: np.ndarray
) -> None:
    with_places(tmp_path, text_folder, table, 4)
    with pytest.raises(DataError, match="cannot encode"):
        open_text(str(tmp_path))


def test_what_a_model_gives_has_to_be_numbers(shop: tuple, text_folder: Path, tmp_path: Path) -> None:
    broken = np.full((len(MEANINGS) + 1, N_DIMS), 1.0, dtype=np.float32)
    broken[list(MEANINGS).index("boots") + 1] = np.inf
    inputs = [tensor("input_ids", "INT64", "n", "s")]
    sentences(tmp_path, text_folder, inputs=inputs, shape=("n", "s", N_DIMS), table=broken)
    with pytest.raises(DataError, match="gives what is no number"):
        training.train(*shop, strategy="content", settings={"text_encoder": str(tmp_path)})


def test_an_image_model_may_take_one_picture_at_once(tmp_path: Path) -> None:
    from onnx import helper

    node = helper.make_node("GlobalAveragePool", ["pixels"], ["seen"])
    pixels, seen = tensor("pixels", "FLOAT", 1, 3, 16, 16), tensor("seen", "FLOAT", 1, 3, 1, 1)
    file = save_model(tmp_path / "eyes.onnx", [node], [pixels], [seen], [])
    file.with_suffix(".json").write_text('{"size": 16, "mean": [0, 0, 0], "std": [1, 1, 1]}', encoding="utf-8")
    found, readable = open_image(str(file)).describe([photo("red"), photo("blue")])
    assert readable.all()
    np.testing.assert_allclose(found, [[1, 0, 0], [0, 0, 1]], atol=1e-6)


def test_pictures_are_prepared_as_the_json_says_or_as_imagenet(image_file: Path, tmp_path: Path) -> None:
    wanted = (np.array([1.0, 0.0, 0.0]) - IMAGENET["mean"]) / IMAGENET["std"]
    seen, readable = open_image(str(image_file)).describe([photo("red"), io.BytesIO(b"no picture")])
    assert readable.tolist() == [True, False]
    np.testing.assert_allclose(seen[0], wanted / np.linalg.norm(wanted), rtol=1e-5)
    assert not seen[1].any()
    copy = Path(shutil.copy(image_file, tmp_path / "other.onnx"))
    copy.with_suffix(".json").write_text('{"size": 16, "mean": [0, 0, 0], "std": [1, 1, 1]}', encoding="utf-8")
    np.testing.assert_allclose(open_image(str(copy)).describe([photo("red")])[0][0], [1, 0, 0], atol=1e-6)


def test_the_fits_of_a_training_see_each_picture_once(
    image_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night describes the same catalogue four times: for the search, the candidate, what is live, and in the end."""
    paths = [tmp_path / f"{colour}.png" for colour in ("red", "lime", "blue")]
    for path in paths:
        Image.new("RGB", (20, 20), path.stem).save(path)
    items = ItemCatalogue.from_frame(pd.DataFrame({"item_id": ["r", "g", "b"], "image": [str(path) for path in paths]}))
    read = list[object]()
    prepared = ImageNetwork._prepared
    monkeypatch.setattr(ImageNetwork, "_prepared", lambda self, one: (read.append(one), prepared(self, one))[1])
    made = [build_spaces(items, networks=Networks.open("", str(image_file))) for _ in range(2)]
    assert read == [str(path) for path in paths]
    np.testing.assert_array_equal(made[0].vectors["image"], made[1].vectors["image"])
    Image.new("RGB", (20, 20), "yellow").save(paths[0])
    os.utime(paths[0], ns=(1, 1))
    build_spaces(items, networks=Networks.open("", str(image_file)))
    assert read[3:] == [str(paths[0])]


def test_no_more_pictures_are_remembered_than_there_is_room_for(
    image_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "MAX_REMEMBERED", 2 * 3 * 4)
    paths = [str(tmp_path / f"{colour}.png") for colour in ("navy", "lime", "teal")]
    for path in paths:
        Image.new("RGB", (20, 20), Path(path).stem).save(path)
    network = open_image(str(image_file))
    assert network is not None
    network._known.clear()
    first, again = (network.describe(paths, remember=True)[0] for _ in range(2))
    assert [key[0] for key in network._known] == paths[:2]
    np.testing.assert_array_equal(first, again)


def test_the_encoders_are_named_with_their_dimensions(model: HybridRecommender, text_folder: Path) -> None:
    encoders = model.info["encoders"]
    assert encoders["text"]["name"].startswith(text_folder.name)
    assert encoders["image"]["name"].startswith("colours.onnx (")
    assert encoders["text"]["n_dims"] == model.item_vectors(["lamp-0"], "text").shape[1]
    assert f"text: {encoders['text']['name']}, {encoders['text']['n_dims']} dimensions" in modelcard.model_card(
        model.model_
    )


def test_a_saved_model_encodes_the_same_and_new_items_too(model: HybridRecommender, tmp_path: Path) -> None:
    model.save(tmp_path / "m")
    again = load(tmp_path / "m")
    assert again.search_text("sweater", k=5) == model.search_text("sweater", k=5)
    again.add_items(pd.DataFrame([{"item_id": "pullover-9", "title": "pullover"}]))
    assert "pullover-9" in {item.item_id for item in again.search_text("sweater", k=9)}


def test_a_model_whose_encoder_is_gone_or_changed_goes_on_without_searching(
    shop: tuple, text_folder: Path, image_file: Path, tmp_path: Path
) -> None:
    events, items = shop
    folder = Path(shutil.copytree(text_folder, tmp_path / "sentences"))
    eyes = Path(shutil.copy(image_file, tmp_path / "eyes.onnx"))
    shutil.copy(image_file.with_suffix(".json"), eyes.with_suffix(".json"))
    made = HybridRecommender("content", text_encoder=str(folder), image_encoder=str(eyes))
    made.fit(Interactions.from_frame(events), ItemCatalogue.from_frame(items)).save(tmp_path / "m")
    (folder / "model.onnx").unlink()
    eyes.write_bytes(eyes.read_bytes() + b"\0")
    again = load(tmp_path / "m")
    assert again.search_text("sweater") == []
    assert again.search_image(photo("red")) == []
    assert kinds(again.similar("jumper-0", k=2)) == ["jumper"] * 2
    assert again.add_items(pd.DataFrame([{"item_id": "new", "title": "lamp", "price": 3.0}])) == 1
    assert len(again.recommend("u", k=5)) <= 5


def test_a_changed_tokenizer_or_preparation_is_another_encoder(
    shop: tuple, text_folder: Path, image_file: Path, tmp_path: Path
) -> None:
    """A photo was prepared in the new way and compared with pictures that had been prepared in the old one."""
    folder = Path(shutil.copytree(text_folder, tmp_path / "sentences"))
    eyes = Path(shutil.copy(image_file, tmp_path / "eyes.onnx"))
    shutil.copy(image_file.with_suffix(".json"), eyes.with_suffix(".json"))
    events, items = shop
    made = HybridRecommender("content", text_encoder=str(folder), image_encoder=str(eyes))
    made.fit(Interactions.from_frame(events), ItemCatalogue.from_frame(items)).save(tmp_path / "m")
    assert load(tmp_path / "m").search_text("sweater")
    assert load(tmp_path / "m").search_image(photo("red"))
    tokenizer = (folder / "tokenizer.json").read_text(encoding="utf-8")
    (folder / "tokenizer.json").write_text(tokenizer + "\n", encoding="utf-8")
    eyes.with_suffix(".json").write_text('{"size": 16, "mean": [1, 1, 1]}', encoding="utf-8")
    again = load(tmp_path / "m")
    assert again.search_text("sweater") == []
    assert again.search_image(photo("red")) == []


def test_a_model_saved_before_that_was_kept_goes_on_searching(model: HybridRecommender) -> None:
    told = Networks.of(model.model_.spaces.encoders).to_json()
    older = {kind: {name: one[name] for name in ("path", "sha256")} for kind, one in told.items()}
    found = Networks.from_json(older)
    assert found.text is not None
    assert found.image is not None
    assert found.text.is_ready
    assert found.image.is_ready


def test_the_search_of_a_night_sees_the_items_as_the_model_will(text_folder: Path, tmp_path: Path) -> None:
    """People keep to one meaning, and no two things that they touch share a word."""
    rng, words = np.random.default_rng(0), list(MEANINGS)
    items = pd.DataFrame({"item_id": words, "title": [f"{word} {word}" for word in words]})
    rows = [
        {"user_id": f"u{n}", "item_id": words[item], "kind": "view", "timestamp": 1_700_000_000 + 1_000 * step + n}
        for n in range(120)
        for step, item in enumerate(rng.permutation(3))
    ]
    scores = []
    for number, encoder in enumerate(("", str(text_folder))):
        file = tmp_path / f"{number}.jsonl"
        search = training.Search(Budget(trials=1), file)
        settings = {"text_encoder": encoder}
        training.train(pd.DataFrame(rows), items, strategy="content", settings=settings, search=search)
        trials = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        scores += [trial["score"] for trial in trials if trial["study"] == "content"]
    assert scores[0] < 0.9
    assert scores[1] == 1.0


def test_what_is_missing_is_said_before_anything_is_read_or_fitted(
    shop: tuple, text_folder: Path, image_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lonely = Path(shutil.copy(text_folder / "model.onnx", tmp_path / "lonely.onnx"))
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a model")
    for given, words in (
        (tmp_path / "nowhere", "there is no ONNX file"),
        (lonely, "the tokenizer has to stand beside the model"),
    ):
        with pytest.raises(DataError, match=words):
            training.train(*shop, strategy="content", settings={"text_encoder": str(given)})
    for file, words in ((broken, "is no ONNX model"), (text_folder / "model.onnx", "cannot encode")):
        with pytest.raises(DataError, match=words):
            open_image(str(file))
    shutil.copy(text_folder / "tokenizer.json", tmp_path / "tokenizer.json")
    eyes = str(shutil.copy(image_file, tmp_path / "eyes.onnx"))
    with pytest.raises(DataError, match="wants pixels"):
        open_text(eyes)
    status = main(["train", "--interactions", "none.csv", "--text-encoder", str(broken), "--out", str(tmp_path / "m")])
    assert status == 2
    assert "is no ONNX model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("preparation", "words"),
    [
        ('{"size": 16, "mean": 3}', "mean and std three numbers"),
        ('{"size": 16, "mean": [0, 0, NaN]}', "mean and std three numbers"),
        ('{"size": 16, "std": [1, 1, 0]}', "std above 0"),
        ('{"size": 16, "std": [1, "2", 1]}', "mean and std three numbers"),
        ('{"size": true}', "a whole number from 1 to 2,048"),
        ('{"size": 100000}', "a whole number from 1 to 2,048"),
        ('{"size": 16.5}', "a whole number from 1 to 2,048"),
        (f'{{"size": 16, "std": [1, 1, {10**400}]}}', "no JSON object with size, mean and std"),
        ("[224]", "no JSON object with size, mean and std"),
        ("{", "no JSON object with size, mean and std"),
    ],
)
def test_what_an_image_model_expects_is_checked(preparation: str, words: str, image_file: Path, tmp_path: Path) -> None:
    eyes = Path(shutil.copy(image_file, tmp_path / "eyes.onnx"))
    eyes.with_suffix(".json").write_text(preparation, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        open_image(str(eyes))


def test_a_missing_package_is_named_with_the_file_that_installs_it(
    text_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object, **more: object) -> object:
        if name == "onnxruntime":
            raise ImportError(name)
        return real(name, *rest, **more)

    import importlib

    monkeypatch.setattr(importlib, "import_module", without)
    networks._text_network.cache_clear()
    with pytest.raises(DataError, match=r"onnxruntime: install the packages of requirements-onnx\.txt"):
        open_text(str(text_folder))
    networks._text_network.cache_clear()
