"""From what a run measured to its record. Nothing is measured here."""

from __future__ import annotations

import platform
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

import ectopy
from ectopy import metrics
from ectopy.errors import EctopyError
from ectopy.graph.costs import graph_macs, graph_parameters
from ectopy.protocol import DeviceStats, Hello, InputFormat, LinkCounters
from ectopy.records import (
    ENERGY_NOT_MEASURED,
    AccuracyRecord,
    AgreementRecord,
    BoardRecord,
    DatasetRecord,
    EnergyRecord,
    EngineRecord,
    FirmwareRecord,
    LatencyRecord,
    LinkRecord,
    MemoryRecord,
    ModelRecord,
    ProvenanceRecord,
    RunRecord,
)
from ectopy.toolchain import Image
from ectopy.usecases.bench_estimate import CycleEstimate
from ectopy.usecases.bench_stream import Measured
from ectopy.usecases.bench_types import BenchRequest
from ectopy.usecases.case import Case
from ectopy.usecases.engine_plan import goal
from ectopy.vocab import LinkKind
from ectopy.zoo import label_map


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """Everything a run knows at its end.

    Attributes:
        estimated: By the cycle model.
        stats: None if the device could not be asked any more.
        failure: What ended the run early.
        began: With time zone.
    """

    request: BenchRequest
    case: Case
    image: Image
    hello: Hello
    measured: Measured
    estimated: CycleEstimate
    reference: str
    link: LinkKind
    counters: LinkCounters
    stats: DeviceStats | None
    failure: EctopyError | KeyboardInterrupt | None
    began: datetime


def make_record(run: Evidence) -> RunRecord:
    """The record of a run."""
    notes: dict[str, str] = {}
    if run.failure is not None:
        notes["partial"] = failure_text(run.failure)
    accuracy, agreement = _accuracy(run, notes), _agreement(run, notes)
    return RunRecord(
        partial=run.failure is not None,
        board=_board(run.hello, notes),
        firmware=_firmware(run.image),
        engine=_engine(run, notes),
        model=ModelRecord(
            name=run.hello.model,
            tflite_sha256=run.hello.tflite_sha256,
            classes=run.hello.classes,
            macs=graph_macs(run.case.graph),
            parameters=graph_parameters(run.case.graph),
        ),
        dataset=_dataset(run, notes),
        accuracy=accuracy,
        agreement=agreement,
        latency=_latency(run, notes),
        memory=_memory(run, notes),
        energy=_energy(notes),
        link=_link(run, notes),
        provenance=_provenance(run, notes),
        notes=notes,
    )


def failure_text(failure: EctopyError | KeyboardInterrupt) -> str:
    """Why a run ended early, in words."""
    return failure.message if isinstance(failure, EctopyError) else "interrupted by the user"


def _accuracy(run: Evidence, notes: dict[str, str]) -> AccuracyRecord:
    classes = len(run.hello.classes)
    said = metrics.predicted_classes(run.measured.outputs(classes))
    confusion = metrics.confusion_matrix(run.case.samples.classes[: len(said)], said, classes)
    accuracy, missing = metrics.score(confusion, run.hello.classes)
    notes |= missing
    return accuracy


def _agreement(run: Evidence, notes: dict[str, str]) -> AgreementRecord:
    classes = len(run.hello.classes)
    reference = run.measured.reference_outputs(classes)
    device = run.measured.outputs(classes)[: len(reference)]
    agreement, missing = metrics.compare_outputs(device, reference, run.reference)
    notes |= missing
    return agreement


def _board(hello: Hello, notes: dict[str, str]) -> BoardRecord:
    if not hello.clock_hz:
        notes["board.clock_hz"] = "ticks of this board are not time"
    if not hello.cpu_hz:
        notes["board.cpu_hz"] = "this board does not know its processor's clock"
    if hello.last_fault:
        notes["board"] = f"before this run it started anew after a fault: {hello.last_fault}"
    return BoardRecord(
        name=hello.board,
        emulated=hello.emulated,
        cpu=hello.cpu,
        clock_hz=hello.clock_hz or None,
        tick_unit=hello.tick_unit,
        cpu_hz=hello.cpu_hz or None,
    )


def _firmware(image: Image) -> FirmwareRecord:
    return FirmwareRecord(
        build_id=image.build_id,
        elf_sha256=image.elf_sha256,
        flash_bytes=image.flash_bytes,
        ram_bytes=image.ram_bytes,
        toolchain=image.toolchain,
    )


def _engine(run: Evidence, notes: dict[str, str]) -> EngineRecord:
    aim = goal(run.image.engine, run.image.optimize)
    if aim is None:
        notes["engine.optimized_for"] = "an interpreter has no plan that is made for something"
    return EngineRecord(name=run.hello.engine, version=run.hello.engine_version, optimized_for=aim)


