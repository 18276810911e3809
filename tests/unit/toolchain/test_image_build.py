"""Compiler, make, budgets and build ids; failures are errors for people."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ectopy.errors import BudgetError, InputError, ToolError
from ectopy.toolchain import (
    BUDGETS,
    Compiler,
    MakeRequest,
    Runtime,
    check_budget,
    compute_build_id,
    exclusive,
    find_compiler,
    make_firmware,
    read_elf,
)
from ectopy.toolchain import build_id as build_id_module
from ectopy.toolchain import lock as lock_module
from ectopy.toolchain import make as make_module
from ectopy.toolchain import sources as sources_module
from ectopy.toolchain.sources import FIRMWARE_DIR
from ectopy.vocab import BoardName, EngineName

COMPILER = Compiler(program="cc", version="1.0")


@pytest.fixture
def firmware(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The real Makefile over sources small enough to compile in no time."""
    folder = tmp_path / "firmware"
    for name in ("app", "boards/host", "boards/virt", "engines/aot", "include"):
        (folder / name).mkdir(parents=True)
    shutil.copy(FIRMWARE_DIR / "Makefile", folder)
    shutil.copy(FIRMWARE_DIR / "boards" / "virt" / "link.ld", folder / "boards" / "virt")
    (folder / "app" / "main.c").write_text(
        "extern const char id[];\nconst char id[] = ECT_BUILD_ID;\n"
        "int main(int count, char **words) { return id[count] + **words; }\n"
    )
    (folder / "boards" / "virt" / "startup.c").write_text(
        "int main(void);\nvoid ect_reset_handler(void);\n"
        "void ect_reset_handler(void) { (void)main(); }\n"
    )
    for module in (make_module, build_id_module, sources_module):
        monkeypatch.setattr(module, "FIRMWARE_DIR", folder)
    return folder


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    folder = tmp_path / "generated"
    folder.mkdir()
    return folder


def request_for(generated: Path, board: BoardName = BoardName.HOST, **other: str) -> MakeRequest:
    return MakeRequest(
        board=board,
        engine=EngineName.AOT,
        generated=generated,
        out=generated.parent / other.get("out", "out"),
        build_id=other.get("build_id", "id1"),
    )


def test_a_build_reports_files_and_a_second_one_does_nothing(
    firmware: Path, generated: Path
) -> None:
    news: list[tuple[int, int, str]] = []
    request = request_for(generated)
    elf = make_firmware(request, lambda *event: news.append(event))
    assert news == [(1, 2, "compile app/main.c"), (2, 2, "link firmware.elf")]
    before = elf.stat().st_mtime_ns
    make_firmware(request, lambda *event: news.append(event))
    assert len(news) == 2 and elf.stat().st_mtime_ns == before
    (firmware / "app" / "main.c").write_text("int main(void) { return ECT_BUILD_ID[1]; }\n")
    make_firmware(request, lambda *event: news.append(event))
    assert len(news) == 4


def test_another_build_id_reaches_the_image_and_recompiles_nothing_else(
    firmware: Path, generated: Path
) -> None:
    (firmware / "app" / "other.c").write_text("int other;\n")
    make_firmware(request_for(generated))
    news: list[str] = []
    elf = make_firmware(
        request_for(generated, build_id="another"), lambda *event: news.append(event[2])
    )
    assert b"another" in elf.read_bytes()
    assert news == ["compile app/main.c", "link firmware.elf"]


def test_another_flag_header_or_linker_script_is_taken_up(firmware: Path, generated: Path) -> None:
    def built() -> list[str]:
        news: list[str] = []
        make_firmware(request_for(generated, BoardName.VIRT), lambda *event: news.append(event[2]))
        return news

    header, main = firmware / "include" / "facts.h", firmware / "app" / "main.c"
    header.write_text("/* facts */\n")
    main.write_text(f'#include "facts.h"\n{main.read_text()}')
    everything = built()
    assert len(everything) == 3
    header.write_text("/* other facts */\n")
    assert built() == ["compile app/main.c", "link firmware.elf"]
    makefile = firmware / "Makefile"
    makefile.write_text(makefile.read_text().replace("-O2", "-Os"))
    assert built() == everything
    with (firmware / "boards" / "virt" / "link.ld").open("a") as script:
        script.write("/* more */\n")
    assert built() == ["link firmware.elf"]


