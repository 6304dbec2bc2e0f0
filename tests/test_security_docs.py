"""docs/security.md against the tests: every rule once, every named test there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = [line.strip("|").split(" | ") for line in PAGE.splitlines() if re.match(r"\| (?!rule|misdeed)", line)]
N_RULES, N_MISDEEDS = 34, 12


def names_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_rule_has_one_row() -> None:
    rules = [row[0].strip() for row in ROWS if len(row) == 4]
    assert rules == [f"S{number}" for number in range(1, N_RULES + 1)]
    assert len([row for row in ROWS if len(row) == 2]) == N_MISDEEDS


def test_every_named_test_exists() -> None:
    for row in ROWS:
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", row[-1])
        assert named, row[0]
        assert row[-1].count("::") == len(named), row[0]
        for file, test in named:
            assert test in names_of(ROOT / "tests" / file), f"{file}::{test}"
