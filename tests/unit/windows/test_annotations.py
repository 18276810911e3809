from pathlib import Path

import numpy as np
import pytest
import wfdb
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from wfdb.io.annotation import ann_label_table

from ectopy.windows.annotations import _SYMBOLS, parse_annotations

END = b"\0\0"


def word(code: int, value: int) -> bytes:
    return (code << 10 | value).to_bytes(2, "little")


def test_symbols_are_physionets() -> None:
    table = {int(row.label_store): row.symbol for row in ann_label_table.itertuples()}
    unused = {0, 15, 17}
    named = {code: s for code, s in table.items() if s.strip() and code not in unused}
    assert {code: s for code, s in _SYMBOLS.items() if code not in unused} == named


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(
    each=st.lists(
        st.tuples(
            st.integers(0, 99_999),
            st.sampled_from('NSVQ+~a/"'),
            st.sampled_from(["", "(N", ")", "odd"]),
        ),
        min_size=1,
    ),
    rate_hz=st.sampled_from([None, 250]),
)
def test_what_wfdb_writes_is_read_as_wfdb_reads_it(
    tmp_path: Path, each: list[tuple[int, str, str]], rate_hz: int | None
) -> None:
    times, symbols, notes = zip(*sorted(each), strict=True)
    # wfdb takes any note at the very beginning for the sampling rate.
    assume((times[0], symbols[0]) != (0, '"'))
    wfdb.wrann(
        "x",
        "atr",
        np.array(times),
        symbol=list(symbols),
        aux_note=list(notes),
        fs=rate_hz,
        write_dir=str(tmp_path),
    )
    expected = wfdb.rdann(str(tmp_path / "x"), "atr")
    found = parse_annotations((tmp_path / "x.atr").read_bytes(), 100_000, 250)
    assert found.samples.tolist() == expected.sample.tolist()
    assert list(found.symbols) == expected.symbol
    assert list(found.notes) == expected.aux_note


@pytest.mark.parametrize("record", ["100", "202", "232"])
def test_real_records_are_read_as_wfdb_reads_them(ecg_dir: Path, record: str) -> None:
    place = ecg_dir / "mitdb" / record
    expected = wfdb.rdann(str(place), "atr")
    found = parse_annotations(place.with_suffix(".atr").read_bytes(), 650_000, 360)
    assert found.samples.tolist() == expected.sample.tolist()
    assert list(found.symbols) == expected.symbol
    assert [n.rstrip("\0") for n in expected.aux_note] == list(found.notes)


def test_beats_have_a_class_or_none_and_the_rest_are_no_beats() -> None:
    codes = {"N": 1, "V": 5, "F": 6, "Q": 13, "~": 14, "+": 28, "unknown": 45}
    found = parse_annotations(b"".join(word(code, 10) for code in codes.values()) + END, 100, 250)
    peaks, labels = found.beats()
    assert (peaks.tolist(), labels.tolist()) == ([10, 20], [0, 2])
    assert found.unclassed().tolist() == [30, 40]


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = parse_annotations(data, 1000, 250)
    except ValueError as error:
        assert str(error)
    else:
        assert len(found.samples) == len(found.symbols) == len(found.notes)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no end mark"),
        (word(1, 5), "no end mark"),
        (word(1, 5) + word(63, 9) + b"text" + END, "no end mark"),
        (word(59, 0) + b"\1\0", "no end mark"),
        (word(1, 1000) + END, "outside the record"),
        (word(59, 0) + b"\xff\xff\xff\xff" + word(1, 0) + END, "outside the record"),
        (word(1, 9) + word(59, 0) + b"\xff\xff\xff\xff" + word(1, 0) + END, "not in order"),
        (word(22, 0) + word(63, 23) + b"## time resolution: 360\0" + END, "360.*250 Hz"),
    ],
)
def test_a_wrong_file_is_told_what_is_wrong(data: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_annotations(data, 1000, 250)
