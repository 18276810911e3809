from dataclasses import replace
from pathlib import Path

import pytest

from ectopy.autodeploy import (
    REMARKS,
    LayerLine,
    Line,
    Ours,
    Remark,
    Theirs,
    Value,
    compare_figures,
    match_layers,
    read_console,
    read_resultlog,
    read_stats,
)
from ectopy.autodeploy.compare import Kind
from ectopy.graph.costs import graph_macs, op_macs
from ectopy.graph.reader import load_tflite
from ectopy.records import RunRecord
from ectopy.vocab import TickUnit
from support.fake_ns_autodeploy import LOG_HEADER, log_line, stats_text
from support.invented_record import invented_record

MODEL = Path(__file__).parents[3] / "models" / "beat-3-eff-sm" / "model.tflite"
GRAPH = load_tflite(MODEL)
NAMES = [f"layer{op.index}" for op in GRAPH.ops]
LAYERS = [(str(op.kind), 100 + op.index, op_macs(GRAPH, op)) for op in GRAPH.ops]
WHOLE_US = sum(us for _, us, _ in LAYERS)
MEAN = "Mean difference per output label in tensor(0): array([0.05, -0.05, 0.])\n"


def theirs(folder: Path, *, power: str = "0,0,0", console: str = MEAN) -> Theirs:
    (folder / "stats.csv").write_text(stats_text(LAYERS))
    (folder / "log.csv").write_text(LOG_HEADER + log_line("m", graph_macs(GRAPH), power=power))
    (folder / "console.txt").write_text(console)
    return Theirs(
        stats=read_stats(folder / "stats.csv"),
        log=read_resultlog(folder / "log.csv", "m"),
        log_note="",
        console=read_console(folder / "console.txt"),
        console_note="",
    )


def ours(record: RunRecord | None) -> Ours:
    return Ours(
        graph=GRAPH,
        file_bytes=99_224,
        record=record,
        planned_arena_bytes=12_288,
        expected_difference=(0.1, -0.1, 0.0),
        difference_note="",
    )


def silicon_record() -> RunRecord:
    record = invented_record()
    board = replace(
        record.board,
        name="apollo4p",
        emulated=False,
        clock_hz=192_000_000,
        tick_unit=TickUnit.CYCLES,
    )
    latency = replace(record.latency, unit=TickUnit.CYCLES, invoke_median=8_120_000)
    return replace(record, board=board, latency=latency)


def find(lines: tuple[Line, ...], figure: str, kind: Kind) -> Line:
    (line,) = [each for each in lines if each.figure.startswith(figure) and each.kind is kind]
    return line


def test_an_emulated_run_puts_no_figure_into_a_line_of_silicon(tmp_path: Path) -> None:
    record = invented_record()
    record = replace(record, latency=replace(record.latency, estimated_cycles=8_400_000))
    lines = compare_figures(theirs(tmp_path), ours(record))
    silicon = [line for line in lines if line.kind is Kind.SILICON]
    assert [line.ours.number for line in silicon] == [None, None]
    assert silicon[0].ours.reason == "board virt is emulated"
    assert silicon[0].theirs.number == WHOLE_US
    assert Remark.EMULATED_HAS_NO_TIME in silicon[0].remarks
    instructions = find(lines, "instructions", Kind.EMULATED)
    assert (instructions.theirs.number, instructions.ours.number) == (None, 7_204_311)
    modelled = find(lines, "cycles", Kind.MODELLED)
    assert (modelled.theirs.number, modelled.ours.number) == (None, 8_400_000)


def test_a_run_on_silicon_has_microseconds_beside_its_microseconds(tmp_path: Path) -> None:
    lines = compare_figures(theirs(tmp_path), ours(silicon_record()))
    latency = find(lines, "latency", Kind.SILICON)
    assert (latency.theirs.number, latency.ours.number) == (WHOLE_US, 42_291.7)
    assert latency.remarks == (Remark.COLD_FIRST, Remark.RUNTIME)
    cycles = find(lines, "cycles", Kind.SILICON)
    assert cycles.theirs.number is None
    assert "not started" in cycles.theirs.reason
    assert cycles.ours.number == 8_120_000
    assert {line.kind for line in lines} & {Kind.EMULATED, Kind.MODELLED} == set()


def test_ticks_of_a_timer_are_a_time_and_no_cycles(tmp_path: Path) -> None:
    """What the firmware on the board counts: its clock_hz is that of the timer."""
    record = silicon_record()
    board = replace(record.board, clock_hz=6_000_000, tick_unit=TickUnit.TIMER_TICKS)
    latency = replace(record.latency, unit=TickUnit.TIMER_TICKS, invoke_median=253_750)
    lines = compare_figures(theirs(tmp_path), ours(replace(record, board=board, latency=latency)))
    assert find(lines, "latency", Kind.SILICON).ours.number == 42_291.7
    assert find(lines, "cycles", Kind.SILICON).ours.reason == "board apollo4p counts timer_ticks"


def test_a_run_of_the_host_is_no_time_on_silicon(tmp_path: Path) -> None:
    record = invented_record()
    board = replace(record.board, name="host", emulated=False, clock_hz=1_000_000_000)
    latency = replace(record.latency, unit=TickUnit.NANOSECONDS)
    host = replace(record, board=board, latency=latency)
    lines = compare_figures(theirs(tmp_path), ours(host))
    reason = find(lines, "latency", Kind.SILICON).ours.reason
    assert reason == "board host counts nanoseconds, no ticks of a clock"
    assert find(lines, "cycles", Kind.SILICON).ours.reason == "board host counts nanoseconds"


