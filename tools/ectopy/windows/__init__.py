"""ECG -> labelled windows: real records, a synthetic source, splits and hashes."""

from ectopy.windows.mitdb import CITATION, SPLITS, read_recording
from ectopy.windows.patients import patient_of
from ectopy.windows.source import WindowRequest, load_split, load_windows, window_hash
from ectopy.windows.types import DatasetInfo, WindowSet

__all__ = [
    "CITATION",
    "SPLITS",
    "DatasetInfo",
    "WindowRequest",
    "WindowSet",
    "load_split",
    "load_windows",
    "patient_of",
    "read_recording",
    "window_hash",
]
