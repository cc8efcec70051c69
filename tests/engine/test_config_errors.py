import pytest

from lanedet.engine.config_errors import built_from, config_errors


@pytest.mark.parametrize("error", [TypeError("Of x."), KeyError("x"), RuntimeError()])
def test_what_a_part_raises_names_its_place(error: Exception) -> None:
    with (
        pytest.raises(ValueError, match=rf"model does not fit: {type(error).__name__}"),
        config_errors("model"),
    ):
        raise error


def test_what_says_enough_stays() -> None:
    with pytest.raises(FileNotFoundError, match=r"^No data\.$"), config_errors("model"):
        raise FileNotFoundError("No data.")


def test_a_builder_keeps_its_result() -> None:
    assert built_from("model", int)("12") == 12
