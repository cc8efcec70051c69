"""The page as the tool serves it, for all tests that need it served."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from lanedet.app import write_pictures

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass
class ServedPage:
    """The page, and how programs call its functions."""

    url: str
    errors: Path
    """What the tool writes to stderr."""

    process_id: int

    @property
    def most_memory_mib(self) -> float:
        """The most memory that the tool has had so far, in MiB."""
        status = Path(f"/proc/{self.process_id}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    @cached_property
    def config(self) -> dict[str, Any]:
        """Its parts and functions."""
        with self.client() as client:
            config: dict[str, Any] = client.get("/config").json()
        return config

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=120, verify=False)

    def upload(self, name: str, content: bytes) -> dict[str, Any]:
        """Return what stands for the uploaded file in a call."""
        with self.client() as client:
            answer = client.post("/gradio_api/upload", files={"files": (name, content)})
        answer.raise_for_status()
        return file_data(answer.json()[0])

    def call_past_the_queue(self, function: str, *values: Any) -> Any:
        """Return what a function returns."""
        with self.client() as client:
            answer = client.post(f"/gradio_api/run/{function}", json={"data": values})
        answer.raise_for_status()
        return answer.json()["data"]

    def call(self, function: str, *values: Any) -> tuple[Any, str]:
        """Return what a function returns, None if it fails, and its error."""
        with self.client() as client:
            [number] = [
                each["id"]
                for each in self.config["dependencies"]
                if each["api_name"] == function
            ]
            session = uuid4().hex
            body = {"fn_index": number, "data": values, "session_hash": session}
            answer = client.post(
                "/gradio_api/queue/join",
                content=json.dumps(body),
                headers={"content-type": "application/json"},
            )
            answer.raise_for_status()
            where = f"/gradio_api/queue/data?session_hash={session}"
            with client.stream("GET", where) as lines:
                for line in lines.iter_lines():
                    message = json.loads(line.removeprefix("data:") or "{}")
                    if message.get("msg") == "process_completed":
                        output = message["output"]
                        return output.get("data"), output.get("error") or ""
        raise AssertionError("The page ended without an answer.")

    @property
    def weights(self) -> str:
        """The weights that are chosen."""
        parts = self.config["components"]
        [value] = [
            each["props"]["value"] for each in parts if each["type"] == "dropdown"
        ]
        return str(value)


def file_data(path: str, **more: Any) -> dict[str, Any]:
    """Return a file as Gradio writes it in a call."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}


@pytest.fixture(scope="session")
def example_pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What the page shows as examples, 160x90, in a folder that it has made."""
    return write_pictures(tmp_path_factory.mktemp("examples") / "new", shape=(90, 160))


@pytest.fixture(scope="session")
def start_app(example_pictures: list[Path]) -> Any:
    """Return a function that starts the tool and tells where its page is.

    It draws examples, and by now numba's cache has all that draws them.
    """
    assert example_pictures

    def start(folder: Path, *options: str) -> tuple[subprocess.Popen[str], ServedPage]:
        (folder / "temporary").mkdir()
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(REPOSITORY),
            "TMPDIR": str(folder / "temporary"),
        }
        tool = str(REPOSITORY / "tools" / "app.py")
        with (folder / "errors.txt").open("w") as errors:
            process = subprocess.Popen(
                [sys.executable, tool, "--no-browser", *options],
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert found is not None, (folder / "errors.txt").read_text()
        return process, ServedPage(found[0], folder / "errors.txt", process.pid)

    return start


@pytest.fixture(scope="session")
def served(
    tmp_path_factory: pytest.TempPathFactory, start_app: Any
) -> Iterator[ServedPage]:
    """The page. It must end well, tell of no fault and leave nothing behind."""
    folder = tmp_path_factory.mktemp("app")
    process, page = start_app(folder)
    try:
        assert list((folder / "temporary").iterdir())
        yield page
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=120) == 0
        assert not list((folder / "temporary").iterdir())
        assert "Traceback" not in page.errors.read_text()
    finally:
        process.kill()
        process.wait()
