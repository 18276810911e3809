"""Continuous ECG made up for tests: what is where is known, hearts are not real."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ectopy.vocab import FRAME_SAMPLES, R_PEAK_SAMPLE, BeatClass
from ectopy.windows import DatasetInfo, WindowSet
from ectopy.windows.strips import UNCLASSED, Strips

LABELS = {"N": BeatClass.N, "A": BeatClass.PAC, "V": BeatClass.PVC, "F": UNCLASSED}
MARGIN = 700
"""Samples without a beat at either end of a record."""

RR = 80
"""Samples between the beats of a regular rhythm."""


def strips_of_signal(
    signal: npt.NDArray[np.floating], peaks: Sequence[int], symbols: str = ""
) -> Strips:
    """One record, named a.

    Args:
        signal: (leads, m), millivolts.
        peaks: R peaks as indices into it.
        symbols: One letter of ``LABELS`` a peak; all N if empty.
    """
    return Strips(
        names=("a",),
        leads_mv=signal.astype(np.float32),
        starts=np.array([0, signal.shape[1]]),
        peaks=np.array(peaks, dtype=np.int64),
        labels=np.array([LABELS[s] for s in symbols or "N" * len(peaks)], dtype=np.uint8),
        record_of=np.zeros(len(peaks), dtype=np.int64),
    )


def join(strips: Mapping[str, Strips]) -> Strips:
    """Records one after the other under new names."""
    lengths = [s.leads_mv.shape[1] for s in strips.values()]
    starts = np.concatenate(([0], np.cumsum(lengths)))
    parts = list(strips.values())
    return Strips(
        names=tuple(strips),
        leads_mv=np.concatenate([s.leads_mv for s in parts], axis=1),
        starts=starts,
        peaks=np.concatenate([s.peaks + at for s, at in zip(parts, starts, strict=False)]),
        labels=np.concatenate([s.labels for s in parts]),
        record_of=np.repeat(np.arange(len(parts)), [s.peaks.size for s in parts]),
    )


def made_up_strips(records: Mapping[str, str], seed: int = 0) -> Strips:
    """For each record its beats as letters: PAC and PVC come early, PVC are wide and without P.

    The second lead is the first upside down and half as tall.
    """
    random = np.random.default_rng(seed)
    return join({name: _record(symbols, random) for name, symbols in records.items()})


def _record(symbols: str, random: np.random.Generator) -> Strips:
    early = np.isin(list(symbols), ["A", "V"])
    intervals = np.where(early[1:], 0.7 * RR, np.where(early[:-1], 1.2 * RR, RR))
    jitter = random.integers(-2, 3, len(intervals))
    peaks = MARGIN + np.concatenate(([0], np.cumsum(np.rint(intervals) + jitter))).astype(int)
    time = np.arange(peaks[-1] + MARGIN)
    signal = 0.02 * random.standard_normal(time.size)
    for peak, symbol in zip(peaks, symbols, strict=True):
        near = slice(peak - 40, peak + 40)
        width = 6.0 if symbol == "V" else 2.0
        signal[near] += np.exp(-0.5 * ((time[near] - peak) / width) ** 2)
        if symbol != "V":
            signal[near] += 0.15 * np.exp(-0.5 * ((time[near] - peak + 13) / 2) ** 2)
    return strips_of_signal(np.stack([signal, -0.5 * signal]), peaks.tolist(), symbols)


def windows_of(strips: Strips) -> WindowSet:
    """The windows of its first lead about all beats of a class."""
    chosen = strips.fits() & (strips.labels != UNCLASSED)
    start = strips.peaks[chosen] - R_PEAK_SAMPLE
    return WindowSet(
        samples=strips.leads_mv[0, start[:, np.newaxis] + np.arange(FRAME_SAMPLES)],
        labels=strips.labels[chosen],
        records=np.array(strips.names)[strips.record_of[chosen]],
        beat_samples=start.astype(np.int32),
        info=DatasetInfo(
            name="mitdb", split="ds1", synthetic=False, label_map="N=NLRej", sha256="00"
        ),
    )
