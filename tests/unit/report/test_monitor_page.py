"""The page about a replay, read back."""

import base64
import hashlib
import json
import re

import numpy as np
import pytest

from ectopy.report.monitor.page import page
from support.invented_replay import invented_device, invented_replay, invented_tape

EVIL = '</script><img src=x onerror=alert(1)>"&'


def data_of(text: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    assert found is not None
    return json.loads(found[1])


def test_the_page_holds_ecg_and_beats() -> None:
    replay = invented_replay(invented_tape(start_s=4.0))
    data = data_of(page(replay))
    steps = np.frombuffer(base64.b64decode(str(data["samples"])), dtype="<i2")
    np.testing.assert_allclose(
        steps * data["step_mv"], replay.tape.millivolts[400:], atol=0.0026, rtol=0
    )
    assert data["start_s"] == 4.0
    beats = data["beats"]
    assert isinstance(beats, list)
    assert beats[0] == [4.5, None, 0, 0, "N", [0.9, 0.06, 0.04]]
    assert beats[2][4] is None, "the extra detection has no annotation"
    assert data["missed"] == [[5.5, "N"]]


def test_it_says_what_it_must() -> None:
    text = page(invented_replay(invented_tape(synthetic=True, citation="Whom to name.")))
    for words in ("NOT A MEDICAL DEVICE", "SYNTHETIC", "EMULATED", "Whom to name.", "30.8 %"):
        assert words in text, words


def test_only_our_script_may_run_and_nothing_is_loaded() -> None:
    text = page(invented_replay())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    script = re.findall(r"<script>(.*?)</script>", text, re.S)
    assert len(script) == 1
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    assert policy[1] == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    )
    assert not re.search(r"https?://|src=|url\(", text)


@pytest.mark.parametrize("place", ["record", "reason", "model", "classes"])
def test_text_of_files_and_devices_is_escaped(place: str) -> None:
    if place in ("record", "reason"):
        replay = invented_replay(invented_tape(**{place: EVIL}))
    elif place == "model":
        replay = invented_replay(device=invented_device(model=EVIL))
    else:
        replay = invented_replay(device=invented_device(classes=("N", EVIL, "PVC")))
    text = page(replay)
    assert "<img" not in text
    assert "&lt;img" in text
    assert text.count("</script>") == 2
    if place == "classes":
        assert data_of(text)["classes"] == ["N", EVIL, "PVC"]


def test_a_replay_without_beats_is_a_page_too() -> None:
    tape = invented_tape(peaks=np.zeros(0, dtype=np.int64), annotations=(), missed=())
    text = page(invented_replay(tape))
    assert data_of(text)["beats"] == []
    assert "n/a" in text


def test_the_same_replay_gives_the_same_page() -> None:
    assert page(invented_replay()) == page(invented_replay())
