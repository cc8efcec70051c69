import numpy as np
import pytest

from lanedet.simulation.world.road import Profile, Wave


def test_profile_near_a_crest_bends_with_its_curvature() -> None:
    # At the top of a sine the slope is 0 and the radius is (length / 2 pi)^2 / a.
    wave = Wave(amplitude_m=4.0, length_m=200 * np.pi, phase_rad=np.pi / 2)
    radius = 100.0**2 / 4.0
    offset = Profile((wave,)).seen_from(0.0, np.array([10.0]))
    assert offset == pytest.approx(-(10.0**2) / (2 * radius), rel=1e-3)


def test_profile_leaves_its_tangent_slower_than_linearly() -> None:
    profile = Profile((Wave(20.0, 500.0, 0.3), Wave(3.0, 210.0, 1.2)))
    near = profile.seen_from(1234.5, np.array([0.0, 0.01]))
    assert near[0] == 0
    assert abs(near[1]) < 1e-6


def test_profile_without_waves_is_straight() -> None:
    assert not Profile().seen_from(7.0, np.linspace(0, 100, 5)).any()
    assert Profile().slope(7.0) == 0


def test_profile_slope_is_the_derivative() -> None:
    wave = Wave(5.0, 300.0, 0.7)
    rise = 5.0 * (np.sin(2 * np.pi * 0.01 / 300 + 0.7) - np.sin(0.7))
    assert Profile((wave,)).slope(0.0) == pytest.approx(rise / 0.01, rel=1e-3)
