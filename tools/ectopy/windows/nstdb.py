"""Noise of the MIT-BIH Noise Stress Test Database: what electrodes pick up besides the heart."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ectopy.errors import DataError
from ectopy.user_cache import cache_dir
from ectopy.windows import cache, mitdb
from ectopy.windows.recording import resample
from ectopy.windows.wfdb_files import Database, damaged, read_counts, read_header

NAME = "nstdb"
RATE_HZ = 360
CHANNELS = 2

CITATION = (
    "MIT-BIH Noise Stress Test Database 1.0.0, PhysioNet, doi:10.13026/C2HS3T. "
    "Moody GB, Muldrow WE, Mark RG. A noise stress test for arrhythmia detectors. "
    "Computers in Cardiology 11:381-384, 1984. Licence: ODC-By 1.0."
)

NOISY_CITATION = f"{mitdb.CITATION} {CITATION}"
"""To be shown wherever a result made from MIT-BIH with this noise is shown."""

_HINT = (
    "download bw.hea, bw.dat, ma.hea and ma.dat from https://physionet.org/content/nstdb/1.0.0/ "
    "into a folder nstdb beside mitdb"
)
_DATABASE = Database(rate_hz=RATE_HZ, missing_hint=_HINT, damaged_hint=_HINT)


class NoiseName(StrEnum):
    """Records of noise: baseline wander and muscle artefact."""

    BW = "bw"
    MA = "ma"


class NoiseHalf(StrEnum):
    """Training hears the first half of each record of noise, tests the second."""

    FIRST = "first"
    SECOND = "second"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NoiseTraces:
    """Noise at the rate of windows.

    Attributes:
        millivolts: For each record float32 (2, m) at 100 Hz, one row per channel.
    """

    half: NoiseHalf
    millivolts: Mapping[NoiseName, npt.NDArray[np.float32]]


def read_noise(data_dir: Path | None, half: NoiseHalf) -> NoiseTraces:
    """One half of each record of noise; the halves share no sample, not even by resampling.

    Args:
        data_dir: Directory that holds ``nstdb/``, the records of noise, or those of ``mitdb``
            with ``nstdb`` beside them; None looks at $ECTOPY_DATA and then at the user's cache.
        half: Which half.

    Raises:
        DataError: The records are absent or damaged.
    """
    directory = _locate(data_dir)
    try:
        return NoiseTraces(
            half=half, millivolts={name: _read(directory, name, half) for name in NoiseName}
        )
    except OSError as error:
        raise DataError(f"noise in {directory}: {error}", hint=_HINT) from error


def _locate(data_dir: Path | None) -> Path:
    variable = os.environ.get(cache.DATA_VARIABLE)
    place = data_dir or (Path(variable) if variable else cache_dir())
    for candidate in (place / NAME, place, place.parent / NAME):
        if all((candidate / f"{name}.hea").is_file() for name in NoiseName):
            return candidate
    names = " and ".join(NoiseName)
    raise DataError(f"no records of noise ({names}) in {place / NAME}", hint=_HINT)


def _read(directory: Path, name: NoiseName, half: NoiseHalf) -> npt.NDArray[np.float32]:
    header = read_header(directory, name, _DATABASE)
    if len(header.leads) != CHANNELS:
        what = f"has {len(header.leads)} channels, not {CHANNELS}"
        raise damaged(name, directory / f"{name}.hea", what, _DATABASE)
    middle = header.samples // 2
    part = slice(0, middle) if half is NoiseHalf.FIRST else slice(middle, 2 * middle)
    rows = [
        resample(read_counts(directory, name, header, channel, _DATABASE)[part], RATE_HZ)
        / header.counts_per_mv[channel]
        for channel in range(CHANNELS)
    ]
    return np.stack(rows).astype(np.float32)
