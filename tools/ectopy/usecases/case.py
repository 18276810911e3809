"""What is measured and with what: a bundle's model, windows of ECG, and the same as tensors."""

from __future__ import annotations

from dataclasses import dataclass

from ectopy.graph.reader import read_model_bytes, read_tflite
from ectopy.graph.types import Graph
from ectopy.progress import Progress, silent
from ectopy.protocol import InputFormat
from ectopy.reference import HostInterpreter, open_reference
from ectopy.usecases.bench_stream import Samples, encode_windows
from ectopy.windows import WindowRequest, WindowSet, load_windows
from ectopy.zoo import Bundle, class_labels, open_bundle


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """A model and the windows it is asked about.

    Attributes:
        tflite: The model file.
        samples: The windows as the device gets them and as the model sees them.
    """

    bundle: Bundle
    tflite: bytes
    graph: Graph
    windows: WindowSet
    samples: Samples

    def reference(self) -> HostInterpreter:
        """The interpreter that outputs are compared with."""
        return open_reference(self.tflite, self.graph)

    def window_name(self, index: int) -> str:
        """A window's place in the ECG, for people."""
        windows = self.windows
        return f"record {windows.records[index]}, beat at sample {windows.beat_samples[index]}"

    @property
    def dataset_title(self) -> str:
        """Where the windows come from, for people."""
        info = self.windows.info
        return f"{info.name} {info.split}" + (" (SYNTHETIC)" if info.synthetic else "")


def open_case(
    model: str,
    windows: WindowRequest,
    input_format: InputFormat = InputFormat.INT8,
    progress: Progress = silent,
) -> Case:
    """Opens a bundle and loads windows for it.

    Args:
        model: Name or folder of a bundle.
        windows: Which.
        input_format: How they are to travel.
        progress: Told where the windows come from.

    Raises:
        InputError: The bundle, its model or the data cannot be used.
    """
    bundle = open_bundle(model)
    tflite = read_model_bytes(bundle.require_tflite())
    graph = read_tflite(tflite, bundle.name)
    progress(0, 0, "loading windows")
    loaded = load_windows(windows)
    progress(0, 0, f"{loaded.info.name}: {loaded.info.reason}")
    return Case(
        bundle=bundle,
        tflite=tflite,
        graph=graph,
        windows=loaded,
        samples=samples_of(bundle, graph, loaded, input_format),
    )


def samples_of(
    bundle: Bundle, graph: Graph, windows: WindowSet, input_format: InputFormat
) -> Samples:
    """Windows in the classes and with the preprocess of a bundle, as tensors of its model."""
    configuration = bundle.configuration
    classes = class_labels(configuration, windows.labels)
    return encode_windows(windows, classes, graph, configuration.preprocess, input_format)
