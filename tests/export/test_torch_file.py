import zipfile
from pathlib import Path

import pytest
import torch
from exports import PLACE, images, weights_file

from lanedet.export import ExportOptions, export_model
from lanedet.export.graph import make_graph
from lanedet.formats.models import EXPORT_KEY, MODEL_KEY, ModelMetadata


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("program") / "lanes.pt2"
    options = ExportOptions(raw=True)
    assert export_model(weights_file("rows"), out, "torch", options) == [out]
    return out


def test_a_program_gives_what_the_graph_gives(program: Path) -> None:
    texts = {MODEL_KEY: "", EXPORT_KEY: "", "licence": ""}
    loaded = torch.export.load(program, extra_files=texts).module()
    metadata = ModelMetadata.read(texts, program)
    assert metadata.facts.readings == "maps"
    assert metadata.provenance == {"licence": "MIT", "seed": "0"}
    pixels, place = torch.from_numpy(images(3)), torch.tensor(PLACE)
    expected = make_graph(weights_file("rows"), raw=True).graph(pixels, place)
    found = loaded(pixels, place)
    assert found["lane_probs"].shape == (3, 4, 64, 96)  # they leave where it is wanted
    assert found["existence"].shape == (3, 4)
    for name, tensor in found.items():
        torch.testing.assert_close(tensor, expected[name])


def test_it_tells_nothing_of_the_machine_that_exported(program: Path) -> None:
    with zipfile.ZipFile(program) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            assert ".part" not in name
            for text in (str(Path.cwd()), 'File "'):
                assert text.encode() not in content, (name, text)


def test_int8_is_not_for_pytorch(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="leave --int8 out"):
        export_model(
            weights_file("maps"), tmp_path / "x.pt2", "torch", ExportOptions(int8=True)
        )
