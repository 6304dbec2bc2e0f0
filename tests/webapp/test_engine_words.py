"""What the engine says of a model is read in the language of the page, with its numbers."""

import ast
import inspect
import re
from collections.abc import Iterator
from types import ModuleType

import pandas as pd
import pytest
from flask import Flask
from flask_babel import force_locale

from recommender import modelcard
from recommender.data.interactions import Interactions
from recommender.errors import DataError
from recommender.evaluation import make_split
from recommender.gate import change, data, integrity, logged, points, ranking
from recommender.hybrid import HybridRecommender
from recommender.modelcard import model_card
from recommender.ranking.features import AFFINITY_COLUMNS, ITEM_COLUMNS, USER_COLUMNS
from recommender.sources import SOURCES
from recommender.training import TrainResult, train
from tests.recommender.worlds import DAY, START, frame_of, ring_walks
from webapp.services.upkeep import training
from webapp.viewbuilders.engine_names import feature_label, source_label
from webapp.viewbuilders.engine_words import card, said

SPACE = "\N{NO-BREAK SPACE}"


@pytest.fixture
def german(app: Flask) -> Iterator[None]:
    with app.test_request_context(), force_locale("de"):
        yield


@pytest.fixture
def english(app: Flask) -> Iterator[None]:
    with app.test_request_context(), force_locale("en"):
        yield


@pytest.fixture(scope="module")
def judged() -> TrainResult:
    frame = ring_walks(60)
    day = frame.groupby("user_id").cumcount()
    return train(frame.assign(timestamp=START + day * DAY), strategy="itemseq", live_params={"strategy": "itemseq"})


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("744 users could be judged, 20 are needed", "744 Menschen konnten beurteilt werden, 20 sind nötig"),
        ("ndcg@10 is 0.0623", "ndcg@10 ist 0,0623"),
        ("28.0% of the catalogue is shown to somebody, live 30.1%", f"28,0{SPACE}% des Katalogs werden"),
        ("ndcg@10 0.0623, popular 0.0194 (+0.0429)", "ndcg@10 0,0623, popular 0,0194 (+0,0429)"),
        ("ndcg@10 0.0623, the live parameters 0.0691 (-0.0067)", "die Einstellungen in Betrieb 0,0691 (-0,0067)"),
        ("120945 rows, 120945 in the training before", "120.945 Zeilen, 120.945 im Training davor"),
        ("p50 32.5 ms a request, p95 104.5 ms; live 15.2 and 27.1 ms", "p50 32,5 ms je Anfrage, p95 104,5 ms; in Betr"),
        (
            "no search: a search needs 20 users to judge by, the training part leaves 4",
            "keine Suche: eine Suche braucht 20 Menschen, an denen sie misst, davor bleiben 4",
        ),
        ("not judged: nearly all of it was shown to one person", "nicht beurteilt: fast alles davon sah ein einz"),
        ("not judged: the log is empty", "nicht beurteilt: es gibt keine Ereignisse"),
        ("stays: Rue lamp, rust; comes: Vest; goes: Rug", "bleibt: Rue lamp, rust; kommt: Vest; geht: Rug"),
        ("comes: Vest", "kommt: Vest"),
        ("12 trials in 60 s; taken: nothing", "12 Versuche in 60 s; übernommen: nichts"),
        (
            "On visits after the end of the log 50 trees correct it, which served such visits best.",
            "Bei Besuchen nach dem Ende der Ereignisse verbessern sie 50 Bäume",
        ),
        ("the process that trained stopped before the end", "der Prozess, der trainierte, endete vor der Zeit"),
        (
            "SNIPS 0.0123 [0.0100 0.0150], doubly robust 0.0120 [0.0100 0.0140], earned 0.0110 clicks a place, "
            "effective sample 120",
            "SNIPS 0,0123 [0,0100 bis 0,0150], doppelt robust 0,0120",
        ),
    ],
)
def test_a_sentence_is_said_in_german_with_german_numbers(app: Flask, english: str, german: str) -> None:
    with app.test_request_context(), force_locale("de"):
        assert german in (said(english) or "")
    with app.test_request_context(), force_locale("en"):
        assert (said(english) or "").replace(",", "") == english.replace(",", "")


@pytest.mark.parametrize(
    ("log", "german_"),
    [
        (frame_of(("ana", "cup", "view", START)), "alle Ereignisse geschahen zur selben Zeit"),
        (frame_of(("ana", "cup", "view", START), ("ben", "pot", "view", START + DAY)), "niemand beurteilt werden"),
        (frame_of(("ana", "cup", "view", START)).iloc[:0], "es gibt keine Ereignisse"),
    ],
    ids=["at one time", "strangers", "nothing"],
)
def test_why_a_young_shop_cannot_be_judged_is_said_in_german(german: None, log: pd.DataFrame, german_: str) -> None:
    with pytest.raises(DataError) as told:
        make_split(log, "time")
    assert german_ in (said(str(told.value)) or "")
    assert german_ in (said(f"no search: {told.value}") or "")


