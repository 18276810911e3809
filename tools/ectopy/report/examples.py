"""Which wrong windows a page shows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ectopy import metrics
from ectopy.graph.types import QuantParams
from ectopy.report.material import Example, Outputs

MOST_EXAMPLES = 12
MOST_OF_A_KIND = 4


def choose_examples(
    outputs: Outputs,
    samples: npt.NDArray[np.float32],
    quant: QuantParams | None,
) -> tuple[Example, ...]:
    """The most confident mistakes of each kind (true class, class said), frequent kinds first.

    Confident is a large distance between the outputs of the two classes. Of each kind, windows of
    different records come first.

    Args:
        outputs: What the device answered.
        samples: float32 (windows, 512), millivolts; ``outputs.windows`` are rows of it.
        quant: Of the model's output, to turn outputs into probabilities; None if unknown.
    """
    said = metrics.predicted_classes(outputs.device)
    wrong = np.flatnonzero(said != outputs.true_classes)
    kinds, counts = np.unique(
        np.stack((outputs.true_classes[wrong], said[wrong]), axis=1), axis=0, return_counts=True
    )
    if not len(kinds):
        return ()
    each = min(MOST_OF_A_KIND, max(1, MOST_EXAMPLES // len(kinds)))
    chosen: list[Example] = []
    for kind in np.argsort(-counts, kind="stable"):
        true_class, answer = (int(each_class) for each_class in kinds[kind])
        of_kind = wrong[(outputs.true_classes[wrong] == true_class) & (said[wrong] == answer)]
        for row in _most_confident(outputs, of_kind, true_class, answer)[:each]:
            chosen.append(
                Example(
                    record=str(outputs.records[row]),
                    beat_sample=int(outputs.beat_samples[row]),
                    true_class=true_class,
                    said=answer,
                    probabilities=_probabilities(outputs.device[row], quant),
                    millivolts=samples[outputs.windows[row]],
                )
            )
    return tuple(chosen[:MOST_EXAMPLES])


def softmax(outputs: npt.NDArray[np.int8], quant: QuantParams) -> npt.NDArray[np.float64]:
    """Probabilities, float64 (classes,), of int8 logits of that quantization."""
    return probabilities(outputs, quant, logits=True)


def probabilities(
    outputs: npt.NDArray[np.int8], quant: QuantParams, *, logits: bool
) -> npt.NDArray[np.float64]:
    """Probabilities, float64 (classes,), of a model's int8 outputs, logits or not."""
    real = quant.scale * (outputs.astype(np.float64) - quant.zero_point)
    return metrics.probabilities(real, use_logits=logits)


def _most_confident(
    outputs: Outputs, rows: npt.NDArray[np.int64], true_class: int, said: int
) -> list[int]:
    device = outputs.device.astype(np.int64)
    margin = device[rows, said] - device[rows, true_class]
    ordered = rows[np.argsort(-margin, kind="stable")]
    _, first_of_record = np.unique(outputs.records[ordered], return_index=True)
    later = np.setdiff1d(np.arange(len(ordered)), first_of_record)
    return [int(row) for row in ordered[np.concatenate((np.sort(first_of_record), later))]]


def _probabilities(outputs: npt.NDArray[np.int8], quant: QuantParams | None) -> tuple[float, ...]:
    return () if quant is None else tuple(float(each) for each in softmax(outputs, quant))
