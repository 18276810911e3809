import csv
import errno
import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ectopy.errors import EctopyError, InputError, LinkError
from ectopy.graph.costs import graph_macs, graph_parameters
from ectopy.graph.reader import read_tflite
from ectopy.protocol import InputFormat
from ectopy.records import RunRecord, from_json, to_json
from ectopy.usecases.bench import bench
from ectopy.usecases.bench_types import BenchRun
from ectopy.vocab import DatasetName, LinkKind, Split
from ectopy.windows import WindowRequest
from unit.usecases.bench_doubles import NAME, Rig, make_rig, tiny_model, windows_once

MakeRig = Callable[..., Rig]


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRig:
    return lambda **request: make_rig(tmp_path, monkeypatch, **request)


def folder_of(run: BenchRun) -> Path:
    assert run.folder is not None
    return run.folder


def rows_of(run: BenchRun) -> list[dict[str, str]]:
    return list(csv.DictReader((folder_of(run) / "outputs.csv").open()))


def test_a_whole_run_is_written_and_agrees_with_the_reference(rig: MakeRig) -> None:
    run = bench(rig().request)
    record = run.record
    assert run.failure is None
    assert not record.partial
    assert from_json((folder_of(run) / "record.json").read_text()) == record
    assert record.synthetic
    assert record.dataset.split == "ds2"
    assert (record.agreement.output_mismatches, record.agreement.max_abs_lsb) == (0, 0)
    assert record.agreement.windows_compared == record.dataset.windows == 12
    assert (record.link.windows_sent, record.link.windows_lost) == (12, 0)
    assert (record.latency.invoke_median, record.latency.preprocess_median) == (1000, 200)
    assert record.memory.stack_high_water_bytes == 700
    assert record.memory.arena_bytes == 1000
    assert "SYNTHETIC" in (folder_of(run) / "report.md").read_text()


def test_accuracy_comes_from_the_outputs_of_the_device(rig: MakeRig) -> None:
    bench_rig = rig()
    always_pvc = bytes((0, 0, 5))
    bench_rig.device.infer = lambda *_: always_pvc
    run = bench(bench_rig.request)
    confusion = np.array(run.record.accuracy.confusion)
    assert confusion[:, 2].sum() == 12
    assert confusion[:, :2].sum() == 0
    labels = [int(row["true_class"]) for row in rows_of(run)]
    assert confusion.sum(axis=1).tolist() == [labels.count(c) for c in range(3)]


def test_each_answer_is_scored_against_the_true_class_of_its_window(rig: MakeRig) -> None:
    bench_rig = rig(limit=60, split=Split.DS1, seed=5)
    wanted = WindowRequest(dataset=DatasetName.SYNTHETIC, split=Split.DS1, limit=60, seed=5)
    windows = windows_once(wanted)
    said = np.arange(60) % 3
    assert len(set(windows.labels)) == 3
    answers = iter(said)
    bench_rig.device.infer = lambda *_: bytes(9 * (next(answers) == np.arange(3)).astype(np.uint8))
    record = bench(bench_rig.request).record
    expected = np.zeros((3, 3), dtype=int)
    np.add.at(expected, (windows.labels, said), 1)
    assert np.array(record.accuracy.confusion).tolist() == expected.tolist()
    assert (record.dataset.split, record.dataset.sha256) == ("ds1", windows.info.sha256)


def test_the_record_holds_the_facts_of_model_image_and_device(rig: MakeRig) -> None:
    bench_rig = rig()
    bench_rig.image = replace(bench_rig.image, arena_predicted_bytes=900)
    record = bench(bench_rig.request).record
    graph = read_tflite(tiny_model(), NAME)
    assert (record.model.name, record.model.tflite_sha256) == (NAME, graph.sha256)
    assert (record.model.macs, record.model.parameters) == (
        graph_macs(graph),
        graph_parameters(graph),
    )
    assert (record.firmware.flash_bytes, record.firmware.ram_bytes) == (1000, 2000)
    assert (record.firmware.build_id, record.firmware.elf_sha256) == ("b1", "12" * 32)
    assert (record.memory.arena_bytes, record.memory.arena_predicted_bytes) == (1000, 900)
    assert (record.engine.name, record.board.name) == ("fake", "virt")
    assert record.provenance.command == "test"
    assert "McSharry" in record.notes["dataset"]


def test_an_arena_that_could_not_be_measured_is_noted_as_a_bound_with_the_reason(
    rig: MakeRig,
) -> None:
    bench_rig = rig()
    assert not bench(bench_rig.request).record.arena_is_bound
    bench_rig.image = replace(bench_rig.image, emulation_refusal="the licence says no")
    record = bench(bench_rig.request).record
    assert record.arena_is_bound
    said = record.notes["memory.arena_predicted_bytes"]
    assert said == "an upper bound, not measured: the licence says no"


