"""Shapes of vehicles, drawn in unit squares.

Of a face, x goes from the left to the right edge; of a flank, from the near to the far
end. y goes from the road to the roof.
"""

from dataclasses import dataclass

from lanedet.simulation.world.outline import Outline


@dataclass(frozen=True)
class Body:
    """The shape of a kind of vehicle, sizes in metres.

    Attributes:
        width_m: Size across the road.
        height_m: Size up to the roof.
        length_m: Size along the road.
        face: Outline as seen from behind or from the front.
        flank: Outline as seen from the side.
        face_window: Window in the face, may be empty.
        flank_window: Windows in the flank, may be empty.
        lamp_y: Height of the lamps.
        rear_lean_m: The distance from the rear's foot to where the roof begins.
        side_lean_m: The distance by which the roof is narrower on each side.
        relief: Parts of the face that are brighter or darker than the rest, each an
            outline and its brightness against the paint.
        lamp_x: Where the middle of the left lamp is in the face, the right one lies
            opposite.
        has_one_track: Whether its wheels run behind one another. Its flank then stands
            in its middle rather than at its side.
    """

    width_m: float
    height_m: float
    length_m: float
    face: Outline
    flank: Outline
    face_window: Outline
    flank_window: Outline
    lamp_y: float
    rear_lean_m: float = 0.0
    side_lean_m: float = 0.0
    relief: tuple[tuple[Outline, float], ...] = ()
    lamp_x: float = 0.1
    has_one_track: bool = False


