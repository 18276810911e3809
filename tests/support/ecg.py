"""Window sets made up for tests: shapes and counts are real, hearts are not."""

import numpy as np

from ectopy.vocab import FRAME_SAMPLES, R_PEAK_SAMPLE
from ectopy.windows import DatasetInfo, WindowSet


def made_up_windows(counts: dict[str, tuple[int, int, int]], seed: int = 0) -> WindowSet:
    """For each record so many windows of N, PAC and PVC; the classes differ by a bump's width."""
    random = np.random.default_rng(seed)
    records = [r for r, by_class in counts.items() for n in by_class for _ in range(n)]
    labels = [c for by_class in counts.values() for c, n in enumerate(by_class) for _ in range(n)]
    offset = np.arange(FRAME_SAMPLES) - R_PEAK_SAMPLE
    width = 2.0 + 3.0 * np.array(labels)[:, None]
    bumps = np.exp(-0.5 * (offset / width) ** 2)
    samples = bumps + 0.05 * random.standard_normal(bumps.shape)
    return WindowSet(
        samples=samples.astype(np.float32),
        labels=np.array(labels, dtype=np.uint8),
        records=np.array(records),
        beat_samples=np.arange(len(labels), dtype=np.int32),
        info=DatasetInfo(
            name="mitdb", split="ds1", synthetic=False, label_map="N=NLRej", sha256="00"
        ),
    )


def bump_widths(inputs: np.ndarray) -> np.ndarray:
    """About 0, 1 or 2 as a made-up window is of N, PAC or PVC, from float32 (n, 512, 1)."""
    near = inputs[:, R_PEAK_SAMPLE - 30 : R_PEAK_SAMPLE + 31, 0]
    samples = (near > 0.5 * near.max(axis=1, keepdims=True)).sum(axis=1)
    return (samples / 2.355 - 2.0) / 3.0
