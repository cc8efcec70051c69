from pathlib import Path

import pytest
import torch
from mmengine.optim import AmpOptimWrapper

from lanedet.engine import evaluate, load_config, set_work_dir, use_amp
from lanedet.engine.config_parts import built_by
from lanedet.models import build_model, describe_model, save_weights

SCENES = Path(__file__).resolve().parents[2] / "configs/sad/enet_sad_scenes.py"


def write_down(path: Path, data_root: Path) -> Path:
    """Write a config as a run does into its work directory: types by their names."""
    options = {
        "model.view.input_shape": (64, 96),
        "test_dataloader.num_workers": 0,
        "test_dataloader.dataset.ann_files": ["label_data_0313.json"],
        "test_dataloader.dataset.indices": 2,
    }
    path.write_text(load_config(SCENES, options, data_root).pretty_text)
    return path


@pytest.mark.usefixtures("configs_laid_out")
def test_a_config_that_a_run_wrote_down_scores_writes_and_draws(
    scenes_root: Path, tmp_path: Path
) -> None:
    config = load_config(write_down(tmp_path / "written.py", scenes_root))
    set_work_dir(config, tmp_path / "run")
    description = describe_model(load_config(SCENES).model)
    description["view"]["input_shape"] = (64, 96)
    weights = tmp_path / "weights.safetensors"
    save_weights(weights, description, build_model(description).state_dict(), {})
    out, drawn = tmp_path / "out.json", tmp_path / "drawn"
    assert evaluate(config, weights, out=out, show_dir=drawn).num_images == 2
    assert len(out.read_text().splitlines()) == 2
    assert len(list(drawn.rglob("*.jpg"))) == 2


@pytest.mark.parametrize("is_written", [False, True], ids=["file", "written down"])
def test_mixed_precision_can_be_written_down(
    scenes_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_written: bool
) -> None:
    path = write_down(tmp_path / "written.py", scenes_root) if is_written else SCENES
    config = load_config(path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="--amp needs a CUDA GPU"):
        use_amp(config)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    use_amp(config)
    again = tmp_path / "again.py"
    again.write_text(config.pretty_text)
    wrapper = load_config(again).optim_wrapper
    assert built_by(wrapper, "optim_wrapper") is AmpOptimWrapper
    assert wrapper.loss_scale == "dynamic"
    with pytest.raises(ValueError, match=r"replaces OptimWrapper only, got Amp"):
        use_amp(config)