def test_latency_is_that_of_the_windows_in_order_statistics(rig: MakeRig) -> None:
    bench_rig = rig(limit=200)

    def infer(*_: object) -> bytes:
        bench_rig.device.invoke_ticks = bench_rig.device.inferences
        return bytes(3)

    bench_rig.device.infer = infer
    latency = bench(bench_rig.request).record.latency
    assert (latency.invoke_median, latency.invoke_p99, latency.invoke_max) == (100, 198, 200)


def test_a_device_that_fails_its_self_test_is_not_measured(rig: MakeRig) -> None:
    bench_rig = rig()
    bench_rig.device.golden_mismatches = 1
    with pytest.raises(LinkError, match="1 of 2 golden vectors differ"):
        bench(bench_rig.request)
    assert bench_rig.device.inferences == 0


def test_every_window_is_in_outputs_csv_with_both_outputs(rig: MakeRig) -> None:
    rows = rows_of(bench(rig().request))
    assert [int(row["window"]) for row in rows] == list(range(12))
    assert all(row["device_2"] == row["reference_2"] for row in rows)
    assert {row["ticks_invoke"] for row in rows} == {"1000"}
    windows = windows_once(
        WindowRequest(dataset=DatasetName.SYNTHETIC, split=Split.DS2, limit=12, seed=0)
    )
    assert [row["record"] for row in rows] == windows.records.tolist()
    assert [int(row["beat_sample"]) for row in rows] == windows.beat_samples.tolist()


def test_a_device_that_differs_in_one_byte_is_reported(rig: MakeRig) -> None:
    bench_rig = rig()
    honest = bench_rig.device.infer

    def off_by_three(fmt: int, window: bytes) -> bytes:
        outputs = np.frombuffer(honest(fmt, window), np.int8).copy()
        if bench_rig.device.inferences == 5:
            outputs[1] += 3 if outputs[1] < 100 else -3
        return outputs.tobytes()

    bench_rig.device.infer = off_by_three
    record = bench(bench_rig.request).record
    assert (record.agreement.output_mismatches, record.agreement.max_abs_lsb) == (1, 3)


@pytest.mark.parametrize("fmt", list(InputFormat))
def test_all_input_formats_give_the_same_outputs(rig: MakeRig, fmt: InputFormat) -> None:
    record = bench(rig(input_format=fmt).request).record
    assert record.agreement.output_mismatches == 0
    measured = record.latency.preprocess_median
    assert measured is None if fmt is InputFormat.INT8 else measured == 200


def test_a_frame_damaged_on_its_way_is_counted_and_its_window_repeated(rig: MakeRig) -> None:
    bench_rig = rig()
    windows_seen = 0

    def damage_the_third_window(data: bytes) -> bytes:
        nonlocal windows_seen
        windows_seen += len(data) > 1000
        return data[:500] + b"\0" + data[501:] if windows_seen == 3 else data

    bench_rig.device.damage = damage_the_third_window
    record = bench(bench_rig.request).record
    assert record.link.crc_errors > 0
    assert record.link.retries > 0
    assert (record.link.windows_sent, record.link.windows_lost) == (12, 0)
    assert record.agreement.output_mismatches == 0
    assert bench_rig.device.inferences == 12


def test_the_rates_are_over_the_windows_alone(rig: MakeRig) -> None:
    link = bench(rig().request).record.link
    assert link.bytes_per_s is not None
    assert link.windows_per_s is not None
    request = 1 + 4 + 4 + 1024  # format, header, checksum, int16 samples
    reply = 4 + 4 + 12 + 3  # header, checksum, three ticks, outputs
    framing = 2 * 2  # delimiters and first codes; a few more codes where no byte is zero
    assert link.bytes_per_s / link.windows_per_s == pytest.approx(request + reply + framing, abs=6)


def test_a_board_lost_in_mid_run_leaves_a_partial_run(rig: MakeRig) -> None:
    bench_rig = rig(limit=20)
    bench_rig.device.close_after = 8
    run = bench(bench_rig.request)
    assert isinstance(run.failure, LinkError)
    assert run.record.partial
    assert run.record.notes["partial"] == "the link was closed"
    assert 0 < run.record.dataset.windows <= 8
    assert run.record.link.windows_lost > 0
    assert run.record.memory.stack_high_water_bytes is None
    assert len(rows_of(run)) == run.record.dataset.windows
    assert "PARTIAL" in (folder_of(run) / "report.md").read_text()


def test_ctrl_c_in_mid_run_leaves_a_partial_run(rig: MakeRig) -> None:
    def press(done: int, total: int, text: str) -> None:
        if (done, total) == (5, 12):
            raise KeyboardInterrupt

    run = bench(rig().request, press)
    assert isinstance(run.failure, KeyboardInterrupt)
    assert run.record.partial
    assert run.record.dataset.windows == 5
    assert run.record.link.windows_lost == 0
    assert "interrupted" in run.record.notes["partial"]
    assert "the first of 12" in run.record.notes["dataset.windows"]
    assert run.record.memory.stack_high_water_bytes == 700