def test_without_a_run_only_the_file_speaks_for_us(tmp_path: Path) -> None:
    lines = compare_figures(theirs(tmp_path), ours(None))
    assert find(lines, "latency", Kind.SILICON).ours.reason == "no run given: --run"
    macs = find(lines, "multiply", Kind.STATIC)
    assert macs.theirs.number == macs.ours.number == graph_macs(GRAPH)
    arena = find(lines, "arena (ours: aot, as planned)", Kind.REPORTED)
    assert (arena.theirs.number, arena.ours.number) == (33, 13)
    model = find(lines, "model file", Kind.STATIC)
    assert (model.theirs.number, model.ours.number) == (97, 97)


def test_the_arena_of_a_run_names_its_engine_and_board(tmp_path: Path) -> None:
    lines = compare_figures(theirs(tmp_path), ours(invented_record()))
    arena = find(lines, "arena (ours: aot on virt)", Kind.REPORTED)
    assert arena.ours.number == 13
    assert Remark.ARENA_ONE_SHOT in arena.remarks


def test_output_differences_stand_beside_those_of_a_right_board(tmp_path: Path) -> None:
    line = find(compare_figures(theirs(tmp_path), ours(None)), "mean output", Kind.HOST)
    assert (line.theirs.number, line.ours.number) == ((0.05, -0.05, 0.0), (0.1, -0.1, 0.0))
    assert line.remarks == (Remark.OUTPUT_ORACLE, Remark.INPUT_TRUNCATED)


@pytest.mark.parametrize(
    ("console", "reason"),
    [
        ("No differences for tensor(0)\n", "it had no LiteRT to compare with"),
        ("nothing\n", "its console does not say"),
    ],
)
def test_absent_output_differences_have_a_reason(tmp_path: Path, console: str, reason: str) -> None:
    lines = compare_figures(theirs(tmp_path, console=console), ours(None))
    assert find(lines, "mean output", Kind.HOST).theirs == Value(number=None, reason=reason)


def test_figures_of_a_joulescope_have_lines_only_if_there_was_one(tmp_path: Path) -> None:
    assert len(compare_figures(theirs(tmp_path), ours(None))) == 7
    lines = compare_figures(theirs(tmp_path, power="20.1,190.6,9.4"), ours(None))
    assert find(lines, "energy, 192 MHz", Kind.SILICON).theirs.number == 190.6
    assert find(lines, "warm latency, 192 MHz", Kind.SILICON).ours.number is None
    assert len(lines) == 9


def test_without_log_and_console_their_figures_are_unknown_with_a_reason(tmp_path: Path) -> None:
    full = theirs(tmp_path)
    bare = replace(full, log=None, log_note="no log", console=None, console_note="no console")
    lines = compare_figures(bare, ours(None))
    reason = "no log; no console"
    assert find(lines, "arena", Kind.REPORTED).theirs == Value(number=None, reason=reason)
    assert find(lines, "mean output", Kind.HOST).theirs.reason == "no console"


def test_every_figure_is_there_or_explained() -> None:
    with pytest.raises(ValueError, match="a figure, or a reason"):
        Value(number=None)
    with pytest.raises(ValueError, match="a figure, or a reason"):
        Value(number=1, reason="why")
    assert set(REMARKS) == set(Remark)


def matched(layers: list[tuple[str, int, int]], folder: Path) -> tuple[LayerLine, ...]:
    (folder / "stats.csv").write_text(stats_text(layers))
    return match_layers(read_stats(folder / "stats.csv"), GRAPH, NAMES)


def test_equal_lists_match_in_order(tmp_path: Path) -> None:
    lines = matched(LAYERS, tmp_path)
    assert [line.index for line in lines] == list(range(len(GRAPH.ops)))
    assert all(line.matched and line.their_macs == line.our_macs for line in lines)
    assert lines[3].name == "layer3"
    assert sum(line.share or 0 for line in lines) == pytest.approx(1)


def test_a_list_cut_short_leaves_our_last_operators_alone(tmp_path: Path) -> None:
    lines = matched(LAYERS[:-5], tmp_path)
    assert len(lines) == len(GRAPH.ops)
    assert [line.index for line in lines if not line.matched] == [63, 64, 65, 66, 67]
    assert lines[-1].duration_us is None


def test_a_layer_too_many_stands_alone_and_shifts_none(tmp_path: Path) -> None:
    more = [*LAYERS[:10], ("DEQUANTIZE", 5, 0), *LAYERS[10:]]
    lines = matched(more, tmp_path)
    (alone,) = [line for line in lines if not line.matched]
    assert (alone.tag, alone.position, alone.index, alone.our_macs) == (
        "DEQUANTIZE",
        10,
        None,
        None,
    )
    assert all(line.tag == line.kind for line in lines if line.matched)


def test_another_kind_in_the_same_place_is_no_match(tmp_path: Path) -> None:
    other = [*LAYERS[:3], ("AVERAGE_POOL_2D", 9, 0), *LAYERS[4:]]
    lines = matched(other, tmp_path)
    lonely = [(line.tag, line.kind) for line in lines if not line.matched]
    assert lonely == [("AVERAGE_POOL_2D", None), (None, "MAX_POOL_2D")]


def test_no_time_at_all_has_no_shares(tmp_path: Path) -> None:
    timeless = [(tag, 0, macs) for tag, _, macs in LAYERS]
    lines = matched(timeless, tmp_path)
    assert {line.share for line in lines} == {None}
