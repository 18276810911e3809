from pathlib import Path

import pytest

from ectopy.cli import main, quantize
from ectopy.progress import Progress
from ectopy.quantize.report import QuantizeReport
from ectopy.usecases.quantize import QuantizeRequest
from ectopy.zoo import open_bundle
from support.quantize_report import report


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[QuantizeRequest]:
    """What the command asked for; each is answered by a report that loses 0.1242 of F1."""
    seen: list[QuantizeRequest] = []

    def answer(request: QuantizeRequest, progress: Progress) -> QuantizeReport:
        seen.append(request)
        return report()

    monkeypatch.setattr(quantize, "quantize_bundle", answer)
    return seen


def test_table_shows_f1_before_and_after(
    requests: list[QuantizeRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["quantize", "--model", "beat-3-eff-sm", "--max-f1-drop", "0.2"])
    shown = capsys.readouterr().out
    assert "0.6957" in shown
    assert "0.5714" in shown
    assert "-0.1242" in shown


def test_gate_ends_the_command_with_1_after_the_table(
    requests: list[QuantizeRequest], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["quantize", "--max-f1-drop", "0.05"])
    assert ended.value.code == 1
    shown = capsys.readouterr()
    assert "-0.1242" in shown.out
    assert "at most 0.05 is allowed" in " ".join(shown.err.split())


@pytest.mark.parametrize("verb", ["quantize", "train"])
def test_a_negative_seed_is_bad_input(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([verb, "--seed", "-1"])
    assert ended.value.code == 2
    assert "--seed" in capsys.readouterr().err


def test_int8_model_goes_into_the_bundle_unless_told_otherwise(
    requests: list[QuantizeRequest], tmp_path: Path
) -> None:
    main(["quantize"])
    main(["quantize", "--out", str(tmp_path), "--seed", "3"])
    assert requests[0].out_dir == open_bundle("beat-3-eff-sm").path
    assert (requests[1].out_dir, requests[1].seed) == (tmp_path, 3)
