"""What training a line head takes of any data set: labels on rows, strong motion.

Images are moved as those of CLRNet are (https://github.com/Turoad/CLRNet).
"""

from lanedet.datasets import EncodeLines, RandomMotion

_lines = dict(type=EncodeLines)
_line_motion = dict(
    type=RandomMotion,
    rotate_deg=(-10, 10),
    scale=(0.8, 1.2),
    shift=(0.1, 0.1),
    mirror_probability=0.5,
)