BODIES = {
    "saloon": Body(
        width_m=1.8,
        height_m=1.42,
        length_m=4.6,
        face=(
            (0.03, 0.14), (0.97, 0.14), (1.0, 0.4), (0.96, 0.62), (0.81, 0.95),
            (0.7, 1.0), (0.3, 1.0), (0.19, 0.95), (0.04, 0.62), (0.0, 0.4),
        ),
        flank=(
            (0.0, 0.2), (0.02, 0.62), (0.16, 0.66), (0.32, 0.97), (0.55, 1.0),
            (0.74, 0.66), (0.98, 0.55), (1.0, 0.2),
        ),
        face_window=((0.14, 0.64), (0.86, 0.64), (0.76, 0.92), (0.24, 0.92)),
        flank_window=((0.22, 0.67), (0.34, 0.92), (0.54, 0.93), (0.7, 0.67)),
        lamp_y=0.5,
        rear_lean_m=1.3,
        side_lean_m=0.22,
    ),
    "suv": Body(
        width_m=1.95,
        height_m=1.78,
        length_m=4.8,
        face=(
            (0.03, 0.15), (0.97, 0.15), (1.0, 0.55), (0.93, 0.92), (0.85, 1.0),
            (0.15, 1.0), (0.07, 0.92), (0.0, 0.55),
        ),
        flank=(
            (0.0, 0.18), (0.0, 0.6), (0.06, 0.97), (0.2, 1.0), (0.6, 1.0),
            (0.75, 0.64), (0.98, 0.56), (1.0, 0.18),
        ),
        face_window=((0.12, 0.6), (0.88, 0.6), (0.82, 0.9), (0.18, 0.9)),
        flank_window=((0.06, 0.64), (0.1, 0.92), (0.58, 0.93), (0.7, 0.64)),
        lamp_y=0.52,
        rear_lean_m=0.5,
        side_lean_m=0.16,
    ),
    "pickup": Body(
        width_m=1.95,
        height_m=1.8,
        length_m=5.4,
        face=(
            (0.0, 0.2), (1.0, 0.2), (1.0, 0.58), (0.9, 0.62), (0.82, 1.0),
            (0.18, 1.0), (0.1, 0.62), (0.0, 0.58),
        ),
        flank=(
            (0.0, 0.2), (0.0, 0.58), (0.42, 0.58), (0.45, 0.98), (0.62, 1.0),
            (0.74, 0.62), (1.0, 0.56), (1.0, 0.2),
        ),
        face_window=((0.2, 0.64), (0.8, 0.64), (0.76, 0.93), (0.24, 0.93)),
        flank_window=((0.47, 0.64), (0.49, 0.92), (0.61, 0.92), (0.7, 0.64)),
        lamp_y=0.46,
        rear_lean_m=2.2,
        side_lean_m=0.18,
    ),
    "van": Body(
        width_m=2.0,
        height_m=2.2,
        length_m=5.2,
        face=((0.02, 0.1), (0.98, 0.1), (1.0, 0.5), (0.95, 1.0), (0.05, 1.0),
              (0.0, 0.5)),
        flank=((0.0, 0.12), (0.0, 0.98), (0.75, 1.0), (0.9, 0.62), (1.0, 0.5),
               (1.0, 0.12)),
        face_window=((0.1, 0.55), (0.9, 0.55), (0.87, 0.88), (0.13, 0.88)),
        flank_window=((0.6, 0.6), (0.6, 0.88), (0.76, 0.88), (0.86, 0.6)),
        lamp_y=0.35,
    ),
    "lorry": Body(
        width_m=2.5,
        height_m=3.8,
        length_m=14.0,
        face=((0.0, 0.26), (1.0, 0.26), (1.0, 1.0), (0.0, 1.0)),
        flank=((0.0, 0.26), (0.0, 1.0), (0.84, 1.0), (0.84, 0.8), (0.97, 0.75),
               (1.0, 0.4), (1.0, 0.12), (0.84, 0.24)),
        face_window=(),
        flank_window=((0.88, 0.55), (0.88, 0.72), (0.96, 0.7), (0.97, 0.55)),
        lamp_y=0.21,
    ),
    "hatchback": Body(
        width_m=1.75,
        height_m=1.5,
        length_m=4.1,
        face=(
            (0.02, 0.13), (0.98, 0.13), (1.0, 0.38), (0.97, 0.6), (0.86, 0.92),
            (0.76, 0.99), (0.24, 0.99), (0.14, 0.92), (0.03, 0.6), (0.0, 0.38),
        ),
        flank=(
            (0.0, 0.2), (0.01, 0.58), (0.08, 0.9), (0.2, 1.0), (0.5, 0.98),
            (0.72, 0.66), (0.97, 0.54), (1.0, 0.2),
        ),
        face_window=((0.13, 0.65), (0.87, 0.65), (0.78, 0.9), (0.22, 0.9)),
        flank_window=((0.1, 0.65), (0.2, 0.92), (0.5, 0.91), (0.67, 0.66)),
        lamp_y=0.55,
        rear_lean_m=0.7,
        side_lean_m=0.2,
        relief=(
            (((0.03, 0.13), (0.97, 0.13), (0.99, 0.3), (0.01, 0.3)), 0.72),
            (((0.06, 0.6), (0.94, 0.6), (0.93, 0.63), (0.07, 0.63)), 1.2),
            (((0.2, 0.92), (0.8, 0.92), (0.74, 0.98), (0.26, 0.98)), 1.15),
        ),
    ),
    "estate": Body(
        width_m=1.85,
        height_m=1.48,
        length_m=4.8,
        face=(
            (0.03, 0.13), (0.97, 0.13), (1.0, 0.4), (0.95, 0.64), (0.85, 0.96),
            (0.8, 1.0), (0.2, 1.0), (0.15, 0.96), (0.05, 0.64), (0.0, 0.4),
        ),
        flank=(
            (0.0, 0.2), (0.0, 0.6), (0.07, 0.96), (0.55, 1.0), (0.74, 0.66),
            (0.98, 0.55), (1.0, 0.2),
        ),
        face_window=((0.12, 0.66), (0.88, 0.66), (0.82, 0.93), (0.18, 0.93)),
        flank_window=((0.05, 0.67), (0.11, 0.92), (0.54, 0.93), (0.69, 0.67)),
        lamp_y=0.56,
        rear_lean_m=0.6,
        side_lean_m=0.18,
        relief=(
            (((0.04, 0.13), (0.96, 0.13), (0.98, 0.33), (0.02, 0.33)), 0.8),
            (((0.02, 0.36), (0.98, 0.36), (0.98, 0.38), (0.02, 0.38)), 0.5),
        ),
    ),
    "box_van": Body(
        width_m=2.1,
        height_m=2.9,
        length_m=6.2,
        face=((0.0, 0.2), (1.0, 0.2), (1.0, 1.0), (0.0, 1.0)),
        flank=((0.0, 0.2), (0.0, 1.0), (0.68, 1.0), (0.7, 0.72), (0.84, 0.68),
               (0.98, 0.38), (1.0, 0.12)),
        face_window=(),
        flank_window=((0.75, 0.42), (0.75, 0.63), (0.83, 0.63), (0.92, 0.42)),
        lamp_y=0.24,
        relief=(
            (((0.49, 0.24), (0.51, 0.24), (0.51, 0.97), (0.49, 0.97)), 0.55),
            (((0.0, 0.2), (1.0, 0.2), (1.0, 0.28), (0.0, 0.28)), 0.6),
        ),
    ),
    "bus": Body(
        width_m=2.5,
        height_m=3.1,
        length_m=11.5,
        face=((0.0, 0.1), (1.0, 0.1), (1.0, 0.94), (0.95, 1.0), (0.05, 1.0),
              (0.0, 0.94)),
        flank=((0.0, 0.1), (0.0, 0.98), (0.98, 1.0), (1.0, 0.5), (1.0, 0.1)),
        face_window=((0.08, 0.6), (0.92, 0.6), (0.9, 0.88), (0.1, 0.88)),
        flank_window=((0.03, 0.5), (0.03, 0.85), (0.97, 0.85), (0.98, 0.5)),
        lamp_y=0.22,
        relief=(
            (((0.0, 0.1), (1.0, 0.1), (1.0, 0.2), (0.0, 0.2)), 0.6),
            (((0.2, 0.3), (0.8, 0.3), (0.8, 0.45), (0.2, 0.45)), 0.8),
        ),
    ),
    "scooter": Body(
        width_m=0.75,
        height_m=1.65,
        length_m=1.8,
        # A rider: knees, hips, elbows, shoulders, helmet.
        face=(
            (0.3, 0.24), (0.7, 0.24), (0.78, 0.42), (0.72, 0.5), (0.9, 0.56),
            (0.97, 0.62), (0.82, 0.68), (0.8, 0.78), (0.7, 0.83), (0.6, 0.84),
            (0.66, 0.89), (0.66, 0.95), (0.58, 1.0), (0.42, 1.0), (0.34, 0.95),
            (0.34, 0.89), (0.4, 0.84), (0.3, 0.83), (0.2, 0.78), (0.18, 0.68),
            (0.03, 0.62), (0.1, 0.56), (0.28, 0.5), (0.22, 0.42),
        ),
        # Without the rider, who sits in the face: seen twice they would be two.
        flank=((0.02, 0.34), (0.06, 0.5), (0.5, 0.5), (0.56, 0.34), (0.7, 0.34),
               (0.72, 0.62), (0.68, 0.68), (0.8, 0.68), (0.86, 0.34), (0.7, 0.2),
               (0.3, 0.2)),
        face_window=(),
        flank_window=(),
        lamp_y=0.4,
        relief=(
            (((0.42, 0.84), (0.58, 0.84), (0.66, 0.89), (0.66, 0.95), (0.58, 1.0),
              (0.42, 1.0), (0.34, 0.95), (0.34, 0.89)), 0.4),
            (((0.34, 0.24), (0.66, 0.24), (0.68, 0.46), (0.32, 0.46)), 0.55),
        ),
        lamp_x=0.43,
        has_one_track=True,
    ),
}  # fmt: skip
"""Bodies by the name of the kind."""
