"""What the candidate would have earned, from the places that chance filled."""

from __future__ import annotations

from recommender.evaluation.offpolicy import MIN_EFFECTIVE, LoggedValue, in_words
from recommender.gate.report import Check, note, warning

MIN_VALUE_SHARE = 0.97


def check_logged(value: LoggedValue) -> Check:
    """Clicks a place against those that were earned; not judged where chance had no say, or too little of it.

    Refused is what both estimators surely find below ``MIN_VALUE_SHARE`` of what was earned; what is not surely above
    it is a warning.
    """
    if not value.n_chance:
        return note("logged picks", "not judged: nothing that was shown since the split had been left to chance")
    if value.is_of_one:
        return warning("logged picks", False, "not judged: nearly all of it was shown to one person")
    if not value.is_enough:
        n = value.snips.effective_sample_size
        return warning("logged picks", False, f"not judged: an effective sample of {n:.0f} is under {MIN_EFFECTIVE}")
    needed = MIN_VALUE_SHARE * value.logged
    detail = (
        f"SNIPS {in_words(value.snips)}, doubly robust {in_words(value.robust)}, earned {value.logged:.4f} clicks a "
        f"place, effective sample {value.snips.effective_sample_size:.0f}"
    )
    if value.snips.high < needed and value.robust.high < needed:
        return Check("logged picks", False, detail)
    return warning("logged picks", min(value.snips.low, value.robust.low) >= needed, detail)
