from pathlib import Path
from typing import Any

import pytest

from ectopy.cli import evaluate, main
from ectopy.metrics.evaluation import Evaluation
from ectopy.usecases.evaluate import EvaluateRequest
from ectopy.vocab import EvaluationSplit, ScoreSource
from ectopy.windows import NoiseHalf, NoiseName
from support.invented_evaluation import invented_evaluation


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[EvaluateRequest]:
    """Requests that reached the use case, which answers with invented scores."""
    requests: list[EvaluateRequest] = []

    def answer(request: EvaluateRequest, _: Any) -> Evaluation:
        requests.append(request)
        return invented_evaluation(
            noisy=request.noise is not None, on_device=isinstance(request.source, Path)
        )

    monkeypatch.setattr(evaluate, "evaluate_bundle", answer)
    return requests


def test_by_default_the_int8_model_is_scored_on_ds1_val(asked: list[EvaluateRequest]) -> None:
    main(["evaluate"])
    (request,) = asked
    assert (request.split, request.source, request.noise) == (None, ScoreSource.INT8, None)
    assert request.out_path == request.bundle.metrics_path


def test_options_reach_the_request(asked: list[EvaluateRequest], tmp_path: Path) -> None:
    arguments = "--split ds2 --precision float --noise bw+ma --snr-db 0 --noise-seed 3"
    main(["evaluate", *arguments.split(), "--without", "232,222", "--without", "100"])
    main(["evaluate", "--from", str(tmp_path), "--noise", "ma"])
    first, second = asked
    assert (first.split, first.source) == (EvaluationSplit.DS2, ScoreSource.FLOAT)
    assert first.without == (("222", "232"), ("100",))
    assert first.noise is not None and second.noise is not None
    assert first.noise.names == (NoiseName.BW, NoiseName.MA)
    assert (first.noise.snr_db, first.noise.seed, first.noise.half) == (0, 3, NoiseHalf.SECOND)
    assert second.source == tmp_path
    assert (second.noise.names, second.noise.snr_db) == ((NoiseName.MA,), 6)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--from", "flaot"], "'flaot' is neither float nor int8, nor the folder of a run"),
        (["--snr-db", "6"], "--snr-db and --noise-seed go with --noise"),
        (["--noise", "em"], "'em' is not one of 'bw', 'ma', 'bw+ma'"),
        (["--without", ","], "names no record"),
    ],
)
def test_wrong_options_are_refused(
    asked: list[EvaluateRequest],
    arguments: list[str],
    complaint: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", *arguments])
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err
    assert not asked


def test_the_screen_shows_scores_with_intervals_and_whom_to_name(
    asked: list[EvaluateRequest], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = tmp_path / "pictures"
    options = ["--noise", "ma", "--per-record", "--pictures", str(pictures)]
    main(["evaluate", *options])
    out, err = capsys.readouterr()
    shown = invented_evaluation(noisy=True)
    interval = shown.bootstrap.per_class["PAC"].f1
    assert interval is not None
    for text in (
        "ds2 int8, bw+ma at 6 dB, seed 0",
        f"{shown.accuracy.per_class['PAC'].f1:.4f}",
        f"{interval.low:.3f}-{interval.high:.3f}",
        f"{shown.specificity['PVC']:.4f}",
        "without record 232",
        "202 (patient 201)",
    ):
        assert text in out, text
    assert "threshold of 0.5, 90.0% of the beats would be answered" in err
    assert "2,000 draws of 2 patients" in err
    assert "Moody GB, Mark RG" in err and "Moody GB, Muldrow WE" in err
    assert {path.suffix for path in pictures.iterdir()} == {".png"}


def test_an_emulated_board_is_called_so(
    asked: list[EvaluateRequest], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["evaluate", "--from", str(tmp_path)])
    out, err = capsys.readouterr()
    assert "ds2 device virt (emulated)" in out
    assert "Muldrow" not in err
    assert "by record" not in out
