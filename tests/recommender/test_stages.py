"""The clocks of the benchmark stand where the engine works."""

from __future__ import annotations

from bench.stages import STAGES, watched


def test_every_stage_of_a_request_is_timed_and_the_engine_is_left_as_it_was(shop_model):
    plain = shop_model.recommend("u01", 10)
    with watched() as clock:
        assert shop_model.recommend("u01", 10) == plain
    assert len(clock.requests) == 1
    assert shop_model.model_.ranker is not None
    assert {stage for stage in STAGES if clock.of(stage)[0] > 0} == set(STAGES)
    assert shop_model.recommend("u01", 10) == plain
    assert len(clock.requests) == 1
