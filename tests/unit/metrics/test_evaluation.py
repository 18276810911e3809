import json
from dataclasses import replace
from importlib.resources import files

import jsonschema
import pytest

from ectopy.errors import InputError
from ectopy.metrics.evaluation import MetricsFile, from_json, json_schema, to_json
from support.invented_evaluation import invented_evaluation

PUBLISHED = files("ectopy.metrics").joinpath("metrics.schema.json")
FILE = MetricsFile(
    model="beat-3-eff-sm",
    data="made up",
    evaluations=(
        invented_evaluation(),
        invented_evaluation(noisy=True),
        invented_evaluation(on_device=True),
    ),
)


def test_the_file_survives_json() -> None:
    assert from_json(json.loads(to_json(FILE))) == FILE


def test_the_file_satisfies_the_published_schema() -> None:
    schema = json.loads(PUBLISHED.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(to_json(FILE)), schema)


def test_the_published_schema_is_that_of_the_classes() -> None:
    wanted = json.dumps(json_schema(), indent=2) + "\n"
    assert PUBLISHED.read_text() == wanted, (
        "evaluation.py changed: write json.dumps(ectopy.metrics.evaluation.json_schema(), "
        "indent=2) and a newline to metrics.schema.json; a changed meaning needs a new "
        "SCHEMA_VERSION"
    )


def test_few_numbers_are_on_one_line_and_lines_are_short() -> None:
    text = to_json(FILE)
    assert "[850, 30, 7]" in text
    assert all(len(line) <= 150 for line in text.splitlines())
    odd = replace(FILE, data="a [\n  1,\n  2\n] in text", model='{\n "x": 1\n}')
    assert from_json(json.loads(to_json(odd))) == odd


def test_titles_tell_entries_apart() -> None:
    titles = [entry.title for entry in FILE.evaluations]
    assert titles == [
        "ds2 int8",
        "ds2 int8, bw+ma at 6 dB, seed 0",
        "ds2 device virt (emulated)",
    ]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"schema_version": 1}, "schema version 1"),
        ({"schema_version": "2"}, "schema version '2'"),
        ({"colour": "red"}, "unknown key colour"),
        ({"evaluations": [{}]}, r"missing key evaluations\[0\]"),
    ],
)
def test_other_files_are_refused(change: dict[str, object], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        from_json(json.loads(to_json(FILE)) | change)


@pytest.mark.parametrize("document", [None, [], 3, "text"])
def test_what_is_no_object_is_refused(document: object) -> None:
    with pytest.raises(InputError, match="schema version None"):
        from_json(document)