def _dataset(run: Evidence, notes: dict[str, str]) -> DatasetRecord:
    request, info = run.request, run.case.windows.info
    notes["dataset.name"] = info.reason
    notes["dataset"] = info.citation
    if request.limit is None:
        notes["dataset.limit"] = "no limit: the whole split"
    else:
        notes["dataset.limit"] = f"drawn with seed {request.seed}"
    if len(run.measured.results) < len(run.case.samples):
        notes["dataset.windows"] = (
            f"the first of {len(run.case.samples)} in the order of the records, "
            "so not at natural prevalence"
        )
    return DatasetRecord(
        name=info.name,
        split=info.split,
        windows=len(run.measured.results),
        limit=request.limit,
        sha256=info.sha256,
        label_map=label_map(run.case.bundle.configuration),
    )


def _latency(run: Evidence, notes: dict[str, str]) -> LatencyRecord:
    results = run.measured.results
    invoke = np.array([result.ticks_invoke for result in results], dtype=np.int64)
    preprocess: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
    if run.request.input_format is InputFormat.INT8:
        notes["latency.preprocess_median"] = "windows were sent quantized: nothing to preprocess"
    else:
        preprocess = np.array([result.ticks_preprocess for result in results], dtype=np.int64)
        notes["latency.preprocess_median"] = (
            f"windows were sent as {run.request.input_format.name.lower()}"
        )
    counted = np.array([result.cycles_invoke for result in results], dtype=np.int64)
    rates = metrics.Rates(
        counter=run.hello.cycle_counter, ticks_hz=run.hello.clock_hz, cpu_hz=run.hello.cpu_hz
    )
    cycles, notes["latency.cycles_median"] = metrics.median_cycles(invoke, counted, rates)
    notes["latency.estimated_cycles"] = run.estimated.note
    notes["latency.estimated_ms"] = run.estimated.clock_note
    return LatencyRecord(
        unit=run.hello.tick_unit,
        invoke_median=metrics.nearest_rank(invoke, 50),
        invoke_p99=metrics.nearest_rank(invoke, 99),
        invoke_max=metrics.nearest_rank(invoke, 100),
        preprocess_median=metrics.nearest_rank(preprocess, 50),
        cycles_median=cycles,
        estimated_cycles=run.estimated.cycles,
        estimated_ms=run.estimated.milliseconds,
    )


def _memory(run: Evidence, notes: dict[str, str]) -> MemoryRecord:
    stack = run.stats.stack_high_water_bytes if run.stats else 0
    if run.stats is None:
        notes["memory.stack_high_water_bytes"] = "the device could not be asked any more"
    elif not stack:
        notes["memory.stack_high_water_bytes"] = "this board does not know its stack"
    if run.image.emulation_refusal:
        notes["memory.arena_predicted_bytes"] = (
            f"an upper bound, not measured: {run.image.emulation_refusal}"
        )
    return MemoryRecord(
        arena_bytes=run.hello.arena_used_bytes,
        arena_predicted_bytes=run.image.arena_predicted_bytes,
        stack_high_water_bytes=stack or None,
    )


def _energy(notes: dict[str, str]) -> EnergyRecord:
    notes["energy"] = ENERGY_NOT_MEASURED
    return EnergyRecord(measured_uj_per_inference=None, instrument=None)


def _link(run: Evidence, notes: dict[str, str]) -> LinkRecord:
    counters, seconds = run.counters, run.measured.duration_s
    if not seconds:
        notes["link"] = "the run was too short to time it"
    damaged = run.stats.damaged if run.stats else 0
    if run.stats is None:
        notes["link.crc_errors"] = "as the host counted them; the device could not be asked"
    return LinkRecord(
        kind=run.link,
        windows_sent=counters.windows_sent,
        windows_lost=counters.windows_lost,
        retries=counters.retries,
        crc_errors=counters.crc_errors + damaged,
        bytes_per_s=run.measured.link_bytes / seconds if seconds else None,
        windows_per_s=len(run.measured.results) / seconds if seconds else None,
    )


def _provenance(run: Evidence, notes: dict[str, str]) -> ProvenanceRecord:
    git = git_state()
    if git is None:
        notes["provenance.git"] = "ectopy does not run from a git checkout"
    return ProvenanceRecord(
        tool_version=ectopy.__version__,
        git=git,
        command=run.request.command,
        created_utc=f"{run.began:%Y-%m-%dT%H:%M:%SZ}",
        host=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
    )


def git_state() -> str | None:
    """Commit of the checkout this package runs from, ``-dirty`` if changed; None outside one."""
    checkout = Path(__file__).resolve().parents[3]
    if not (checkout / ".git").exists():
        return None
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        done = subprocess.run(
            [*command, "--exclude", "*"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
