import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from ectopy.records import RunRecord
from ectopy.report import markdown, screen
from ectopy.vocab import TickUnit
from support.invented_record import invented_record, partial_record


def on_screen(record: RunRecord, columns: int = 80) -> str:
    text = io.StringIO()
    console = Console(file=text, width=columns)
    console.print(screen(record, ["runs/x/record.json", "report.md"]))
    return text.getvalue()


def flowing(text: str) -> str:
    """Text without frames and line breaks."""
    return re.sub(r"[\s│·]+", " ", text)


BOTH = pytest.mark.parametrize("layout", [on_screen, markdown])
Layout = Callable[[RunRecord], str]


@BOTH
def test_all_that_a_run_is_made_for_is_shown(layout: Layout) -> None:
    shown = flowing(layout(invented_record()))
    for figure in (
        *("95.83", "98.04", "96.92", "887"),  # N: Se, +P, F1, windows
        *("macro F1 76.62", "weighted F1 94.57", "accuracy 94.10"),
        *("0 mismatches in 1,000 windows", "tflite-micro"),
        *("median 7,204,311", "p99 7,204,420", "max 7,204,431", "preprocess 31,020"),
        *("arena 12,800", "stack 1,432", "flash 96,412", "RAM 33,180"),
        *("lost 0", "repeated 1", "CRC errors 1", "14.2 windows/s"),
        *("mitdb ds2", "N=NLRej PAC=AaJS PVC=VE", "limit 1,000"),
        *("41,001 parameters", "aot 1", "2026-01-02T03:04:05Z", "0123456789ab-dirty"),
    ):
        assert figure in shown, figure


@BOTH
def test_an_arena_that_was_not_measured_is_shown_as_a_bound(layout: Layout) -> None:
    good = invented_record()
    assert "arena 12,800 (planned 12,800)" in flowing(layout(good))
    notes = {**good.notes, "memory.arena_predicted_bytes": "an upper bound"}
    shown = flowing(layout(replace(good, notes=notes)))
    assert "arena 12,800 (at most 12,800)" in shown
    assert "planned" not in shown


@BOTH
def test_rows_of_the_confusion_are_the_true_classes(layout: Layout) -> None:
    shown = re.sub(r"[\s│|]+", " ", layout(invented_record()))
    for row in ("N 850 30 7", "PAC 12 18 3", "PVC 5 2 73"):
        assert row in shown, row


@BOTH
def test_emulated_numbers_are_labelled(layout: Layout) -> None:
    shown = flowing(layout(invented_record()))
    assert "EMULATED board: instructions" in shown
    assert re.search(r"Inference, instructions \|? ?EMULATED", shown)


@BOTH
def test_modelled_cycles_have_a_line_of_their_own_with_their_clock(layout: Layout) -> None:
    record = invented_record()
    assert "MODELLED" not in layout(record)
    latency = replace(record.latency, estimated_cycles=9_600_000, estimated_ms=50.0)
    shown = flowing(layout(replace(record, latency=latency)))
    assert re.search(r"Inference, MODELLED \|? ?9,600,000 cycles", shown)
    assert "50.0 ms at 192 MHz" in shown
    assert "not measured" in shown


@BOTH
def test_silicon_is_not_labelled_emulated(layout: Layout) -> None:
    record = invented_record()
    silicon = replace(
        record,
        board=replace(
            record.board, emulated=False, clock_hz=192_000_000, tick_unit=TickUnit.CYCLES
        ),
        latency=replace(record.latency, unit=TickUnit.CYCLES),
    )
    shown = flowing(layout(silicon))
    assert "EMULATED" not in shown
    assert "192 MHz" in shown
    assert "Inference, cycles" in shown


@BOTH
def test_synthetic_data_is_labelled(layout: Layout) -> None:
    assert "SYNTHETIC" not in layout(invented_record())
    shown = flowing(layout(invented_record(synthetic=True)))
    assert "SYNTHETIC data: no heart was involved" in shown
    assert "synthetic (no real ECG) ds2" in shown


@BOTH
def test_a_partial_run_is_labelled_with_its_reason(layout: Layout) -> None:
    record = partial_record()
    shown = flowing(layout(replace(record, notes={**record.notes, "partial": "cable pulled"})))
    assert "PARTIAL: cable pulled" in shown


@BOTH
def test_what_is_unknown_is_not_a_number(layout: Layout) -> None:
    shown = flowing(layout(partial_record()))
    assert "macro F1 n/a" in shown
    assert re.search(r"PAC [| ]*n/a [| ]*n/a [| ]*n/a [| ]*0 ", shown)


@BOTH
def test_mismatches_are_shown_with_their_size(layout: Layout) -> None:
    record = invented_record()
    wrong = replace(record.agreement, output_mismatches=3, max_abs_lsb=2)
    shown = flowing(layout(replace(record, agreement=wrong)))
    assert "3 mismatches in 1,000 windows" in shown
    assert "largest difference 2 LSB" in shown


@BOTH
def test_why_these_data_were_taken_is_shown(layout: Layout) -> None:
    record = invented_record()
    noted = replace(record, notes={**record.notes, "dataset.name": "found in the cache"})
    assert "found in the cache" in flowing(layout(noted))


def test_a_citation_breaks_between_sentences_only() -> None:
    record = invented_record()
    noted = replace(record, notes={**record.notes, "dataset": "After Doe et al. 2003. Free."})
    assert "| Data | After Doe et al. 2003 · Free. |" in markdown(noted)


@pytest.mark.parametrize("columns", [80, 100, 200])
def test_the_panel_fits_the_terminal(columns: int) -> None:
    lines = on_screen(invented_record(synthetic=True), columns).splitlines()
    assert {len(line) for line in lines} == {min(columns, 100)}
    assert "record.json" in "".join(lines)


def test_names_with_brackets_are_shown_as_they_are() -> None:
    record = invented_record()
    odd = replace(record, model=replace(record.model, name="m[/]odd[red]"))
    assert "m[/]odd[red]" in on_screen(odd)


def test_notes_explain_nulls_in_the_page() -> None:
    page = markdown(invented_record())
    assert "| `latency.estimated_cycles` | no cycle model yet |" in page


def test_a_bar_in_a_text_does_not_break_the_table() -> None:
    record = invented_record()
    page = markdown(replace(record, notes={**record.notes, "partial": "a|b\nc"}))
    assert "| `partial` | a\\|b c |" in page


def test_the_same_record_gives_the_same_page() -> None:
    assert markdown(invented_record()) == markdown(invented_record())
