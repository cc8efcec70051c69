"""Networks of torchvision as backbones."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from lanedet.models.backbones.feature_extractor import FeatureExtractor
from lanedet.models.backbones.pretrained import IMAGENET, torchvision_state_dict

# Arguments of torchvision's builders that fetch weights.
_FETCHING = {"weights", "weights_backbone", "pretrained", "pretrained_backbone"}


class TorchvisionFeatures(FeatureExtractor):
    """Any of torchvision's classification networks.

    Args:
        name: As ``torchvision.models.list_models`` has it, such as
            ``mobilenet_v3_large``.
        stages: Place in the network by name of the stage, as
            ``torchvision.models.feature_extraction.get_graph_node_names`` has them:
            ``dict(S2="features.6", S3="features.12")``.
        weights: ``"imagenet"`` for torchvision's weights, the path of a file with a
            state dict in torchvision's names, or None for random ones.
        options: More arguments of torchvision's builder, such as
            ``dict(replace_stride_with_dilation=[False, True, True])``.

    Raises:
        ValueError: If there is no such network or place, an option is not allowed, or
            the network cannot be built so or taken apart.
    """

    def __init__(
        self,
        *,
        name: str,
        stages: Mapping[str, str],
        weights: str | None = IMAGENET,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        # Importing torchvision takes a second, which others need not wait for.
        import torchvision
        from torchvision.models.feature_extraction import (
            create_feature_extractor,
            get_graph_node_names,
        )

        known = torchvision.models.list_models(module=torchvision.models)
        if name not in known:
            raise ValueError(
                f"name must be a classification network of torchvision, got {name!r}. "
                f"There are {', '.join(known)}."
            )
        if len(set(stages.values())) < len(stages):
            raise ValueError(f"stages must name each place once, got {dict(stages)}.")
        options = dict(options or {})
        if _FETCHING & options.keys():
            raise ValueError(
                f"options cannot hold {sorted(_FETCHING & options.keys())}. Choose "
                "pretrained weights by the backbone's argument weights."
            )
        try:
            network = torchvision.models.get_model(name, weights=None, **options)
            places = [*dict.fromkeys(get_graph_node_names(network)[1])]
        # What networks raise over options they do not take, and torch.fx over code
        # that it cannot trace.
        except (AssertionError, NotImplementedError, TypeError) as error:
            raise ValueError(
                f"torchvision cannot build {name} with the options {options}, or take "
                f"it apart: {error}"
            ) from error
        for stage, place in stages.items():
            if not any(f"{node}.".startswith(f"{place}.") for node in places):
                raise ValueError(
                    f"The stage {stage!r} must be a place in {name}, got {place!r}. "
                    f"Its outer places are {', '.join(_outer(places))}."
                )
        extractor = create_feature_extractor(
            network, {place: stage for stage, place in stages.items()}
        )
        super().__init__(extractor, tuple(stages), weights)
        self.name = name

    def pretrained_state(self, weights: str) -> Mapping[str, Tensor]:
        """Return torchvision's tensors; the network's are among them."""
        return torchvision_state_dict(self.name, weights)


def _outer(places: Sequence[str]) -> list[str]:
    """Return the first two parts of every place, each once."""
    return [*dict.fromkeys(".".join(place.split(".")[:2]) for place in places)]
