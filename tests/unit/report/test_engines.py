import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectopy.errors import InputError
from ectopy.report.engines import (
    BEGIN,
    END,
    FIGURES,
    AbsentEngine,
    EnginesTable,
    put_between,
    to_json,
    to_markdown,
)
from ectopy.typed_json import read_value
from support.invented_engines import AOT, FAST_TFLM, SMALL_TFLM, invented_engines


def cells(markdown: str, title: str) -> dict[str, str]:
    """A row of the table, by the titles of its columns."""
    lines = [line.strip("|").split("|") for line in markdown.splitlines() if line.startswith("|")]
    names = [name.strip() for name in lines[0]]
    (row,) = (line for line in lines if line[0].strip() == title)
    return dict(zip(names, map(str.strip, row), strict=True))


def test_each_figure_is_set_beside_the_best_tflm_of_that_figure() -> None:
    text = to_markdown(invented_engines(AOT, FAST_TFLM, SMALL_TFLM))
    row = cells(text, "aot 0.1.0, for speed")
    assert row["instructions (emulated)"] == "1,000,000 (25.0 %)"
    assert row["arena, B"] == "9,000 (45.0 %)"
    assert row["engine's code + constants, B"] == "67,000 (100.0 %)"
    assert row["MAC/cycle (modelled)"] == "0.433"
    assert row["outputs unlike the reference"] == "0 of 20"
    slow = cells(text, "tflm, small release")
    assert slow["instructions (emulated)"] == "8,000,000 (200.0 %)"


def test_headings_say_what_is_emulated_and_what_is_modelled() -> None:
    titles = dict(FIGURES)
    assert "emulated" in titles["emulated_instructions"]
    assert "modelled" in titles["modelled_cycles"]
    text = to_markdown(invented_engines(AOT))
    assert "**emulated** board virt" in text
    assert "**modelled** by Arm's" in text


def test_without_any_tflm_there_is_nothing_to_be_a_share_of() -> None:
    found = invented_engines(AOT)
    assert "%" not in to_markdown(found)
    assert "brackets" not in to_markdown(found)
    assert "In brackets: share" in to_markdown(invented_engines(AOT, FAST_TFLM))
    (row,) = json.loads(to_json(found))["models"][0]["engines"]
    assert set(row["of_best_tflm"].values()) == {None}


def test_engines_that_were_not_there_or_failed_are_named_with_the_reason() -> None:
    absent = (
        AbsentEngine(title="tflm, a", reason="TFLM= names no tree", failed=False),
        AbsentEngine(title="tflm, b", reason="it does not build", failed=True),
    )
    for engines in ((AOT,), ()):
        text = to_markdown(invented_engines(*engines, absent=absent))
        assert "- tflm, a: left out, TFLM= names no tree\n" in text
        assert "- tflm, b: FAILED, it does not build\n" in text
        assert "beat-2-eff-sm" in text


def test_json_is_what_the_classes_document_and_shares() -> None:
    found = invented_engines(AOT, FAST_TFLM)
    tree = json.loads(to_json(found))
    assert tree.pop("schema_version") == 1
    shares = [row.pop("of_best_tflm") for row in tree["models"][0]["engines"]]
    assert shares[0]["emulated_instructions"] == 0.25
    assert set(shares[0]) == {name for name, _ in FIGURES}
    assert set(shares[1].values()) == {1.0}
    assert read_value(tree, EnginesTable) == found


PROSE = st.text(st.characters(codec="utf-8")).filter(lambda t: BEGIN not in t and END not in t)


@given(PROSE, PROSE, PROSE, st.sampled_from(["\n", "\r\n"]))
def test_only_what_lies_between_the_markers_changes(
    before: str, old: str, after: str, newline: str
) -> None:
    head, tail = f"{before}\n{BEGIN}{newline}", f"{END}{newline}{after}"
    assert put_between(f"{head}{old}\n{tail}", "new\n") == f"{head}new\n{tail}"
    assert put_between(f"{head}{tail}", "new") == f"{head}new\n{tail}"


@pytest.mark.parametrize(
    "document",
    [
        "",
        f"{BEGIN}\n",
        f"{END}\n",
        f"{END}\n{BEGIN}\n",
        f"{BEGIN}\n{BEGIN}\n{END}\n",
        f"{BEGIN}\n{END}\n{END}\n",
        f"text {BEGIN}\n{END}\n",
    ],
)
def test_a_document_without_one_place_for_the_table_is_refused(document: str) -> None:
    with pytest.raises(InputError, match="once each, in this order"):
        put_between(document, "new")
