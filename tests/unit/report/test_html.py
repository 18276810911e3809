"""The page, read back: what it says, what it must not contain."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from ectopy.aot import compile_graph
from ectopy.graph.reader import read_tflite
from ectopy.records import RunRecord
from ectopy.report import (
    CompiledModel,
    Example,
    ImageMemory,
    MemoryPiece,
    Outputs,
    Part,
    RunMaterial,
    html,
)
from support.invented_record import invented_record, partial_record
from support.tflite_builder import ModelBuilder, Quant

VOID = {"meta", "rect", "line", "polyline", "circle"}


class Reader(HTMLParser):
    """Text, tags and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = ""
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", self.text)


def outputs(invoke: list[int], preprocess: list[int] | None = None) -> Outputs:
    n = len(invoke)
    return Outputs(
        windows=np.arange(n),
        records=np.array(["100"] * n),
        beat_samples=np.arange(n),
        true_classes=np.zeros(n, np.int64),
        ticks_preprocess=np.array(preprocess or [0] * n),
        ticks_invoke=np.array(invoke),
        device=np.zeros((n, 3), np.int8),
    )


def compiled() -> CompiledModel:
    builder = ModelBuilder(seed=7)
    x = builder.reshape(builder.input((1, 512, 1), Quant(0.05, -3)), (1, 1, 512, 1))
    x = builder.conv_2d(x, channels=4, kernel=(1, 7), stride=(1, 8), output=Quant(0.05, 0))
    x = builder.mean(x, axes=(1, 2), output=Quant(0.002, 0), keep_dims=False)
    graph = read_tflite(
        builder.finish(builder.fully_connected(x, units=3, output=Quant(0.01, 0))), "small"
    )
    return CompiledModel(graph=graph, plan=compile_graph(graph))


def example() -> Example:
    return Example(
        record="208",
        beat_sample=1234,
        true_class=2,
        said=0,
        probabilities=(0.75, 0.05, 0.2),
        millivolts=np.sin(np.arange(512) / 9).astype(np.float32),
    )


def read(*materials: RunMaterial) -> Reader:
    reader = Reader(html(materials, [f"run {i}" for i in range(len(materials))]))
    assert not reader.open
    return reader


def of(record: RunRecord | None = None, **parts: object) -> Reader:
    return read(RunMaterial(record=record or invented_record(), **parts))  # type: ignore[arg-type]


def test_all_figures_of_the_record_are_on_the_page() -> None:
    words = of().words
    for figure in (
        *("95.83", "98.04", "96.92", "887"),
        *("macro F1 76.62", "0 mismatches in 1,000 windows"),
        *("850 95.8 %", "73 91.2 %"),  # confusion cells with their share of the row
        *("median 7,204,311", "arena 12,800", "stack 1,432", "flash 96,412"),
        *("lost 0", "repeated 1", "CRC errors 1"),
        *("0123456789ab-dirty", "ectopy bench --board virt", "N=NLRej PAC=AaJS PVC=VE"),
        "no cycle model yet",
    ):
        assert figure in words, figure


def test_an_emulated_synthetic_partial_run_says_so_in_its_title() -> None:
    record = replace(partial_record(), dataset=invented_record(synthetic=True).dataset)
    reader = of(record)
    badges = [a["class"] for tag, a in reader.tags if tag == "span" and "badge" in str(a)]
    assert len(badges) == 3
    assert "PARTIAL SYNTHETIC EMULATED" in reader.words


def test_silicon_and_real_hearts_get_no_label() -> None:
    record = invented_record()
    words = of(replace(record, board=replace(record.board, emulated=False))).words
    assert "EMULATED" not in words
    assert "SYNTHETIC" not in words


def test_the_page_needs_no_network_and_runs_no_script() -> None:
    text = html([RunMaterial(record=invented_record(), model=compiled())], ["run"])
    reader = Reader(text)
    assert {tag for tag, _ in reader.tags}.isdisjoint({"script", "link", "iframe", "object", "img"})
    assert not re.search(r"(src|href)=(?!\"#)|url\(|@import|https?:", text)
    policy = next(a["content"] for tag, a in reader.tags if a.get("http-equiv"))
    assert str(policy).startswith("default-src 'none'")


def test_hostile_text_in_a_record_stays_text() -> None:
    attack = '"><script>alert(1)</script>'
    record = invented_record()
    record = replace(
        record,
        model=replace(record.model, name=attack),
        provenance=replace(record.provenance, command=attack),
        notes={**record.notes, attack: attack},
    )
    text = html([RunMaterial(record=record), RunMaterial(record=record)], [attack, attack])
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_equal_ticks_are_said_and_not_drawn() -> None:
    reader = of(outputs=outputs([7000] * 5))
    assert "the same for all 5 windows: 7,000 instructions" in reader.words
    assert not any(tag == "svg" for tag, _ in reader.tags)
    assert "Preprocess" not in reader.words


