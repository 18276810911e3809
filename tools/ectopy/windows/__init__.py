"""ECG -> labelled windows: real records, a synthetic source, noise, splits and hashes."""

from ectopy.windows.mitdb import CITATION, SPLITS, read_recording
from ectopy.windows.noise import NoiseCondition, add_noise, noise_power_mv2, signal_power_mv2
from ectopy.windows.nstdb import (
    NOISY_CITATION,
    NoiseHalf,
    NoiseName,
    NoiseTraces,
    read_noise,
)
from ectopy.windows.patients import patient_of
from ectopy.windows.remarks import REMARKS, RHYTHMS
from ectopy.windows.source import (
    WindowRequest,
    load_rhythms,
    load_split,
    load_strips,
    load_windows,
    select_windows,
    window_hash,
)
from ectopy.windows.types import DatasetInfo, WindowSet

__all__ = [
    "CITATION",
    "NOISY_CITATION",
    "REMARKS",
    "RHYTHMS",
    "SPLITS",
    "DatasetInfo",
    "NoiseCondition",
    "NoiseHalf",
    "NoiseName",
    "NoiseTraces",
    "WindowRequest",
    "WindowSet",
    "add_noise",
    "load_rhythms",
    "load_split",
    "load_strips",
    "load_windows",
    "noise_power_mv2",
    "patient_of",
    "read_noise",
    "read_recording",
    "select_windows",
    "signal_power_mv2",
    "window_hash",
]
