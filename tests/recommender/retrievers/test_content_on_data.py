"""The combined space against each space alone on real shops, on days that the model has not seen."""

import pytest

from recommender.evaluation import evaluate
from recommender.readers import datasets

SPACES = ("content_text", "content_image", "content_attributes")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gift-cards", "datafiniti"])
def test_the_combined_space_is_no_worse_than_the_best_of_its_parts(name: str) -> None:
    if reason := datasets.why_missing(name):
        pytest.skip(reason)
    events, items = datasets.load_interactions(name).frame, datasets.load_catalogue(name).frame
    result = evaluate(events, items, models=[*SPACES, "content"], split="time", k=10, random_state=0)
    found = {model: judged.metrics["ndcg@10"].mean for model, judged in result.results.items()}
    alone = {model: value for model, value in found.items() if model in SPACES}
    assert len(alone) >= 2
    assert found["content"] >= max(alone.values()), found
