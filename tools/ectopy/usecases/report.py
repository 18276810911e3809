"""From finished runs to pages about them: report.html, report.md, junit.xml."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ectopy import report as pages
from ectopy.errors import EctopyError, InputError
from ectopy.graph.reader import read_model_bytes, read_tflite
from ectopy.graph.types import Graph
from ectopy.progress import Progress, silent
from ectopy.records import RunRecord
from ectopy.report import (
    CompiledModel,
    Example,
    ImageMemory,
    MemoryPiece,
    Part,
    RunMaterial,
)
from ectopy.report.examples import choose_examples
from ectopy.report.profile import Profile
from ectopy.toolchain import BUDGETS, ELF_NAME, read_memory_map
from ectopy.usecases.build import build_folder
from ectopy.usecases.engine_plan import aot_plan
from ectopy.usecases.run_folder import RunFolder, open_profile, open_run
from ectopy.vocab import BoardName, DatasetName, EngineName, Split
from ectopy.windows import WindowRequest, WindowSet, load_windows
from ectopy.zoo import open_bundle

PAGE = "report.html"
REPORT = "report.md"
JUNIT = "junit.xml"
NO_OUTPUTS = "there is no outputs.csv beside the record"

_SEED = re.compile(r"\bseed (\d+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """Pages about runs.

    Attributes:
        runs: Folders of runs, or records; at least one.
        out_dir: Gets the pages; None is the folder of the run, if there is only one.
        bundles: Where to look for the models before the bundles known by name.
        data_dir: Where the ECG records are; None looks in the usual places.
    """

    runs: tuple[Path, ...]
    out_dir: Path | None = None
    bundles: tuple[str, ...] = ()
    data_dir: Path | None = None


@dataclass(slots=True, kw_only=True)
class Sources:
    """Where parts of a page come from that no run folder holds.

    Attributes:
        windows: Those of the last run; runs of one data set follow each other.
    """

    bundles: tuple[str, ...] = ()
    data_dir: Path | None = None
    windows: WindowSet | None = None


@dataclass(slots=True, kw_only=True)
class _Findings:
    """What was looked for, and why it was not found."""

    graph: Graph | None = None
    model: CompiledModel | None = None
    image: ImageMemory | None = None
    profile: Profile | None = None
    examples: tuple[Example, ...] = ()
    missing: dict[Part, str] = field(default_factory=dict)


def report_runs(request: ReportRequest, progress: Progress = silent) -> tuple[Path, ...]:
    """Writes the pages.

    Returns:
        The files written.

    Raises:
        InputError: A run cannot be read, or the pages cannot be written.
    """
    runs = [open_run(path) for path in request.runs]
    if request.out_dir is None and len(runs) > 1:
        raise InputError(
            f"{len(runs)} runs have no folder in common",
            hint="name a folder for their pages: -o DIR",
        )
    sources = Sources(bundles=request.bundles, data_dir=request.data_dir)
    materials = []
    for done, run in enumerate(runs):
        progress(done, len(runs), run.name)
        materials.append(gather(run, sources))
    progress(len(runs), len(runs), "")
    return write_pages(request.out_dir or runs[0].folder, materials, [run.name for run in runs])


def write_pages(
    folder: Path, materials: Sequence[RunMaterial], names: Sequence[str]
) -> tuple[Path, ...]:
    """Writes report.html, report.md and junit.xml to ``folder``, which is made if need be.

    Raises:
        InputError: The disk does not take them.
    """
    records = [material.record for material in materials]
    texts = {
        PAGE: pages.html(materials, names),
        REPORT: "\n".join(pages.markdown(record) for record in records),
        JUNIT: pages.junit(records, names),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            # JSON can spell half a surrogate pair, which UTF-8 cannot.
            (folder / name).write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(
            f"cannot write the report to {folder}: {error.strerror}", hint="choose another folder"
        ) from error
    return tuple(folder / name for name in texts)


def gather(run: RunFolder, sources: Sources) -> RunMaterial:
    """Everything that can be found about a run; what cannot is missing with a reason."""
    found = _Findings()
    _find_model(run.record, sources, found)
    _find_image(run.record, found)
    _find_profile(run, found)
    if run.outputs is None:
        found.missing |= dict.fromkeys((Part.OUTPUTS, Part.EXAMPLES), NO_OUTPUTS)
        found.missing.pop(Part.PROBABILITIES, None)
    else:
        _find_examples(run, sources, found)
    return RunMaterial(
        record=run.record,
        outputs=run.outputs,
        model=found.model,
        image=found.image,
        profile=found.profile,
        examples=found.examples,
        missing=found.missing,
    )


def _find_model(record: RunRecord, sources: Sources, found: _Findings) -> None:
    reason = ""
    for name in (*sources.bundles, record.model.name):
        try:
            bundle = open_bundle(name)
            data = read_model_bytes(bundle.require_tflite())
            if hashlib.sha256(data).hexdigest() != record.model.tflite_sha256:
                reason = f"{bundle.name} as found here is another model than the one that ran"
                continue
            found.graph = read_tflite(data, bundle.name)
            break
        except EctopyError as error:
            reason = error.message
    if found.graph is None:
        found.missing |= {Part.ARENA: reason, Part.PROBABILITIES: reason}
    elif record.engine.name != EngineName.AOT:
        found.missing[Part.ARENA] = f"engine {record.engine.name} lays out its arena on the device"
    else:
        try:
            found.model = CompiledModel(
                graph=found.graph, plan=aot_plan(found.graph, record.engine.goal)
            )
        except EctopyError as error:
            found.missing[Part.ARENA] = error.message


def _find_image(record: RunRecord, found: _Findings) -> None:
    """The image in the build folder, if it is still the one that ran."""
    folder = build_folder(
        record.board.name, record.engine.name, record.model.name, record.engine.goal
    )
    elf, name = folder / ELF_NAME, folder.name
    try:
        digest = hashlib.sha256(elf.read_bytes()).hexdigest()
        if digest != record.firmware.elf_sha256:
            found.missing[Part.IMAGE] = f"build/{name} holds another image than the one that ran"
            return
        image = read_memory_map(elf)
    except (OSError, ValueError):
        found.missing[Part.IMAGE] = f"build/{name} holds no image"
        return
    except EctopyError as error:
        found.missing[Part.IMAGE] = error.message
        return
    budget = BUDGETS.get(BoardName(record.board.name)) if record.board.name in BUDGETS else None
    found.image = ImageMemory(
        sections=tuple(
            MemoryPiece(
                memory=piece.memory, name=f"{piece.section} {piece.content}", nbytes=piece.nbytes
            )
            for piece in image.pieces
        ),
        symbols=tuple(
            MemoryPiece(memory=symbol.memory, name=symbol.name, nbytes=symbol.nbytes)
            for symbol in image.symbols
        ),
        capacities_bytes={"flash": budget.flash_bytes, "RAM": budget.ram_bytes} if budget else {},
    )


def _find_profile(run: RunFolder, found: _Findings) -> None:
    try:
        found.profile = open_profile(run.folder, run.record)
    except EctopyError as error:
        found.missing[Part.OPERATORS] = error.message


def _find_examples(run: RunFolder, sources: Sources, found: _Findings) -> None:
    assert run.outputs is not None
    try:
        windows = _windows_of(run.record, sources)
    except EctopyError as error:
        found.missing[Part.EXAMPLES] = error.message
        found.missing.pop(Part.PROBABILITIES, None)
        return
    sources.windows = windows
    indices = run.outputs.windows
    if windows.info.sha256 != run.record.dataset.sha256:
        found.missing[Part.EXAMPLES] = "the ECG found here is not the ECG that was measured"
    elif indices.size and not 0 <= indices.min() <= indices.max() < len(windows):
        found.missing[Part.EXAMPLES] = "outputs.csv names windows that the data set has not"
    else:
        quant = found.graph.output.quant if found.graph else None
        found.examples = choose_examples(run.outputs, windows.samples, quant)
    if not found.examples:
        found.missing.pop(Part.PROBABILITIES, None)


def _windows_of(record: RunRecord, sources: Sources) -> WindowSet:
    """The windows of the run, drawn again.

    Raises:
        InputError: The record names a source that we do not know.
        DataError: There is no ECG, or it is damaged.
    """
    dataset = record.dataset
    if sources.windows is not None and sources.windows.info.sha256 == dataset.sha256:
        return sources.windows
    if dataset.name not in list(DatasetName) or dataset.split not in list(Split):
        raise InputError(f"no data set {dataset.name} {dataset.split} is known")
    seed = _SEED.search(record.notes.get("dataset.limit", ""))
    return load_windows(
        WindowRequest(
            dataset=DatasetName(dataset.name),
            split=Split(dataset.split),
            data_dir=sources.data_dir,
            limit=dataset.limit,
            seed=int(seed[1]) if seed else 0,
        )
    )
