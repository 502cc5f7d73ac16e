"""Programs on disk: includes, and files that cannot be read as texts."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tests.syntax.asking import RUNS, WORLD
from verify.diagnostics import Diagnostic, InputError
from verify.syntax.load import Loader, root_of
from verify.syntax.resolve import read

MODELS = Path(__file__).parents[2] / "programs" / "model"


def mistakes(path: Path, *folders: Path) -> tuple[Diagnostic, ...]:
    """What is wrong with a file, and what it includes."""
    with pytest.raises(InputError) as caught:
        read(path, Loader(folders))
    return caught.value.diagnostics


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


UNREADABLE = {
    "a binary file": (b"\x7fELF\x02\x01\x01\0\0", "BFP001", "binary"),
    "NUL in the third line": (b"bool a;\n\nbool \0;", "BFP001", "line 3"),
    "Latin-1": (b"// caf\xe9\n", "BFP001", "UTF-8"),
    "a lone surrogate": (b"bool a;\n// \xed\xa0\x80\n", "BFP001", "line 2"),
    "too many bytes": (b" " * 4_000_001, "BFP004", "1000000 characters"),
    "nothing": (b"", "BFP108", "declares nothing"),
}


@pytest.mark.parametrize(("data", "code", "named"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_no_text_is_refused(tmp_path: Path, data: bytes, code: str, named: str) -> None:
    """A traceback instead of a word about the file."""
    (found,) = mistakes(write(tmp_path / "a.bfp", data))

    assert code == found.code
    assert named in found.headline
    assert "a.bfp" in found.headline


def test_a_file_that_is_not_there_or_a_folder_is_refused(tmp_path: Path) -> None:
    """A traceback instead of a word about the file."""
    (missing,) = mistakes(tmp_path / "none.bfp")
    (folder,) = mistakes(tmp_path)
    (long_name,) = mistakes(tmp_path / ("n" * 5000))

    assert ["BFP001"] * 3 == [missing.code, folder.code, long_name.code]
    assert "No such file" in missing.headline
    assert "directory" in folder.headline
    assert "too long" in long_name.headline


def test_a_file_that_may_not_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A traceback instead of a word about the file."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = write(tmp_path / "a.bfp", WORLD)
    monkeypatch.setattr("builtins.open", refuse)
    (found,) = mistakes(path)

    assert "BFP001" == found.code
    assert "Permission denied" in found.headline


def test_a_byte_order_mark_and_carriage_returns_do_no_harm(tmp_path: Path) -> None:
    """A text saved on another system would be refused in its first character."""
    text = (WORLD + RUNS).replace("\n", "\r\n")

    assert "runner" in read(write(tmp_path / "a.bfp", b"\xef\xbb\xbf" + text.encode())).threads


def test_a_pipe_is_read_like_a_file() -> None:
    """A program could not be piped in: /dev/stdin has no folder and no size."""
    reader, writer = os.pipe()

    def feed() -> None:
        os.write(writer, (WORLD + RUNS).encode())
        os.close(writer)

    feeding = threading.Thread(target=feed)
    feeding.start()
    found = read(Path(f"/dev/fd/{reader}"))
    feeding.join()
    os.close(reader)

    assert "runner" in found.threads


def test_includes_are_read_once_and_named_beside_their_includer(tmp_path: Path) -> None:
    """A model that two files include would be declared twice."""
    write(tmp_path / "m/world.bfh", WORLD)
    write(tmp_path / "m/more.bfh", '#include "world.bfh"\nbool more\n')
    path = write(tmp_path / "a.bfp", '#include "m/world.bfh"\n#include "m/more.bfh"\n' + RUNS)

    (found,) = mistakes(path)
    assert found.span is not None
    assert f"{tmp_path}/m/more.bfh:2:9" == found.span.where


def test_an_include_that_cannot_be_followed_is_shown_where_it_stands(tmp_path: Path) -> None:
    """The message would name a file that the reader never asked for."""
    inside = tmp_path / "in"
    write(tmp_path / "outside.bfh", WORLD)
    write(inside / "self.bfh", 'bool a;\n#include "self.bfh"\n')
    write(inside / "dir.bfh/x", "")
    (inside / "link.bfh").symlink_to(tmp_path / "outside.bfh")
    (inside / "circle.bfh").symlink_to(inside / "circle.bfh")
    os.mkfifo(inside / "fifo.bfh")
    names = [
        ("none.bfh", "No such file"),
        ("self.bfh", "includes itself"),
        ("../outside.bfh", "outside"),
        ("/etc/hostname", "outside"),
        ("link.bfh", "outside"),
        ("circle.bfh", "loop"),
        ("fifo.bfh", "no regular file"),
        ("dir.bfh", "no regular file"),
        ("n" * 5000, "too long"),
    ]
    path = write(inside / "a.bfp", "".join(f'#include "{name}"\n' for name, _ in names))

    found = mistakes(path)
    assert [*["BFP003"] * len(names)] == [d.code for d in found]
    assert [1, 2, 3, 4, 5, 6, 7, 8, 9] == [d.span.line for d in found if d.span]
    for (_, words), diagnostic in zip(names, found, strict=True):
        assert words.lower() in diagnostic.headline.lower()


def test_a_folder_that_is_named_may_be_included_from(tmp_path: Path) -> None:
    """A model that several programs share could not lie beside them."""
    write(tmp_path / "models/world.bfh", WORLD)
    path = write(tmp_path / "p/a.bfp", '#include "world.bfh"\n' + RUNS)

    assert "runner" in read(path, Loader([tmp_path / "models"])).threads
    assert "BFP003" == mistakes(path)[0].code


@pytest.mark.parametrize("folder", [".", "history", "history/old"])
def test_a_program_in_a_folder_of_the_tree_has_the_models_of_the_tree(
    folder: str, tmp_path: Path
) -> None:
    """Each folder of programs would need models of its own, or an option in each call."""
    write(tmp_path / "t/model/world.bfh", WORLD)
    path = write(tmp_path / "t" / folder / "a.bfp", '#include "model/world.bfh"\n' + RUNS)

    assert "runner" in read(path).threads


def test_a_model_of_the_tree_is_named_beside_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report would name a folder of somebody's machine."""
    write(tmp_path / "t/model/more.bfh", "bool more\n")
    write(tmp_path / "t/model/world.bfh", '#include "more.bfh"\n')
    write(tmp_path / "t/history/a.bfp", '#include "model/world.bfh"\n' + RUNS)
    named = {".": "t/history/a.bfp", "t": "history/a.bfp", "t/history": "a.bfp"}
    found = []
    for place, name in named.items():
        monkeypatch.chdir(tmp_path / place)
        (mistake,) = mistakes(Path(name))
        assert mistake.span is not None
        found.append(mistake.span.source.path)

    assert ["t/model/more.bfh", "model/more.bfh", "../model/more.bfh"] == found


