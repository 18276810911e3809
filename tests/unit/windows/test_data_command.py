import json
from pathlib import Path

import pytest
import wfdb

from ectopy.cli import main
from ectopy.windows import fetch
from support.icentia11k_records import write_segment

pytestmark = pytest.mark.usefixtures("bare_machine")


def test_info_writes_counts_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    main(["data", "info", "--split", "ds1", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["info"]["synthetic"] is True
    assert found["info"]["split"] == "ds1"
    assert len(found["records"]) == 22
    totals = [sum(row["per_class"][c] for row in found["records"]) for c in range(3)]
    assert found["per_class"] == totals
    assert found["windows"] == sum(totals)


def test_info_tells_people_where_windows_come_from(
    capsys: pytest.CaptureFixture[str], ecg_dir: Path
) -> None:
    main(["data", "info", "--data-dir", str(ecg_dir)])
    shown = capsys.readouterr()
    assert "49,175 windows" in shown.out
    assert "--data-dir" in shown.err
    assert "Moody GB" in shown.err


def test_plot_writes_the_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["data", "plot", "--dataset", "synthetic", "-o", str(tmp_path / "w.png")])
    assert (tmp_path / "w.png").read_bytes().startswith(b"\x89PNG")
    assert "synthetic" in capsys.readouterr().err


def test_a_wrong_place_is_one_error_with_a_hint_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["data", "info", "--data-dir", str(tmp_path)])
    shown = capsys.readouterr().err
    assert caught.value.code == 2
    assert "error:" in shown
    assert "hint:" in shown
    assert "Traceback" not in shown


def test_fetch_without_network_is_one_error_with_a_hint_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise ConnectionError("name or service not known")

    monkeypatch.setattr(wfdb, "dl_database", unreachable)
    monkeypatch.setattr(fetch.urllib.request, "urlopen", unreachable)
    with pytest.raises(SystemExit) as caught:
        main(["data", "fetch"])
    shown = capsys.readouterr().err
    assert caught.value.code == 1
    assert "record 101 cannot be had from PhysioNet" in shown
    assert "is there a network?" in shown


def test_icentia11k_is_counted_and_its_makers_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_segment(tmp_path / "icentia11k", 10_000)
    main(["data", "info", "--dataset", "icentia11k", "--data-dir", str(tmp_path), "--limit", "9"])
    shown = capsys.readouterr()
    assert "icentia11k TEST: 9 windows" in shown.out
    assert "p10000_s00" in shown.out
    assert "CC BY-NC-SA" in shown.err
    assert "Moody GB" not in shown.err


def test_fetch_of_icentia11k_says_where_to_get_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["data", "fetch", "icentia11k"])
    assert caught.value.code == 2
    assert "https://physionet.org/content/icentia11k-continuous-ecg/1.0/" in capsys.readouterr().err
