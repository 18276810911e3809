import json
from dataclasses import replace
from importlib.resources import files

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ectopy.errors import InputError
from ectopy.records import RunRecord, from_json, json_schema, to_json
from ectopy.vocab import Optimize
from support.invented_record import invented_record, partial_record

PUBLISHED = files("ectopy").joinpath("records.schema.json")


@pytest.mark.parametrize("record", [invented_record(), partial_record()], ids=["whole", "partial"])
def test_a_record_survives_json(record: RunRecord) -> None:
    assert from_json(to_json(record)) == record


@pytest.mark.parametrize("record", [invented_record(), partial_record()], ids=["whole", "partial"])
def test_a_record_satisfies_the_published_schema(record: RunRecord) -> None:
    schema = json.loads(PUBLISHED.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(to_json(record)), schema)


def test_the_published_schema_is_that_of_the_classes() -> None:
    wanted = json.dumps(json_schema(), indent=2) + "\n"
    assert PUBLISHED.read_text() == wanted, (
        "records.py changed: write json.dumps(ectopy.records.json_schema(), indent=2) and a "
        "newline to records.schema.json; a changed meaning needs a new SCHEMA_VERSION"
    )


def test_top_level_keys_are_those_of_the_contract() -> None:
    assert list(json.loads(to_json(invented_record()))) == [
        "schema_version",
        "partial",
        *("board", "firmware", "engine", "model", "dataset", "accuracy", "agreement"),
        *("latency", "memory", "energy", "link", "provenance", "notes"),
    ]


def changed(path: str, value: object) -> str:
    tree = json.loads(to_json(invented_record()))
    *parents, last = path.split(".")
    place = tree
    for key in parents:
        place = place[key]
    place[last] = value
    return json.dumps(tree)


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("schema_version", 2, "schema version 2"),
        ("schema_version", "1", "no schema_version"),
        ("link.color", "red", "unknown key link.color"),
        ("partial", 0, "partial should be of type boolean"),
        ("link.windows_lost", 0.5, "link.windows_lost should be of type integer"),
        ("link.windows_lost", True, "link.windows_lost should be of type integer"),
        ("link.retries", 10**400, "link.retries should be of type integer, not 1000"),
        ("link.bytes_per_s", 1e300, "link.bytes_per_s should be of type number"),
        ("accuracy.accuracy", "good", "accuracy.accuracy should be of type number"),
        ("board.tick_unit", "bananas", "board.tick_unit should be one of instructions"),
        ("model.classes", "N", "model.classes should be a list"),
        ("notes", [], "notes should be an object"),
        ("latency", None, "latency should be an object"),
        ("memory.arena_bytes", None, "null without a note: memory.arena_bytes"),
        ("accuracy.confusion", [[1, 2], [3, 4]], "not 3 x 3"),
        ("accuracy.per_class", {}, "per_class"),
    ],
)
def test_a_damaged_record_is_refused_with_the_place(
    path: str, value: object, complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint.replace(".", r"\.")):
        from_json(changed(path, value))


@pytest.mark.parametrize("section", sorted(set(json_schema()["required"])))  # type: ignore[call-overload]
def test_a_missing_section_is_refused(section: str) -> None:
    tree = json.loads(to_json(invented_record()))
    del tree[section]
    with pytest.raises(InputError, match=section):
        from_json(json.dumps(tree))


def test_a_record_from_before_there_was_a_place_for_energy_is_read() -> None:
    tree = json.loads(to_json(invented_record()))
    del tree["energy"], tree["notes"]["energy"]
    jsonschema.validate(tree, json_schema())
    record = from_json(json.dumps(tree))
    assert record.energy.measured_uj_per_inference is None
    assert "energy" in record.notes


def test_a_record_from_before_cycles_were_counted_is_read() -> None:
    tree = json.loads(to_json(invented_record()))
    del tree["board"]["cpu_hz"], tree["latency"]["cycles_median"]
    del tree["notes"]["board.cpu_hz"], tree["notes"]["latency.cycles_median"]
    jsonschema.validate(tree, json.loads(PUBLISHED.read_text()))
    record = from_json(json.dumps(tree))
    assert record.board.cpu_hz is None and record.latency.cycles_median is None
    assert "not asked" in record.notes["latency.cycles_median"]


def test_a_record_from_before_there_was_a_choice_of_plans_is_of_the_one_for_speed() -> None:
    tree = json.loads(to_json(invented_record()))
    del tree["engine"]["optimized_for"]
    jsonschema.validate(tree, json.loads(PUBLISHED.read_text()))
    record = from_json(json.dumps(tree))
    assert record.engine.optimized_for is None
    assert record.engine.goal is Optimize.SPEED
    assert "not asked" in record.notes["engine.optimized_for"]


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_anything_else_is_refused_with_an_input_error(text: str) -> None:
    with pytest.raises(InputError):
        from_json(text)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"schema_version": NaN}', "", "{"])
def test_hostile_json_is_refused_with_an_input_error(text: str) -> None:
    with pytest.raises(InputError):
        from_json(text)


def test_a_note_explains_every_null_below_it() -> None:
    record = invented_record()
    unknown = replace(record.memory, arena_bytes=None, stack_high_water_bytes=None)
    with pytest.raises(ValueError, match=r"memory\.arena_bytes"):
        replace(record, memory=unknown)
    explained = replace(record, memory=unknown, notes={**record.notes, "memory": "no STATS"})
    assert explained.memory.arena_bytes is None


def test_a_note_on_a_similar_name_explains_nothing() -> None:
    record = invented_record()
    unknown = replace(record.memory, arena_bytes=None)
    with pytest.raises(ValueError, match="null without a note"):
        replace(record, memory=unknown, notes={**record.notes, "memory.arena": "?"})


def test_a_null_is_explained_by_its_own_note_or_the_nearest_parents() -> None:
    record = invented_record()
    assert record.note_about("latency.estimated_ms") == "no cycle model yet"
    assert record.note_about("energy.instrument") == "no instrument was connected"
    assert record.note_about("link.retries") == ""
