"""The devices on which a model can compute."""

import torch


def usable_device(name: torch.device | str | None) -> torch.device:
    """Return a device of this computer on which a model can compute.

    Args:
        name: Such as ``cpu`` or ``cuda:0``. None for a GPU where there is one.

    Raises:
        ValueError: If it names no such device.
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    known = ["cpu"]
    if torch.accelerator.is_available():
        kind = torch.accelerator.current_accelerator()
        assert kind is not None
        known += [f"{kind.type}:{n}" for n in range(torch.accelerator.device_count())]
    try:
        device = torch.device(name)
        # A driver can list a device and still not compute on it.
        if device.type != "cpu":
            device = torch.empty(0, device=device).device
        elif device.index == 0:
            device = torch.device("cpu")
        if str(device) in known:
            return device
    # What torch raises of a kind that it was built without, or has no module for.
    except (AssertionError, ImportError, RuntimeError, TypeError):
        pass
    raise ValueError(
        f"There is no device {f'{str(name)!r}':.80} here. There is {', '.join(known)}; "
        "leave the device out to get a GPU where there is one."
    )