def test_few_different_ticks_are_listed() -> None:
    reader = of(outputs=outputs([7000] * 4 + [7002], [20, 21, 21, 21, 21]))
    assert "7,000 to 7,002 instructions, 2 different values in 5 windows" in reader.words
    assert "7,000 4 7,002 1" in reader.words
    assert "Preprocess" in reader.words
    assert not any(tag == "svg" for tag, _ in reader.tags)


def test_many_different_ticks_become_a_histogram_of_all_windows() -> None:
    ticks = [1000 + i for i in range(200)] + [10**9]
    reader = of(outputs=outputs(ticks))
    titles = re.findall(r": ([\d,]+) windows", reader.words)
    assert sum(int(each) for each in titles) == len(ticks)
    assert "1,000,000,000" in reader.words


def test_the_arena_picture_shows_every_buffer_with_its_tensors() -> None:
    model = compiled()
    reader = of(model=model)
    boxes = [a for tag, a in reader.tags if tag == "rect"]
    assert len(boxes) == len(model.plan.placements)
    assert f"{len(boxes)} buffers in {model.plan.arena_bytes:,} bytes" in reader.words
    assert "1 CONV_2D: 1x1x64x4" in reader.words


def test_the_image_is_shown_by_section_with_the_capacity_of_the_board() -> None:
    image = ImageMemory(
        sections=(
            MemoryPiece(memory="flash", name=".text functions", nbytes=3000),
            MemoryPiece(memory="flash", name=".text constants", nbytes=1000),
        ),
        symbols=(MemoryPiece(memory="flash", name="op1_weights", nbytes=800),),
        capacities_bytes={"flash": 40_000},
    )
    reader = of(image=image)
    assert "flash: 4,000 bytes, 10.0 % of 40,000" in reader.words
    assert "op1_weights 800" in reader.words
    assert any(a.get("style") == "width:75.0%" for _, a in reader.tags)


def test_many_small_sections_are_taken_together_and_nothing_is_lost() -> None:
    sections = tuple(MemoryPiece(memory="flash", name=f"s{i}", nbytes=1 + i % 7) for i in range(30))
    reader = of(image=ImageMemory(sections=sections, symbols=(), capacities_bytes={}))
    total = sum(piece.nbytes for piece in sections)
    assert f"flash: {total} bytes" in reader.words
    assert "19 others" in reader.words
    widths = [float(str(a["style"])[6:-1]) for tag, a in reader.tags if tag == "u"]
    assert len(widths) == 12
    assert abs(sum(widths) - 100) < 1


def test_constants_in_flash_are_summed_by_operator() -> None:
    image = ImageMemory(
        sections=(),
        symbols=tuple(
            MemoryPiece(memory=memory, name=name, nbytes=nbytes)
            for memory, name, nbytes in (
                ("flash", "op1_weights", 800),
                ("flash", "op1_bias", 16),
                ("flash", "op3_weights", 96),
                ("flash", "opening", 5000),
                ("RAM", "op2_state", 7),
            )
        ),
        capacities_bytes={},
    )
    text = html([RunMaterial(record=invented_record(), model=compiled(), image=image)], ["run"])
    for title in ("1 CONV_2D\n816 bytes", "2 MEAN\n0 bytes", "3 FULLY_CONNECTED\n96 bytes"):
        assert f"{title} of constants" in text
    assert "Constants in flash by operator" not in of(model=compiled()).words


def test_a_wrong_window_is_drawn_with_its_probabilities() -> None:
    reader = of(examples=(example(),))
    assert "PVC, said N record 208, beat at sample 1,234" in reader.words
    assert "N 75.0 % PAC 5.0 % PVC 20.0 %" in reader.words
    (points,) = [str(a["points"]).split() for tag, a in reader.tags if tag == "polyline"]
    assert len(points) == 512


@pytest.mark.parametrize("part", list(Part))
def test_what_is_missing_is_explained(part: Part) -> None:
    assert "Not shown: the dog ate it." in of(missing={part: "the dog ate it"}).words


def test_several_runs_stand_side_by_side_and_units_are_not_mixed() -> None:
    first = invented_record()
    second = replace(
        first,
        board=replace(first.board, name="host", emulated=False),
        latency=replace(first.latency, unit="nanoseconds", invoke_median=99),
        model=replace(first.model, tflite_sha256="00" * 32),
    )
    words = read(RunMaterial(record=first), RunMaterial(record=second)).words
    assert "2 runs side by side" in words
    assert "inference, instructions (median) 7,204,311 n/a" in words
    assert "inference, nanoseconds (median) n/a 99" in words
    assert "of different models and boards" in words
    assert "some ran on an emulator" in words


def test_the_same_runs_give_the_same_bytes() -> None:
    material = RunMaterial(record=invented_record(), model=compiled(), examples=(example(),))
    assert html([material], ["x"]) == html([material], ["x"])
