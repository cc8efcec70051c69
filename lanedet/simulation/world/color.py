"""Colors, as a camera would record them at noon, and how light changes them."""

Color = tuple[float, float, float]
"""A color: RGB, each in [0, 255]."""


def shade(color: Color, gain: float) -> Color:
    """Return a color made brighter or darker."""
    red, green, blue = (min(255.0, channel * gain) for channel in color)
    return red, green, blue


def light_up(color: Color, light: Color) -> Color:
    """Return a color in light that reaches it in shares of white, by channel."""
    red, green, blue = (a * b for a, b in zip(color, light, strict=True))
    return red, green, blue


def mix(first: Color, second: Color, share: float) -> Color:
    """Return the color between two, ``share`` of the way to the second."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue
