"""Files with gates on one run: what they may say."""

import tomllib

import pytest

from ectopy import metrics
from ectopy.errors import InputError
from ectopy.metrics import GateFile
from ectopy.vocab import TickUnit

SET = '[[gates]]\nabout = "all"\n'


def read(text: str) -> GateFile:
    return metrics.read_gate_file(tomllib.loads(text))


def test_a_set_holds_its_conditions_and_one_gate_for_each_limit() -> None:
    (found,) = read(
        f"""{SET}
        when = {{ board = "virt", limit = 1000 }}
        min.f1 = {{ N = 0.9, PVC = 0.8 }}
        min.ppv = 0.5
        max.invoke_median = {{ instructions = 7_000_000, cycles = 9_000_000 }}
        unset.arena_bytes = "not planned yet"
        unset.sensitivity.N = "no idea"
        """
    ).sets
    assert found.conditions == {"board": "virt", "limit": "1000"}
    assert [(g.metric.key, g.of, g.unit, g.limit, g.reason) for g in found.gates] == [
        ("invoke_median", "", TickUnit.INSTRUCTIONS, 7_000_000, ""),
        ("invoke_median", "", TickUnit.CYCLES, 9_000_000, ""),
        ("f1", "N", None, 0.9, ""),
        ("f1", "PVC", None, 0.8, ""),
        ("ppv", None, None, 0.5, ""),
        ("arena_bytes", "", None, None, "not planned yet"),
        ("sensitivity", "N", None, None, "no idea"),
    ]


@pytest.mark.parametrize(
    ("text", "complaint", "hint"),
    [
        ("", "there are no gates", "[[gates]]"),
        ("gates = []", "there are no gates", "[[gates]]"),
        ("gates = 3", "gates is not a list of sets", "[[gates]]"),
        ("gates = [3]", "gates is not a list of sets", "[[gates]]"),
        ("model = 3", "model is not the name", ""),
        ("modell = 'x'", "unknown key 'modell'", "did you mean model?"),
        ("[max_increase]\narena_bytes = 0", "[max_increase] compares two runs", "ectopy compare"),
        ("[[gates]]\nmax.arena_bytes = 1", "set 1: it does not say what it is about", "about"),
        (SET, "set 1 (all): there is no gate", "for example"),
        (f"{SET}maxx.arena_bytes = 1", "unknown key 'maxx'", "did you mean max?"),
        (f"{SET}max = 3", "max is not a table", ""),
        (f"{SET}when = 3", "when is not a table", ""),
        (f"{SET}unset = 3", "unset is not a table", ""),
        (f"{SET}when.bord = 'x'", "unknown condition 'bord'", "did you mean board?"),
        (f"{SET}when.board = 3", "when.board = '3' is not text", ""),
        (f"{SET}when.board = ''", "when.board = '' is not text", ""),
        (f"{SET}when.limit = true", "when.limit = 'True' is not text", ""),
        (f"{SET}when.sha256 = 'ab'", "fewer than 8 digits", ""),
        (f"{SET}max.arena_byte = 1", "unknown metric in max 'arena_byte'", "arena_bytes?"),
        (f"{SET}min.f1x = 1", "unknown metric in min 'f1x'", "did you mean f1?"),
        (f"{SET}unset.f1x = 'x'", "unknown metric 'f1x'", "did you mean f1?"),
        (f"{SET}max.f1 = 1", "f1 does not belong in max", "min.f1"),
        (f"{SET}min.arena_bytes = 1", "arena_bytes does not belong in min", "max.arena_bytes"),
        (f"{SET}max.arena_bytes = 'x'", "max.arena_bytes = x is not a number", ""),
        (f"{SET}max.arena_bytes = true", "max.arena_bytes = True is not a number", ""),
        (f"{SET}max.arena_bytes = nan", "max.arena_bytes = nan is not a number", ""),
        (f"{SET}max.arena_bytes = inf", "max.arena_bytes = inf is not a number", ""),
        (f"{SET}max.arena_bytes = -1", "max.arena_bytes = -1 is not a number", ""),
        (f"{SET}max.arena_bytes = 1{'0' * 400}", "is not a number", ""),
        (f"{SET}max.arena_bytes = []", "is not a number", ""),
        (f"{SET}max.arena_bytes = {{ N = 1 }}", "is not a number", ""),
        (f"{SET}min.f1 = 94", "min.f1 = 94 is out of reach", "write 0.94"),
        (f"{SET}min.f1.N = 94", "min.f1.N = 94 is out of reach", "write 0.94"),
        (f"{SET}min.f1 = {{}}", "min.f1 names no class", ""),
        (f"{SET}min.f1.N = {{ a = 1 }}", "min.f1.N = {'a': 1} is not a number", ""),
        (f"{SET}max.invoke_max = 7", "max.invoke_max does not say in which unit", "cycles"),
        (f"{SET}max.invoke_max = {{}}", "max.invoke_max does not say in which unit", "cycles"),
        (
            f"{SET}max.invoke_max.cycle = 7",
            "unknown unit of max.invoke_max 'cycle'",
            "did you mean cycles?",
        ),
        (f"{SET}max.invoke_max.cycles = nan", "max.invoke_max.cycles = nan is not", ""),
        (f"{SET}unset.arena_bytes = ''", "unset.arena_bytes does not say why", "reason"),
        (f"{SET}unset.arena_bytes.N = 'x'", "unset.arena_bytes does not say why", "reason"),
        (f"{SET}unset.f1 = {{}}", "unset.f1 names no class", ""),
        (f"{SET}unset.f1 = {{ N = 3 }}", "unset.f1 does not say why", "reason"),
    ],
)
def test_a_wrong_file_is_refused(text: str, complaint: str, hint: str) -> None:
    with pytest.raises(InputError) as error:
        read(text)
    assert complaint in error.value.message
    assert hint in error.value.hint