def test_a_new_generated_file_is_linked(firmware: Path, generated: Path) -> None:
    make_firmware(request_for(generated))
    (generated / "model.c").write_text("int main(void) { return 0; }\n")
    with pytest.raises(ToolError, match="multiple definition"):
        make_firmware(request_for(generated))


def test_a_compile_error_shows_its_line_and_no_traceback(firmware: Path, generated: Path) -> None:
    (generated / "model.c").write_text("int broken(void) { return missing; }\n")
    with pytest.raises(ToolError, match=r"model\.c:1:.*error: .*missing") as caught:
        make_firmware(request_for(generated))
    assert caught.value.exit_code == 1 and caught.value.hint


def test_a_full_disk_is_told_with_what_to_do(
    firmware: Path, generated: Path, bare_path: Path
) -> None:
    pretend(bare_path, "make", "echo 'x.s: write error: No space left on device'; exit 2")
    with pytest.raises(ToolError, match="No space left on device") as caught:
        make_firmware(request_for(generated))
    assert "make room" in caught.value.hint


def test_a_warning_is_an_error(firmware: Path, generated: Path) -> None:
    (generated / "model.c").write_text("char narrow(int x);\nchar narrow(int x) { return x; }\n")
    with pytest.raises(ToolError, match="conversion"):
        make_firmware(request_for(generated))


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    """A library of one function, and a header that would not pass our warnings."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    (folder / "runtime.h").write_text(
        "inline int runtime(int unused) { return 1; }\nint number();\n"
    )
    _add_function(folder, 7)
    return Runtime(
        version="made up 1",
        include_dirs=(folder,),
        defines=("WANTED=3",),
        library=folder / "runtime.a",
        library_sha256="",
    )


def _add_function(folder: Path, number: int) -> None:
    (folder / "runtime.cc").write_text(f"int number() {{ return {number}; }}\n")
    for command in (["g++", "-c", "runtime.cc"], ["ar", "rcs", "runtime.a", "runtime.o"]):
        subprocess.run(command, cwd=folder, check=True)


def test_cxx_is_compiled_and_linked_with_a_runtime_and_again_with_another(
    firmware: Path, generated: Path, runtime: Runtime
) -> None:
    (firmware / "app" / "main.c").write_text(
        "int answer(void);\nint main(void) { return answer(); }\n"
    )
    (generated / "model.cc").write_text(
        '#include <runtime.h>\nextern "C" int answer(void);\n'
        "int answer(void) { return number() * 10 + WANTED + runtime(0) - 1; }\n"
    )
    request = replace(request_for(generated), runtime=runtime)
    news: list[tuple[int, int, str]] = []
    elf = make_firmware(request, lambda *event: news.append(event))
    assert [event[2] for event in news] == [
        *("compile app/main.c", "compile model.cc", "link firmware.elf")
    ]
    assert news[-1][:2] == (3, 3)
    assert subprocess.run([elf], check=False).returncode == 73
    _add_function(runtime.library.parent, 9)
    news.clear()
    make_firmware(request, lambda *event: news.append(event))
    assert [event[2] for event in news] == ["link firmware.elf"]
    assert subprocess.run([elf], check=False).returncode == 93


@pytest.mark.parametrize(
    ("text", "words", "advice"),
    [
        (
            "struct Early { Early(); int x; };\nvolatile int from = 3;\n"
            "Early::Early() : x(from) {}\nEarly early;\n",
            "a static constructor would have to run before main",
            "",
        ),
        (
            '#include <stdlib.h>\nextern "C" void *volatile taken;\n'
            "void *volatile taken = nullptr;\n"
            'extern "C" void ect_use(void);\nvoid ect_use(void) { taken = malloc(3); }\n',
            "undefined reference to `end'",
            "something needs a heap",
        ),
    ],
    ids=["constructor", "heap"],
)
def test_an_image_that_needs_constructors_or_a_heap_does_not_link(
    text: str, words: str, advice: str, firmware: Path, generated: Path
) -> None:
    startup = firmware / "boards" / "virt" / "startup.c"
    if "ect_use" in text:
        startup.write_text(
            startup.read_text().replace(
                "(void)main()", "(void)main(); void ect_use(void); ect_use()"
            )
        )
    (generated / "model.cc").write_text(text)
    with pytest.raises(ToolError, match=words) as caught:
        make_firmware(request_for(generated, BoardName.VIRT))
    assert advice in caught.value.hint


@pytest.mark.parametrize(
    ("declaration", "memory"),
    [
        ("char big[2000000] = {0}; extern char big[]; int use(void) { return big[9]; }", "TCM"),
        ("extern const char big[2000000]; const char big[2000000] = {1};", "MRAM"),
    ],
)
def test_an_image_too_large_for_the_board_says_by_how_much(
    firmware: Path, generated: Path, declaration: str, memory: str
) -> None:
    (generated / "model.c").write_text(declaration + "\n")
    (firmware / "app" / "main.c").write_text(
        "extern const char big[]; int main(void);\nint main(void) { return big[9]; }\n"
    )
    with pytest.raises(BudgetError, match=rf"[\d,]+ bytes too large .*{memory}") as caught:
        make_firmware(request_for(generated, BoardName.VIRT))
    assert caught.value.exit_code == 2 and caught.value.hint


def test_an_image_too_large_is_understood_in_every_language(
    generated: Path, bare_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    english = r"region \`TCM' overflowed by 9 bytes"
    pretend(bare_path, "make", f'[ "$LC_ALL" = C ] && echo "{english}" || echo zu voll; exit 2')
    with pytest.raises(BudgetError, match="9 bytes too large"):
        make_firmware(request_for(generated, BoardName.VIRT))


def test_an_interrupted_build_leaves_no_make_behind(
    tmp_path: Path, generated: Path, bare_path: Path
) -> None:
    pretend(bare_path, "make", f"echo $$ >{tmp_path}/pid; echo compile x.c; exec /bin/sleep 60")

    def interrupt(done: int, total: int, text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_firmware(request_for(generated), interrupt)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_elf_facts_count_what_is_there(firmware: Path, generated: Path) -> None:
    small = read_elf(make_firmware(request_for(generated, BoardName.VIRT)))
    (generated / "model.c").write_text(
        "extern const char table[]; const char table[1000] = {1};\n"
        "extern char space[]; char space[3000];\n"
    )
    (firmware / "app" / "main.c").write_text(
        "extern const char table[]; extern char space[]; int main(void);\n"
        "int main(void) { return table[9] + space[9] + ECT_BUILD_ID[0]; }\n"
    )
    large = read_elf(make_firmware(request_for(generated, BoardName.VIRT)))
    assert 1000 <= large.flash_bytes - small.flash_bytes < 1100
    assert 3000 <= large.ram_bytes - small.ram_bytes < 3016
    assert small.ram_bytes >= 16 * 1024


def test_what_is_no_elf_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "firmware.elf"
    path.write_bytes(b"not an ELF file at all")
    with pytest.raises(ToolError, match="ELF"):
        read_elf(path)


def test_paths_that_make_cannot_handle_are_refused_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "two words"
    folder.mkdir()
    with pytest.raises(ToolError, match="two words") as caught:
        make_firmware(request_for(folder))
    assert "blanks" in caught.value.hint


@pytest.fixture
def bare_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    yield folder


def pretend(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("board", "program"), [(BoardName.HOST, "gcc"), (BoardName.VIRT, "arm-none-eabi-gcc")]
)
def test_a_missing_compiler_says_how_to_install_it(
    bare_path: Path, board: BoardName, program: str
) -> None:
    pretend(bare_path, "make", "exit 0")
    with pytest.raises(ToolError, match=f"^{program} is not installed") as caught:
        find_compiler(board)
    assert "apt install" in caught.value.hint and caught.value.exit_code == 1


def test_a_missing_make_is_told_apart(bare_path: Path) -> None:
    with pytest.raises(ToolError, match=r"^make is not installed"):
        find_compiler(BoardName.HOST)


def test_a_compiler_that_fails_is_an_error(bare_path: Path) -> None:
    pretend(bare_path, "make", "exit 0")
    pretend(bare_path, "gcc", "exit 3")
    with pytest.raises(ToolError, match="does not run"):
        find_compiler(BoardName.HOST)


def test_the_compiler_tells_its_version() -> None:
    compiler = find_compiler(BoardName.HOST)
    wanted = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True, check=True)
    assert str(compiler) == f"gcc {wanted.stdout.strip()}"


@pytest.mark.parametrize(("arena", "constants"), [(393_217, 0), (0, 1_998_849)])
def test_what_cannot_fit_is_refused_before_compiling(arena: int, constants: int) -> None:
    with pytest.raises(BudgetError, match=r"board virt has [\d,]+, 1 too few") as caught:
        check_budget(BoardName.VIRT, arena_bytes=arena, constant_bytes=constants)
    assert caught.value.hint
    check_budget(BoardName.HOST, arena_bytes=arena, constant_bytes=constants)


def test_the_budget_is_that_of_the_linker_script() -> None:
    script = (FIRMWARE_DIR / "boards" / "virt" / "link.ld").read_text()
    budget = BUDGETS[BoardName.VIRT]
    assert f"LENGTH = {budget.flash_bytes}" in script
    assert f"LENGTH = {budget.ram_bytes}" in script


def test_build_ids_change_with_everything_that_goes_in_and_with_nothing_else(
    firmware: Path,
) -> None:
    def current(
        board: BoardName = BoardName.HOST, compiler: Compiler = COMPILER, text: str = "int x;"
    ) -> str:
        return compute_build_id(board, EngineName.AOT, compiler, {"model.c": text})

    first = current()
    assert len(first) == 16 and int(first, 16) >= 0
    (firmware / "notes.md").write_text("not compiled")
    os.utime(firmware / "app" / "main.c", (1, 1))
    (firmware / "boards" / "virt" / "uart.c").write_text("int another_board;\n")
    assert current() == first
    others = {
        current(board=BoardName.VIRT),
        current(compiler=Compiler(program="cc", version="2.0")),
        current(text="int y;"),
    }
    (firmware / "app" / "new.c").write_text("int z;\n")
    others.add(current())
    (firmware / "include" / "new.h").write_text("/* facts */\n")
    others.add(current())
    with (firmware / "Makefile").open("a") as makefile:
        makefile.write("# another flag\n")
    others.add(current())
    before = current(board=BoardName.VIRT)
    with (firmware / "boards" / "virt" / "link.ld").open("a") as script:
        script.write("/* more */\n")
    others |= {before, current(board=BoardName.VIRT)}
    assert len(others | {first}) == 9


def test_two_builds_in_one_folder_wait_for_each_other(tmp_path: Path) -> None:
    order: list[str] = []
    inside = threading.Event()

    def second() -> None:
        inside.wait(10)
        with exclusive(tmp_path / "out"):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with exclusive(tmp_path / "out"):
        inside.set()
        time.sleep(0.2)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_a_build_that_never_ends_does_not_hold_others_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_module, "_PATIENCE_S", 0.2)
    with (
        exclusive(tmp_path),
        pytest.raises(ToolError, match="another process has been building") as caught,
        exclusive(tmp_path),
    ):
        raise AssertionError
    assert caught.value.hint


def test_a_folder_that_cannot_be_made_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot build in"), exclusive(tmp_path / "file" / "out"):
        raise AssertionError
