from pathlib import Path

import pytest

from ectopy.autodeploy import read_console, read_resultlog
from ectopy.errors import InputError
from support.fake_ns_autodeploy import LOG_HEADER, log_line


def log_file(path: Path, text: str) -> Path:
    file = path / "resultlog.csv"
    file.write_text(text)
    return file


def test_the_last_line_of_the_model_is_taken(tmp_path: Path) -> None:
    text = LOG_HEADER + log_line("m", 1) + log_line("other", 2) + log_line("m", 3)
    log = read_resultlog(log_file(tmp_path, text), "m")
    assert (log.macs, log.arena_kb, log.model_kb) == (3, 33, 97)
    assert (log.runtime, log.arena_location, log.compiler) == (
        "helia_rt_v1_6_0",
        "TCM",
        "gcc 13.2.rel1",
    )
    assert log.unknown_columns == ()


def test_power_of_zero_is_no_measurement(tmp_path: Path) -> None:
    log = read_resultlog(log_file(tmp_path, LOG_HEADER + log_line("m", 1)), "m")
    assert (log.hp_ms, log.hp_uj, log.lp_ms, log.lp_uj) == (None,) * 4
    powered = LOG_HEADER + log_line("m", 1, power="20.1,190.6,9.4")
    log = read_resultlog(log_file(tmp_path, powered), "m")
    assert (log.hp_ms, log.hp_uj) == (20.1, 190.6)


def test_a_compiler_version_without_digits_is_none(tmp_path: Path) -> None:
    """Its fifth word of `gcc --version` is `(C)` with the compilers of Debian."""
    text = LOG_HEADER + log_line("m", 1, compiler="gcc (C)")
    assert read_resultlog(log_file(tmp_path, text), "m").compiler is None


def test_unknown_columns_of_the_log_are_named(tmp_path: Path) -> None:
    text = LOG_HEADER.replace(" ID\n", " ID, Warp\n") + log_line("m", 1).replace("\n", ",9\n")
    assert read_resultlog(log_file(tmp_path, text), "m").unknown_columns == ("Warp",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a,b\n1,2\n", "no result log"),
        (LOG_HEADER + log_line("other", 1), "no line for model m"),
        (LOG_HEADER + "m,apollo4p_evb\n", "2 cells under a header of 29"),
        (LOG_HEADER.replace("Arena Size (KB)", "Arena") + log_line("m", 1), r"Arena Size \(KB\)"),
        (LOG_HEADER + log_line("m", 1).replace(",33,", ",many,"), "Arena Size .* 'many', not a"),
        (LOG_HEADER + log_line("m", 1, power="nan,0,0"), r"HP\(ms\) is nan"),
        (LOG_HEADER + log_line("m", 1, power="quick,0,0"), "damaged: could not convert"),
    ],
)
def test_a_damaged_log_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        read_resultlog(log_file(tmp_path, text), "m")


def console_file(path: Path, text: str) -> Path:
    file = path / "console.txt"
    file.write_text(text)
    return file


WORDS = """\
[NS] Using TensorFlow Version: helia_rt_v1_6_0
[NS] Tuned image:    arena size = 33k, arena location = TCM model_location = MRAM
INFO: Model Output Comparison: Mean difference per output label in tensor(0): array([ 0.05, -0.1 ,
        1.e-02])
INFO: Total Inference Time 61234 us, total estimated MACs 963264
[Profile] Model Size:                        97 KB
[Profile] Arena Size:                        33 KB
"""


def test_the_console_gives_what_no_file_has(tmp_path: Path) -> None:
    console = read_console(console_file(tmp_path, WORDS))
    assert console.mean_difference == (0.05, -0.1, 0.01)
    assert (console.total_us, console.arena_kb, console.model_kb) == (61234, 33, 97)
    assert (console.arena_location, console.model_location) == ("TCM", "MRAM")
    assert (console.runtime, console.compared) == ("helia_rt_v1_6_0", True)


def test_a_console_without_its_words_gives_nothing(tmp_path: Path) -> None:
    console = read_console(console_file(tmp_path, "array([nonsense])\n"))
    assert console.mean_difference is None
    assert console.total_us is None


@pytest.mark.parametrize("cells", ["nan, 0.1", "0.1; 2", "__import__('os')", ""])
def test_differences_that_are_no_numbers_are_none(tmp_path: Path, cells: str) -> None:
    text = f"Mean difference per output label in tensor(0): array([{cells}])\n"
    assert read_console(console_file(tmp_path, text)).mean_difference is None


def test_a_computer_without_litert_compares_nothing(tmp_path: Path) -> None:
    text = "INFO: Model Output Comparison: No differences for tensor(0)\n"
    assert not read_console(console_file(tmp_path, text)).compared


def test_a_console_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_console(tmp_path / "console.txt")
