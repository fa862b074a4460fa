from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sphinx.errors import ExtensionError

import ledger
from dcr import numbers
from dcr.data import DataError

ARGUMENTS = {"unit": "deaths", "definition": "Deaths", "rows": "annual_deaths: year == 2017"}


@pytest.mark.parametrize(
    ("value", "given", "text"), [(np.int64(1017), None, "1,017"), (12.5, "12.5", "12.5"), ("today", None, "today")]
)
def test_a_number_is_recorded_with_its_text_and_shows_nothing(monkeypatch, value, given, text):
    shown = []
    monkeypatch.setattr(numbers, "display", lambda bundle, raw: shown.append(bundle[numbers.MIME]))
    assert numbers.number("a_number", value, given, **ARGUMENTS) is None
    assert [record["text"] for record in shown] == [text]


@pytest.mark.parametrize("value", [None, np.nan, pd.NA, float("inf"), True, "", [1]])
def test_a_number_without_a_value_is_refused(value):
    with pytest.raises(ValueError, match="has no value"):
        numbers.number("a_number", value, **ARGUMENTS)


def test_malformed_numbers_are_refused():
    with pytest.raises(ValueError, match="lower-case"):
        numbers.number("A number", 1, **ARGUMENTS)
    with pytest.raises(ValueError, match="decimals"):
        numbers.number("a_number", 1.5, **ARGUMENTS)
    with pytest.raises(ValueError, match="No row"):
        numbers.number("a_number", 1, **{**ARGUMENTS, "rows": "annual_deaths: year == 1895"})
    with pytest.raises(DataError, match="no table"):
        numbers.number("a_number", 1, **{**ARGUMENTS, "rows": "births"})


def test_provenance_names_rows_and_sources():
    found = numbers.provenance("annual_deaths: year > 2022; first_published: year == 2017")
    assert found["tables"][0] == {"table": "annual_deaths", "rows": "29–30"}
    assert found["tables"][1] == {"table": "first_published", "rows": "23"}
    assert found["sources"] == ["nrs-2024", "bbc-drug-deaths-2018"]
    kept = numbers.provenance("disagreements: key == 'S08000022|2000'")["sources"]
    assert kept == ["nrs-2024"]
    assert len(numbers.provenance("disagreements")["sources"]) > 1
    assert numbers.provenance("gaps")["sources"] == []
    assert numbers.spans(pd.Index([2, 3, 4, 9])) == "2–4, 9"


@pytest.mark.parametrize(
    ("value", "unit", "in_full", "in_print"),
    [
        (24.578947368421055, "percent", "24.578947368421055 percent", "24.5789 percent"),
        (1234567.8, "pounds", "1234567.8 pounds", "1,234,570 pounds"),
        (0.0000001, "chance", "1e-07 chance", "0.0000001 chance"),
        (12345, "deaths", "12,345 deaths", "12,345 deaths"),
        (2024, "year", "2024", "2024"),
        ("7 May 2025", "date", "7 May 2025", "7 May 2025"),
    ],
)
def test_a_value_stands_as_recorded_on_the_web_and_has_six_figures_in_print(value, unit, in_full, in_print):
    record = {"value": value, "unit": unit}
    assert ledger.exact(record) == in_full
    assert ledger.exact(record, figures=6) == in_print


def test_a_recorded_value_is_the_same_on_every_machine():
    """Processors differ in the last figures of a fit."""
    assert numbers.plain(12.773892509953130, "growth") == numbers.plain(12.773892509942778, "growth") == 12.7738925
    assert numbers.plain(np.float64(0.1) + 0.2, "sum") == 0.3


def recorded(env, name: str, value: int) -> None:
    """Let the page that is read record a number, as its notebook does."""
    output = SimpleNamespace(mime_type=ledger.MIME, content={"name": name, "value": value}, cell_index=3, line=7)
    ledger.NumberOutput.handle_mime(SimpleNamespace(renderer=SimpleNamespace(sphinx_env=env)), output, False)


@pytest.fixture
def env():
    """A book of two pages while the first is read."""
    included = {"book/index": ["book/deaths", "book/places"]}
    return SimpleNamespace(docname="book/deaths", config=SimpleNamespace(root_doc="book/index"), toctree_includes=included,
                           book_number_uses={"book/places": {"a_number"}}, book_unwritten={"html": set()},
                           found_docs={"book/index", "book/deaths", "book/places", "book/numbers"})  # fmt: skip


def test_a_number_recorded_twice_in_a_chapter_is_a_warning(env, monkeypatch):
    warned = []
    monkeypatch.setattr(ledger.LOGGER, "warning", lambda text, *told, location: warned.append((text % told, location)))
    recorded(env, "a_number", 1)
    recorded(env, "another", 1)
    assert warned == []
    recorded(env, "a_number", 2)
    assert warned == [("the number “a_number” is recorded twice", ("book/deaths", 7))]


def test_a_number_of_two_chapters_stops_the_build(env):
    app = SimpleNamespace(builder=SimpleNamespace(name="html"))
    recorded(env, "a_number", 1)
    assert ledger.pages_to_rewrite(app, env) == ["book/numbers", "book/places"]
    env.docname = "book/places"
    recorded(env, "another", 1)
    assert ledger.pages_to_rewrite(app, env) == ["book/numbers"]
    recorded(env, "a_number", 1)
    with pytest.raises(ExtensionError, match="“a_number” is recorded in book/deaths and in book/places: rename one of them"):
        ledger.pages_to_rewrite(app, env)