def test_ctrl_c_while_the_reference_computes_keeps_the_window(
    rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted:
        name = "interrupted"
        calls = 0

        def invoke(self, x: np.ndarray) -> np.ndarray:
            self.calls += 1
            if self.calls == 4:
                raise KeyboardInterrupt
            return np.zeros(3, np.int8)

    monkeypatch.setattr("ectopy.usecases.case.open_reference", lambda *_: Interrupted())
    run = bench(rig().request)
    assert run.record.dataset.windows == 4
    assert run.record.agreement.windows_compared == 3
    assert rows_of(run)[3]["reference_0"] == ""


def test_ctrl_c_while_the_run_is_written_does_not_disturb_it(
    rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press_and_write(record: RunRecord) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        return to_json(record)

    monkeypatch.setattr("ectopy.usecases.bench_files.to_json", press_and_write)
    run = bench(rig().request)
    assert from_json((folder_of(run) / "record.json").read_text()) == run.record
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_device_that_gives_no_stats_loses_no_window(
    rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(self: object) -> None:
        raise LinkError("the link was closed")

    monkeypatch.setattr("ectopy.protocol.Session.stats", gone)
    run = bench(rig().request)
    assert run.record.dataset.windows == 12
    assert isinstance(run.failure, LinkError)


def test_a_board_that_was_lost_is_not_asked_once_more(
    rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(self: object) -> None:
        raise AssertionError("another wait for a silent board")

    monkeypatch.setattr("ectopy.protocol.Session.stats", asked)
    bench_rig = rig()
    bench_rig.device.close_after = 6
    run = bench(bench_rig.request)
    assert isinstance(run.failure, LinkError)
    assert run.record.memory.stack_high_water_bytes is None


def test_a_board_lost_before_the_first_answer_writes_nothing(rig: MakeRig) -> None:
    bench_rig = rig()
    bench_rig.device.close_after = 1
    with pytest.raises(LinkError, match="closed"):
        bench(bench_rig.request)
    assert not any(bench_rig.request.runs_dir.iterdir())


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [({"build_id": "b2"}, "another build"), ({"tflite_sha256": "f" * 64}, "another model")],
)
def test_another_image_on_the_board_is_found_before_any_window(
    rig: MakeRig, changed: dict[str, str], complaint: str
) -> None:
    bench_rig = rig()
    bench_rig.image = replace(bench_rig.image, **changed)  # type: ignore[arg-type]
    with pytest.raises(LinkError, match=complaint) as caught:
        bench(bench_rig.request)
    assert f"ectopy flash --elf {bench_rig.image.elf}" in caught.value.hint
    assert "PROBE=" in caught.value.hint
    assert bench_rig.device.inferences == 0


def test_a_runs_folder_that_is_a_file_is_refused_before_the_build(
    rig: MakeRig, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    bench_rig = rig(runs_dir=tmp_path / "file")
    with pytest.raises(InputError, match="cannot make"):
        bench(bench_rig.request)
    assert not bench_rig.built


def test_a_full_disk_does_not_lose_what_was_measured(
    rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    bench_rig = rig()
    monkeypatch.setattr(Path, "write_text", full)
    run = bench(bench_rig.request)
    assert run.folder is None
    assert isinstance(run.failure, EctopyError)
    assert "No space left" in run.failure.message
    assert run.record.dataset.windows == 12


def test_pages_that_cannot_be_made_do_not_lose_the_run(
    rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise EctopyError("cannot write the report: No space left on device")

    monkeypatch.setattr("ectopy.usecases.bench.write_pages", full)
    run = bench(rig().request)
    assert "cannot write the report" in str(run.failure)
    assert from_json((folder_of(run) / "record.json").read_text()) == run.record


def test_two_runs_get_two_folders(rig: MakeRig) -> None:
    bench_rig = rig()
    assert bench(bench_rig.request).folder != bench(bench_rig.request).folder


def test_the_record_says_how_windows_were_drawn(rig: MakeRig) -> None:
    record = bench(rig(seed=5).request).record
    assert record.dataset.limit == 12
    assert "seed 5" in record.notes["dataset.limit"]
    assert "asked for" in record.notes["dataset.name"]
    assert json.loads(json.dumps(dict(record.notes)))


def test_a_short_run_takes_the_serial_port_unless_told_otherwise(rig: MakeRig) -> None:
    bench_rig = rig()
    bench(bench_rig.request)
    bench(replace(bench_rig.request, link=LinkKind.FAST))
    assert bench_rig.links == [LinkKind.UART, LinkKind.FAST]


def test_a_link_that_the_board_does_not_have_is_refused_before_the_build(rig: MakeRig) -> None:
    bench_rig = rig(link=LinkKind.PIPE)
    with pytest.raises(InputError, match="no link pipe"):
        bench(bench_rig.request)
    assert not bench_rig.built
