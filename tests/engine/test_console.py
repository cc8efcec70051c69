import logging
from pathlib import Path

import pytest
from mmengine.logging import MMLogger

from lanedet.engine.console import show_only_warnings


def test_the_console_shows_warnings_in_one_line_and_the_file_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = MMLogger("lines", log_file=str(tmp_path / "log"), log_level="INFO")
    show_only_warnings(logger)
    logger.info("for the file")
    logger.log(logging.WARNING, "first\n  second")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "warning: first second\n"
    log = (tmp_path / "log").read_text()
    assert "for the file" in log
    assert "first" in log
