from typing import Any

import pytest

from ectopy.graph.kind import TfliteKind
from ectopy.zoo import remarks
from ectopy.zoo.remarks import (
    MAX_REMARKS,
    expected_kind,
    mode_without_format,
    softmax_is_appended,
    unknown_keys,
)
from support.zoo_bundles import heartkit_configuration


def quantization(**keys: Any) -> dict[str, Any]:
    return {"quantization": keys}


@pytest.mark.parametrize("name", ["beat-2-eff-sm", "beat-3-eff-sm"])
def test_heartkits_own_configurations_have_no_unknown_key_but_the_known_one(name: str) -> None:
    document = heartkit_configuration(name)
    assert unknown_keys(document) == []
    assert "asks for FP32, but heartKIT reads quantization.format" in mode_without_format(document)
    assert expected_kind(document) is TfliteKind.INT8_FLOAT_IO
    assert softmax_is_appended(document, ends_in_logits=True)


def test_unknown_keys_are_named_with_the_nearest_known_one() -> None:
    document = {"treshold": 0.5, "zzzz": 1} | quantization(formt="INT8")
    assert unknown_keys(document) == [
        "treshold is read by nobody; threshold is meant?",
        "zzzz is read by nobody",
        "quantization.formt is read by nobody; quantization.format is meant?",
    ]


def test_a_thousand_unknown_keys_are_not_a_thousand_lines() -> None:
    assert len(unknown_keys({f"\x1b[31m{i}" * 100: 1 for i in range(1000)})) == MAX_REMARKS
    assert "\x1b" not in "".join(unknown_keys({"\x1b[31m": 1}))


def test_keys_beyond_what_is_shown_cost_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of 1 MB has room for a hundred thousand of them."""
    compared: list[str] = []
    real = remarks.difflib.get_close_matches

    def counted(key: str, *arguments: Any, **options: Any) -> list[str]:
        compared.append(key)
        return real(key, *arguments, **options)

    monkeypatch.setattr(remarks.difflib, "get_close_matches", counted)
    unknown_keys({f"sampling_{i}": 1 for i in range(1000)})
    assert len(compared) == MAX_REMARKS


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        ({}, TfliteKind.FULL_INT8),
        ({"mode": "FP32", "io_type": "float32"}, TfliteKind.INT8_FLOAT_IO),
        ({"format": "FP32"}, TfliteKind.FLOAT),
        ({"format": "FP16", "io_type": "float32"}, TfliteKind.FLOAT16),
        ({"format": "INT8", "io_type": "int8"}, TfliteKind.FULL_INT8),
        ({"format": "INT16X8"}, None),
        ({"format": ["INT8"]}, None),
    ],
)
def test_the_kind_that_the_export_makes_follows_format_and_not_mode(
    keys: dict[str, Any], kind: TfliteKind | None
) -> None:
    assert expected_kind(quantization(**keys)) is kind


@pytest.mark.parametrize("keys", [{"mode": "FP32", "format": "FP32"}, {"mode": "INT8"}, {}])
def test_nothing_is_said_where_mode_does_no_harm(keys: dict[str, Any]) -> None:
    assert mode_without_format(quantization(**keys)) == ""


@pytest.mark.parametrize("section", [None, 3, [], "INT8"])
def test_a_section_that_is_none_is_no_error(section: Any) -> None:
    document = {"quantization": section}
    assert unknown_keys(document) == []
    assert mode_without_format(document) == ""
    assert expected_kind(document) is TfliteKind.FULL_INT8


def test_a_softmax_is_appended_only_to_logits_and_only_if_asked_for() -> None:
    assert not softmax_is_appended({"use_logits": True}, ends_in_logits=True)
    assert not softmax_is_appended({}, ends_in_logits=True)
    assert not softmax_is_appended({"use_logits": False}, ends_in_logits=False)
