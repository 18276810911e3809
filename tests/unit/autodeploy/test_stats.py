from pathlib import Path

import pytest

from ectopy.autodeploy import read_stats
from ectopy.errors import InputError
from support.fake_ns_autodeploy import COLUMNS, stats_text

LAYERS = [("RESHAPE", 12, 0), ("CONV_2D", 1500, 55_296), ("DEPTHWISE_CONV_2D", 2400, 55_296)]


def written(path: Path, text: str) -> Path:
    file = path / "m_stats.csv"
    file.write_text(text)
    return file


def test_columns_with_literal_quotes_are_read(tmp_path: Path) -> None:
    text = stats_text(LAYERS)
    assert text.startswith('"""Event""","""Tag"""')
    stats = read_stats(written(tmp_path, text))
    assert [layer.tag for layer in stats.layers] == ["RESHAPE", "CONV_2D", "DEPTHWISE_CONV_2D"]
    assert (stats.total_us, stats.total_macs) == (3912, 110_592)
    assert stats.layers[1].cache["daccess"] == 10
    assert (stats.unknown_columns, stats.absent_columns) == ((), ())


@pytest.mark.parametrize(
    ("per_us", "cycles", "note"),
    [
        (0, None, "not started: all zero"),
        (3, None, "not to be believed: 11,736 cycles in a time of 751,104"),
        (192, 3912 * 192, ""),
    ],
)
def test_cycles_are_believed_only_if_they_fit_the_time(
    tmp_path: Path, per_us: int, cycles: int | None, note: str
) -> None:
    stats = read_stats(written(tmp_path, stats_text(LAYERS, per_us)))
    assert stats.cycles == cycles
    assert note in stats.cycles_note
    assert bool(stats.cycles_note) == (cycles is None)


def test_a_file_without_counters_is_read_and_says_what_is_absent(tmp_path: Path) -> None:
    stats = read_stats(written(tmp_path, "Event,Tag,uSeconds\n0,CONV_2D,7\n"))
    assert (stats.total_us, stats.total_macs, stats.cycles) == (7, None, None)
    assert stats.absent_columns == tuple(COLUMNS[3:])


def test_unknown_columns_are_named_and_left_out(tmp_path: Path) -> None:
    stats = read_stats(written(tmp_path, '"""Event""",Tag,uSeconds,warp\n0,ADD,7,what\n'))
    assert stats.unknown_columns == ("warp",)
    assert stats.layers[0].duration_us == 7


def test_counts_that_a_table_with_gaps_made_floats_are_read(tmp_path: Path) -> None:
    stats = read_stats(written(tmp_path, "Event,Tag,uSeconds,Est MACs,cycles\n0,ADD,7.0,3.0,\n"))
    assert (stats.total_us, stats.total_macs, stats.cycles) == (7, 3, None)


GOOD = "Event,Tag,uSeconds\n0,ADD,7\n1,MUL,9\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        (GOOD[:-1], "is cut off: its last line has no end"),
        (GOOD[:-3] + "\n", "damaged at line 3: 2 cells under a header of 3"),
        ("Event,Tag,us\n0,ADD,7\n", "no column uSeconds"),
        ("Event,Tag,Tag,uSeconds\n0,ADD,ADD,7\n", "two columns Tag"),
        ("Event,Tag,uSeconds\n", "holds no layers"),
        (GOOD.replace("9", "-9"), "line 3: uSeconds is '-9', not a count"),
        (GOOD.replace("9", "nan"), "line 3: uSeconds is 'nan', not a count"),
        (GOOD.replace("9", "9" * 11), "not a count"),
        (GOOD.replace("9", "4294967296"), "more than the board can count"),
        (GOOD.replace("1,MUL", "5,MUL"), "event 5 where 1 is due"),
        (GOOD.replace("MUL", "\x01\x7f"), "is no operator name"),
    ],
)
def test_a_damaged_file_is_refused_with_the_place_of_the_damage(
    tmp_path: Path, text: str, problem: str
) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        read_stats(written(tmp_path, text))
    assert "m_stats.csv" in caught.value.message
    assert caught.value.hint


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "m_stats.csv"
    file.write_bytes(b"\xff\xfe\x00garbage\n")
    with pytest.raises(InputError, match="is not a CSV file"):
        read_stats(file)


def test_a_file_beyond_all_measure_is_refused_unread(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is larger than"):
        read_stats(written(tmp_path, "x" * (4 * 1024 * 1024 + 1)))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_stats(tmp_path / "m_stats.csv")
