"""Numbers as text, and the words that depend on them.

Each function returns a finished string and raises ValueError for a missing value, so that no sentence can be
printed with a hole in it.
"""

import math
from collections.abc import Callable, Iterable

import pandas as pd


def present(*values: float) -> None:
    """Raise ValueError if a value is missing."""
    for value in values:
        if pd.isna(value):
            raise ValueError("A sentence needs a value that is missing from the data: reword it, or restore the value.")


def count(value: float) -> str:
    """Return a whole number with thousands separated: 1,017."""
    present(value)
    return f"{rounded(value, 0):,.0f}".replace("-", "−")


def decimal(value: float, places: int = 1) -> str:
    """Return a number with a fixed number of decimal places: 19.1."""
    present(value)
    return f"{rounded(value, places):,.{places}f}".replace("-", "−")


def percent(value: float, places: int = 0) -> str:
    """Return a share as a percentage: 0.131 gives 13%."""
    present(value)
    return decimal(100 * value, places) + "%"


def rounded(value: float, places: int) -> float:
    """Return the value rounded half away from zero, as readers expect and official tables do."""
    scale = 10**places
    return math.copysign(math.floor(abs(float(value)) * scale + 0.5 + 1e-9) / scale, value) + 0.0


def interval(lower: float, upper: float, places: int = 1) -> str:
    """Return the limits of an interval in words: 18.0 to 20.3."""
    return f"{decimal(lower, places)} to {decimal(upper, places)}"


def rose_or_fell(change: float) -> str:
    """Return what a quantity did: rose, fell or was unchanged."""
    present(change)
    return "rose" if change > 0 else "fell" if change < 0 else "was unchanged"


def more_or_fewer(change: float) -> str:
    """Return a change in a count: 155 fewer than, 46 more than, the same as."""
    present(change)
    if change == 0:
        return "the same as"
    return f"{count(abs(change))} {'more' if change > 0 else 'fewer'} than"


def relative_change(new: float, old: float) -> float:
    """Return the change from old to new as a share of old. Raises ValueError where old is zero or one is missing."""
    present(new, old)
    if old == 0:
        raise ValueError("A change from zero cannot be given as a percentage: give the counts.")
    return float(new / old - 1)


def percent_change(new: float, old: float) -> str:
    """Return the change from old to new in words: 13% fewer than, 27% more than, the same as."""
    change = relative_change(new, old)
    if change == 0:
        return "the same as"
    share = percent(abs(change)) if rounded(abs(change), 2) else "less than 1%"
    return f"{share} {'more' if change > 0 else 'fewer'} than"


def times(new: float, old: float) -> str:
    """Return how many times old goes into new: 3.6 times. Raises ValueError where old is zero or one is missing."""
    return f"{decimal(relative_change(new, old) + 1)} times"


def record(series: pd.Series) -> str:
    """Return how the last value of a series ranks among those before it, the index being years.

    "the highest since 2021", "the lowest since 2017", "the highest on record", "the lowest on record", or
    "the same as in 2023" where nothing changed. A tie with an earlier value counts as that year.
    """
    present(*series)
    last, before = series.iloc[-1], series.iloc[:-1]
    if before.empty:
        raise ValueError("A record needs at least one earlier value.")
    if last == before.iloc[-1]:
        return f"the same as in {before.index[-1]}"
    rising = last > before.iloc[-1]
    reached = before[before >= last] if rising else before[before <= last]
    word = "highest" if rising else "lowest"
    return f"the {word} since {reached.index[-1]}" if len(reached) else f"the {word} on record"


def direction(lower: float, upper: float, outcome: float) -> str:
    """Return what a range says beside an earlier outcome: above, below or no clear difference from."""
    present(lower, upper, outcome)
    return "above" if lower > outcome else "below" if upper < outcome else "no clear difference from"


def listed(items: Iterable[str]) -> str:
    """Return the items as a list in a sentence: a, b and c."""
    items = list(items)
    if not items:
        raise ValueError("A list in a sentence needs at least one item.")
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


NUMERALS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def numeral(value: int) -> str:
    """Return a small whole number in words (below ten), a larger one in figures."""
    present(value)
    return NUMERALS[int(value)] if 0 <= value < len(NUMERALS) else count(value)


def partial_date(text: str) -> str:
    """Return an ISO date, month or year as a reader writes it: 2 September 2025, September 2025, 2025."""
    present(text)
    form = {4: "%Y", 7: "%B %Y", 10: "%-d %B %Y"}[len(text)]
    return pd.Timestamp(text).strftime(form)


def went(old: float, new: float, form: Callable[[float], str] = count, start: str = "", end: str = "") -> str:
    """Return how a quantity went from an old value to a new one: rose from 244 in 1996 to 1,017 in 2024.

    `form` writes a value; `start` and `end` are its times. Values that are written alike stood at that value.
    """
    earlier, later = form(old), form(new)
    if earlier == later:
        times = " and ".join(time for time in (start, end) if time)
        return f"stood at {earlier} {times}".strip()
    return " ".join(part for part in ("rose" if new > old else "fell", "from", earlier, start, "to", later, end) if part)


def course(series: pd.Series, form: Callable[[float], str] = count) -> str:
    """Return the first, the highest and the last value of a series as one predicate, the index being times.

    "rose from 244 in 1996 to 1,339 in 2020, the highest, and fell to 1,017 in 2024"; missing values are passed over.
    """
    known = series.dropna()
    present(*known.iloc[[0]])
    first, last, top = (f"in {known.index[place]}" for place in (0, -1, int(known.argmax())))
    highest = form(known.max())
    if highest in (form(known.iloc[0]), form(known.iloc[-1])):
        return went(known.iloc[0], known.iloc[-1], form, first, last)
    return f"{went(known.iloc[0], known.max(), form, first, top)}, the highest, and fell to {form(known.iloc[-1])} {last}"
