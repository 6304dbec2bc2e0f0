"""What a program has to say: tables for people, the same as JSON for programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Rows of cells under named columns.

    Attributes
    ----------
    title : str
    columns : tuple of str
        Each name ends with its unit where it has one.
    rows : tuple of tuple
        Cells: text, whole numbers, decimals, None where there is nothing to say.
    notes : tuple of str
        Sentences below the table.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """The table in aligned columns: numbers to the right, text to the left."""
        cells = [list(self.columns), *([shown(cell) for cell in row] for row in self.rows)]
        widths = [max(len(row[n]) for row in cells) for n in range(len(self.columns))]
        right = [_is_numeric([row[n] for row in self.rows]) for n in range(len(self.columns))]
        lines = [
            "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)).rstrip()
            for row in cells
        ]
        return "\n".join([self.title, "", *lines, *(f"  {note}" for note in self.notes)])

    def markdown(self) -> str:
        """The table for a Markdown page."""
        right = [_is_numeric([row[n] for row in self.rows]) for n in range(len(self.columns))]
        ruler = ["---:" if r else "---" for r in right]
        rows = [list(self.columns), ruler, *([shown(cell) for cell in row] for row in self.rows)]
        lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
        return "\n".join([f"**{self.title}**", "", *lines, "", *self.notes]).rstrip()

    def to_json(self) -> dict[str, Any]:
        """One object per row, NaN as null."""
        rows = [dict(zip(self.columns, (_plain(cell) for cell in row), strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "notes": list(self.notes)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Table:
        """A table read back from :meth:`to_json`."""
        columns = tuple(data["rows"][0]) if data["rows"] else ()
        return cls(data["title"], columns, tuple(tuple(row.values()) for row in data["rows"]), tuple(data["notes"]))


@dataclass(frozen=True)
class Budget:
    """A promise and what was measured.

    Attributes
    ----------
    what : str
    measured, limit : float
    unit : str
    at_least : bool
        True when the measured value must not fall below the limit, else it must not exceed it.
    """

    what: str
    measured: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the promise holds; a value that could not be measured keeps none."""
        if math.isnan(self.measured):
            return False
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


def budget_table(budgets: Sequence[Budget]) -> Table:
    """All promises of a run with their verdicts."""
    return Table("Budgets", ("what", "measured", "budget", "unit", "verdict"), tuple(_verdict(b) for b in budgets))


def _verdict(budget: Budget) -> tuple[Cell, ...]:
    limit = f"{'at least' if budget.at_least else 'at most'} {shown(budget.limit)}"
    return budget.what, budget.measured, limit, budget.unit, "met" if budget.is_met else "MISSED"


@dataclass(frozen=True)
class Report:
    """Everything a program found.

    Attributes
    ----------
    tables : tuple of Table
    budgets : tuple of Budget
    skipped : str
        Why nothing was measured; "" when something was.
    facts : dict
        Further figures, ready for JSON.
    """

    tables: tuple[Table, ...] = ()
    budgets: tuple[Budget, ...] = ()
    skipped: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def text(self) -> str:
        """All tables, the budgets last."""
        return self._joined([table.text() for table in self._all()])

    def markdown(self) -> str:
        """The same for a Markdown page."""
        return self._joined([table.markdown() for table in self._all()])

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Report:
        """A report read back from :meth:`to_json`."""
        return cls(
            tuple(Table.from_json(table) for table in data["tables"]),
            tuple(
                Budget(b["what"], _measured(b["measured"]), b["limit"], b["unit"], b["at_least"])
                for b in data["budgets"]
            ),
            facts=data["facts"],
        )

    def in_place_of(self, older: Report) -> Report:
        """An older report in which the tables and promises measured anew, known by their names, are replaced."""
        tables = {table.title: table for table in (*older.tables, *self.tables)}
        again = {table.title for table in self.tables}
        kept = [b for b in older.budgets if not any(b.what.startswith(f"{title}:") for title in again)]
        order = list(tables)
        budgets = sorted([*kept, *self.budgets], key=lambda b: order.index(b.what.partition(":")[0]))
        return Report(tuple(tables.values()), tuple(budgets), facts=older.facts | self.facts)

    def _all(self) -> list[Table]:
        return [*self.tables, *([budget_table(self.budgets)] if self.budgets else [])]

    def _joined(self, parts: list[str]) -> str:
        return f"skipped: {self.skipped}" if self.skipped else "\n\n".join(parts)

    def to_json(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "skipped": self.skipped,
            "tables": [table.to_json() for table in self.tables],
            "budgets": [
                {
                    "what": b.what,
                    "measured": _plain(b.measured),
                    "limit": b.limit,
                    "unit": b.unit,
                    "at_least": b.at_least,
                    "met": b.is_met,
                }
                for b in self.budgets
            ],
            "facts": self.facts,
        }


def shown(cell: Cell) -> str:
    """A cell for people: three significant digits below a thousand, thin thousands above, a dash for nothing."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "-"
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int):
        return f"{cell:,}"
    if cell and abs(cell) < 0.001:
        return f"{cell:.1e}"
    for bound, digits in ((1, 4), (10, 3), (100, 2), (1000, 1)):
        if abs(cell) < bound:
            return f"{cell:.{digits}f}"
    return f"{cell:,.0f}"


def _measured(value: float | None) -> float:
    return math.nan if value is None else value


def _is_numeric(cells: Sequence[Cell]) -> bool:
    known = [cell for cell in cells if cell is not None]
    return bool(known) and not any(isinstance(cell, str) for cell in known)


def _plain(cell: Cell) -> Cell:
    if isinstance(cell, float):
        return None if math.isnan(cell) else round(cell, 6)
    return cell
