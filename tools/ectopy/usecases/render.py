"""Model bundle to the generated sources of an image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ectopy.aot import Plan, compile_graph
from ectopy.codegen import (
    BANNER,
    ImageInfo,
    generous_arena_bytes,
    render_image,
    render_model,
    render_tflm,
)
from ectopy.errors import InputError, ModelError
from ectopy.graph.reader import load_tflite, read_model_bytes, read_tflite
from ectopy.graph.types import Graph
from ectopy.preprocess import quantize_windows
from ectopy.reference import ReferenceExecutor
from ectopy.usecases.engine_plan import constant_bytes, engine_plan
from ectopy.vocab import EngineName, Optimize
from ectopy.zoo import Bundle

GOLDEN_WINDOWS = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rendering:
    """Generated sources and what they were made from.

    Attributes:
        plan: Of the AOT engine; None for an interpreter, which makes its own on the device.
        texts: File name -> text.
        arena_bytes: Size of the arena.
        constant_bytes: Weights and other constants.
    """

    graph: Graph
    plan: Plan | None
    texts: dict[str, str]
    arena_bytes: int
    constant_bytes: int


def render(
    bundle: Bundle,
    engine: EngineName,
    out_dir: Path,
    arena_bytes: int | None = None,
    *,
    optimize: Optimize = Optimize.SPEED,
) -> Rendering:
    """Compiles a bundle's int8 model and writes C and C++ files.

    Args:
        bundle: With ``model.tflite``.
        engine: Whose code.
        out_dir: Made if it is missing. Files that would not change are not touched; what an
            earlier version generated and this one does not is removed.
        arena_bytes: For engine tflm, whose arena is measured; a generous one without.
        optimize: What the plan of engine aot is made for.

    Raises:
        ModelError: The model cannot be used, or does not fit its configuration.
        InputError: The folder cannot be written, or the engine has no plan to be optimized.
    """
    rendering = render_texts(bundle, engine, arena_bytes, optimize=optimize)
    _write(rendering.texts, out_dir)
    return rendering


def render_file(
    path: Path, engine: EngineName, out_dir: Path, *, optimize: Optimize = Optimize.SPEED
) -> Rendering:
    """Compiles any int8 model and writes its inference, to be linked with kernels and engine.

    A file alone does not tell what the application needs: classes, frame, preprocess.

    Args:
        path: A .tflite file.
        engine: ``aot``; an interpreter needs no code of a model but its bytes.
        out_dir: As for :func:`render`.
        optimize: What the plan is made for.

    Raises:
        ModelError: The model cannot be used.
        InputError: The engine is another, or the folder cannot be written.
    """
    if engine is not EngineName.AOT:
        raise InputError(
            f"{path} is rendered for engine {EngineName.AOT} only",
            hint=f"engine {engine} takes a bundle: a folder with configuration.json too",
        )
    graph = load_tflite(path)
    plan = compile_graph(graph, optimize=optimize)
    rendering = _compiled(graph, plan, render_model(graph, plan))
    _write(rendering.texts, out_dir)
    return rendering


def _write(texts: dict[str, str], out_dir: Path) -> None:
    try:
        _update(texts, out_dir)
    except OSError as error:
        raise InputError(
            f"generated files cannot be written to {out_dir}: {error.strerror}",
            hint="choose another folder",
        ) from error


def _update(texts: dict[str, str], out_dir: Path) -> None:
    out_dir.mkdir(parents=True, exist_ok=True)
    generated = {*out_dir.glob("*.c"), *out_dir.glob("*.cc")}
    for path in generated - {out_dir / name for name in texts}:
        if path.read_bytes().startswith(BANNER.encode()):
            path.unlink()
    for name, text in texts.items():
        path = out_dir / name
        if not path.is_file() or path.read_bytes() != text.encode():
            path.write_bytes(text.encode())


def render_texts(
    bundle: Bundle,
    engine: EngineName,
    arena_bytes: int | None = None,
    *,
    optimize: Optimize = Optimize.SPEED,
) -> Rendering:
    """The same without writing anything."""
    tflite = read_model_bytes(bundle.require_tflite())
    graph = read_tflite(tflite, bundle.name)
    _require_fit(bundle, graph)
    info = _info(bundle, graph)
    plan = engine_plan(graph, engine, optimize)
    if plan is None:
        arena_bytes = arena_bytes or generous_arena_bytes(graph)
        return Rendering(
            graph=graph,
            plan=None,
            texts=render_tflm(graph, tflite, arena_bytes, info),
            arena_bytes=arena_bytes,
            constant_bytes=len(tflite),
        )
    return _compiled(graph, plan, render_image(graph, plan, info))


def _compiled(graph: Graph, plan: Plan, texts: dict[str, str]) -> Rendering:
    return Rendering(
        graph=graph,
        plan=plan,
        texts=texts,
        arena_bytes=plan.arena_bytes,
        constant_bytes=sum(constant_bytes(step) for step in plan.steps),
    )


def _require_fit(bundle: Bundle, graph: Graph) -> None:
    configuration = bundle.configuration
    samples = configuration.preprocess.frame_samples
    for what, found, wanted in (
        ("inputs", graph.input.elements, samples),
        ("outputs", graph.output.elements, len(configuration.class_names)),
    ):
        if found != wanted:
            raise ModelError(
                f"{bundle.tflite_path} has {found} {what}, the configuration says {wanted}",
                hint=f"make it from this bundle: ectopy quantize --model {bundle.target}",
            )


def _info(bundle: Bundle, graph: Graph) -> ImageInfo:
    configuration = bundle.configuration
    quant = graph.input.quant
    assert quant is not None
    inputs = quantize_windows(
        golden_windows(configuration.preprocess.frame_samples),
        configuration.preprocess,
        quant.scale,
        quant.zero_point,
    )
    executor = ReferenceExecutor(graph)
    return ImageInfo(
        name=bundle.name,
        class_names=configuration.class_names,
        frame_samples=configuration.preprocess.frame_samples,
        sampling_hz=configuration.sampling_rate,
        epsilon_n2=configuration.preprocess.epsilon_n2,
        golden_inputs=inputs,
        golden_outputs=np.stack([executor.invoke(window).ravel() for window in inputs]),
    )


def golden_windows(samples: int) -> npt.NDArray[np.int16]:
    """Inputs of the device's self-test: trains of bell-shaped beats, narrow to wide, in noise.

    They need to exercise the arithmetic, not to look like ECG. Integers only, so that every
    machine makes the same bytes.

    Returns:
        int16 (GOLDEN_WINDOWS, samples), microvolts.
    """
    time = np.arange(samples, dtype=np.int64)
    windows = []
    for number in range(GOLDEN_WINDOWS):
        period, width = 70 + 17 * number, 3 + 4 * number
        distance = np.abs((time - samples // 2 + period // 2) % period - period // 2)
        beats = 1200 * width**2 // (width**2 + distance**2) * (1 if number % 2 else -1)
        noise = (time * time * 7919 + number * 104_729) % 61 - 30
        windows.append(beats + noise)
    return np.stack(windows).astype(np.int16)
