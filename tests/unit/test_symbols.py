"""Names of C++ functions as people read them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from ectopy.symbols import readable

NAMES = {
    "arm_convolve_s8": "arm_convolve_s8",
    "_ZN6tflite8EvalMeanEP13TfLiteContextP10TfLiteNode": "tflite::EvalMean",
    "_ZNK6tflite14MicroAllocator10used_bytesEv": "tflite::MicroAllocator::used_bytes",
    "_ZN6tflite19ScopedMicroProfilerD2Ev": "tflite::ScopedMicroProfiler::~ScopedMicroProfiler",
    "_ZN6tflite16MicroInterpreterC1EPKNS_5ModelE": ("tflite::MicroInterpreter::MicroInterpreter"),
    "_ZN6tflite12_GLOBAL__N_18EvalInt8EP13TfLiteContext": "tflite::(anonymous)::EvalInt8",
    "_Z11MicroPrintfPKcz": "MicroPrintf",
    "_ZL3runPFbPvtPK12ect_tensor_tES_": "run",
    "_ZN6tfliteL19PopulateCmsisParamsEPK16TfLiteEvalTensorS2_.isra.0": (
        "tflite::PopulateCmsisParams.isra.0"
    ),
    "_ZN11flatbuffers5Table10GetPointerIPKNS_6VectorIlmEEmEET_t": "flatbuffers::Table::GetPointer",
    "_ZN6tflite22MicroMutableOpResolverILj8EED0Ev": (
        "tflite::MicroMutableOpResolver::~MicroMutableOpResolver"
    ),
    "_ZN6tflite12_GLOBAL__N_14EvalIalL10TfLiteType9EEE12TfLiteStatusP13TfLiteContext": (
        "tflite::(anonymous)::Eval"
    ),
}


@pytest.mark.parametrize("symbol", NAMES)
def test_scopes_and_name_are_kept_and_types_left_out(symbol: str) -> None:
    assert readable(symbol) == NAMES[symbol]


@pytest.mark.parametrize(
    "symbol",
    [
        "",
        "_Z",
        "_ZN",
        "_ZN6tflite",
        "_ZTVN6tflite14MicroAllocatorE",
        "_ZNSt6vectorclEv",
        "_ZN3foopl",
    ],
)
def test_what_is_not_known_stays_as_it_is(symbol: str) -> None:
    assert readable(symbol) == symbol


def test_a_compiler_agrees(tmp_path: Path) -> None:
    if shutil.which("g++") is None or shutil.which("c++filt") is None:
        pytest.skip("no g++")
    source = tmp_path / "names.cc"
    source.write_text(
        "namespace a { template <typename T, int n> struct Box { T go(T x); };\n"
        "template <typename T, int n> T Box<T, n>::go(T x) { return x + n; }\n"
        "template struct Box<int, 12>; template struct Box<Box<char, -3> *, 7>;\n"
        "namespace { struct Hidden { __attribute__((noinline)) int f() { return 1; } }; }\n"
        "int use() { return Hidden().f(); } }\n"
    )
    subprocess.run(["g++", "-O0", "-c", "names.cc"], cwd=tmp_path, check=True)
    symbols = subprocess.run(
        ["nm", "names.o"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout.split()[2::3]
    assert {readable(symbol) for symbol in symbols} == {
        "a::Box::go",
        "a::(anonymous)::Hidden::f",
        "a::use",
    }
