"""A file is written whole or not at all, where its path leads to, with the mode that it has."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from conformance.files import write_whole


def test_a_link_stays_a_link_and_the_file_that_it_names_is_written(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    link = tmp_path / "link.xml"
    link.symlink_to(tmp_path / "far" / "file.xml")
    write_whole(link, "one")
    write_whole(link, "two")
    assert link.is_symlink()
    assert (tmp_path / "far" / "file.xml").read_text(encoding="utf-8") == "two"


def test_a_file_keeps_its_mode_and_a_new_one_has_that_of_the_umask(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.touch(mode=0o600)
    before = os.umask(0o027)
    try:
        write_whole(old, "text")
        write_whole(new, "text")
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (old, new)] == [0o600, 0o640]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe, found = tmp_path / "pipe", list[str]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: found.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    write_whole(pipe, "text")
    reader.join()
    assert found == ["text"]
    assert pipe.is_fifo()


def test_what_can_not_be_written_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("whole", encoding="utf-8")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "half\ud800")
    assert path.read_text(encoding="utf-8") == "whole"
    assert os.listdir(tmp_path) == ["file"]