def test_a_tree_by_way_of_a_link_is_named_as_it_is(tmp_path: Path) -> None:
    """`link/..` would name a folder that has nothing to do with the tree."""
    write(tmp_path / "t/model/world.bfh", "bool a\n")
    write(tmp_path / "t/history/a.bfp", '#include "model/world.bfh"\n')
    (tmp_path / "link").symlink_to(tmp_path / "t/history")
    (found,) = mistakes(tmp_path / "link/a.bfp")

    assert found.span is not None
    assert f"{(tmp_path / 't').resolve()}/model/world.bfh" == found.span.source.path


def test_the_nearest_folder_with_models_is_the_tree(tmp_path: Path) -> None:
    """A program somebody has sent would reach over its own models to the neighbours'."""
    write(tmp_path / "model/far.bfh", WORLD)
    write(tmp_path / "sent/model/near.bfh", "")
    path = write(tmp_path / "sent/a.bfp", '#include "model/far.bfh"\n' + RUNS)

    assert ["BFP003"] == [d.code for d in mistakes(path)]
    path.write_text('#include "../model/far.bfh"\n' + RUNS)
    (found,) = mistakes(path)
    assert "outside the program's tree" in found.headline


def test_models_further_up_than_the_grandparent_are_not_the_programs(tmp_path: Path) -> None:
    """A folder `model` somewhere above would open a whole disk to a stranger's text."""
    write(tmp_path / "model/world.bfh", WORLD)
    path = write(tmp_path / "a/b/c/a.bfp", '#include "../../../model/world.bfh"\n' + RUNS)
    (found,) = mistakes(path)

    assert "BFP003" == found.code
    assert "outside the program's tree" in found.headline


def test_the_whole_file_system_is_nobodys_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder `/model` would open every file of the machine to a stranger's text."""
    monkeypatch.setattr(Path, "is_dir", lambda path: path == Path("/model"))

    assert Path("/a/b") == root_of(Path("/a/b"))


def test_a_link_does_not_lead_out_of_the_tree(tmp_path: Path) -> None:
    """A stranger's text would read whatever a link of theirs points to."""
    write(tmp_path / "secret/world.bfh", WORLD)
    write(tmp_path / "t/history/x", "")
    (tmp_path / "t/model").symlink_to(tmp_path / "secret")
    (tmp_path / "t/history/near.bfh").symlink_to(tmp_path / "secret/world.bfh")
    for name in ("model/world.bfh", "near.bfh", "../../secret/world.bfh"):
        path = write(tmp_path / "t/history/a.bfp", f'#include "{name}"\n' + RUNS)
        (found,) = mistakes(path)

        assert "BFP003" == found.code
        assert "outside the program's tree" in found.headline


def test_what_lies_beside_the_includer_comes_before_the_tree(tmp_path: Path) -> None:
    """A model would get another file than the one beside it, depending on who includes it."""
    write(tmp_path / "t/model/world.bfh", "bool a\n")
    write(tmp_path / "t/history/model/world.bfh", WORLD)
    path = write(tmp_path / "t/history/a.bfp", '#include "model/world.bfh"\n' + RUNS)

    assert "runner" in read(path).threads


def test_no_more_than_a_hundred_files_are_followed(tmp_path: Path) -> None:
    """A chain of includes would go on as long as the disk has files."""
    for i in range(150):
        write(tmp_path / f"f{i}.bfp", f'#include "f{i + 1}.bfp"\n')

    assert "BFP004" == mistakes(tmp_path / "f0.bfp")[-1].code


def test_mistakes_of_several_files_come_in_one_run(tmp_path: Path) -> None:
    """A mistake in a model would hide those in the program."""
    write(tmp_path / "m.bfh", "bool a\nbool b;\n")
    path = write(tmp_path / "a.bfp", '#include "m.bfh"\nbool c\nbool d;\n')

    assert {"m.bfh", "a.bfp"} == {Path(d.span.source.path).name for d in mistakes(path) if d.span}


@pytest.mark.slow
def test_a_model_alone_is_no_program() -> None:
    """The models of the programs would count as proved when they are named by mistake."""
    for model in sorted(MODELS.glob("*.bfh")):
        (found, *_) = mistakes(model)

        assert found.code in ("BFP101", "BFP108", "BFP109")
