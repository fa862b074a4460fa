"""Truths that the tables must keep: parts sum to totals, rates recompute, intervals hold their estimates.

Each check is a plain function without arguments, in the module of its subject, that raises DataError with the file,
row and column at fault. `@on("table", …)` names the tables it concerns: loading any of them runs it, once a process.
`rules` holds what the checks share.
"""

from dcr.checks import comparison, effects, people, places, positions, register, rooms, scotland, substances
from dcr.checks.rules import CHECKS, Check

__all__ = [
    "comparison",
    "effects",
    "every",
    "of",
    "people",
    "places",
    "positions",
    "register",
    "rooms",
    "scotland",
    "substances",
]


def of(table: str) -> list[Check]:
    """Return the checks that concern a table, the comparison with its control totals last."""
    return [*CHECKS.get(table, []), register.control_totals_of(table)]


def every() -> list[Check]:
    """Return all checks but the control totals, each once."""
    return list(dict.fromkeys(check for checks in CHECKS.values() for check in checks))