def test_a_shop_with_nothing_to_learn_from_is_told_so_in_german(german: None) -> None:
    with pytest.raises(DataError) as told:
        train(frame_of(("ana", "cup", "view", START)).iloc[:0], strategy="itemseq")
    assert said(str(told.value)) == "es gibt weder ein Ereignis noch ein Produkt, aus dem zu lernen wäre"


def test_a_sentence_of_no_known_form_is_none(german: None) -> None:
    assert said("the moon is full") is None
    assert said("the item 7 has no price") is None


@pytest.mark.parametrize(
    ("english", "german_"),
    [
        ("12345 cannot be shown", "12345 kann nicht gezeigt werden"),
        ("stays: 2001; comes: image", "bleibt: 2001; kommt: image"),
        ("19 of 20 lists hold something; 4711 could be shown more than nothing", "4711 könnte mehr als nichts"),
    ],
)
def test_ids_and_titles_stay_as_they_are(german: None, english: str, german_: str) -> None:
    assert german_ in (said(english) or "")


def sentences_of(module: ModuleType) -> list[str]:
    """Every text with a blank in it that a module makes, but its docstrings, with 7 where something is filled in."""
    tree = ast.parse(inspect.getsource(module))
    found = []
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        body = function.body[1:] if ast.get_docstring(function) else function.body
        inside = {
            id(part)
            for node in body
            for text in ast.walk(node)
            if isinstance(text, ast.JoinedStr)
            for part in ast.walk(text)
            if part is not text
        }
        for node in (node for statement in body for node in ast.walk(statement)):
            if id(node) in inside:
                continue
            if isinstance(node, ast.JoinedStr):
                found.append("".join(v.value if isinstance(v, ast.Constant) else "7" for v in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return [text for text in found if " " in text.strip()]


NO_SENTENCES = re.compile(
    r"rows of a day|kinds of events|repeated rows|times to come|unknown items|newest event|every item|saved model"
    r"|load time|enough users|against .*|nothing again|7: 7|segment 7|change 7|persona 7|stars on average|logged picks"
    r"|, and a score that is no number|; 7 could be shown more than nothing|somebody whom no model knows"
    r"|## 7|\| 7 \|| \| |- 7|\|7\|| --- \|"
)


@pytest.mark.parametrize("module", [change, data, integrity, logged, points, ranking], ids=lambda one: one.__name__)
def test_whatever_the_gate_may_say_has_a_form(german: None, module: ModuleType) -> None:
    texts = [text for text in sentences_of(module) if not NO_SENTENCES.fullmatch(text)]
    assert [text for text in texts if said(text) is None] == []


def test_whatever_a_point_says_of_itself_has_a_form(german: None) -> None:
    assert [what.unjudged for what in points.POINTS.values() if said(what.unjudged) is None] == []
    assert [limit for limit in modelcard.LIMITS if said(limit) is None] == []
    assert None not in map(said, (training.LOST, training.SOMEBODY_LEFT, training.TAKEN_OVER, "stopped"))


def test_every_check_of_a_training_is_said(german: None, judged: TrainResult) -> None:
    assert len(judged.gate.checks) > 20
    assert [check.detail for check in judged.gate.checks if said(check.detail) is None] == []


def test_a_card_is_german_line_by_line(german: None, judged: TrainResult) -> None:
    own, spoken = model_card(judged.model.model_).splitlines(), card(model_card(judged.model.model_)).splitlines()
    assert len(own) == len(spoken)
    same = [line for line, other in zip(own, spoken, strict=True) if line == other and re.search(r"[A-Za-z]{3}", line)]
    assert [line for line in same if not line.startswith("- `")] == []  # notes of a source keep its settings' names
    assert "## Woraus es gelernt hat" in spoken
    assert any(line.startswith("| genügend Leute | bestanden |") for line in spoken)


def test_technical_names_on_a_card_are_explained(german: None) -> None:
    events = Interactions.from_frame(ring_walks(40))
    spoken = card(model_card(HybridRecommender(effort="quick").fit(events).model_))
    assert "`itemseq` (wozu andere danach kamen)" in spoken
    assert re.search(r"\| `\w+` \([^|]+\) \| \d+,\d", spoken)


def test_every_source_and_feature_has_words(german: None) -> None:
    assert [name for name in SOURCES if not source_label(name)] == []
    columns = (*ITEM_COLUMNS, *AFFINITY_COLUMNS, *USER_COLUMNS)
    signals = [f"{name}{kind}" for name in SOURCES for kind in ("", "_share", "_rank", "_last_share")]
    assert [name for name in (*columns, *signals) if not feature_label(name)] == []
    assert feature_label("of_tomorrow") == ""


def test_an_english_card_keeps_its_sentences(english: None, judged: TrainResult) -> None:
    text = model_card(judged.model.model_)
    spoken = card(text)
    for sentence in ("## What it learned from", "The gate ", "| check | verdict | seen |"):
        assert sentence in text
        assert sentence in spoken
