"""How much there is in the complete data sets."""

TUSIMPLE_FRAMES = {
    "label_data_0313.json": 2858,
    "label_data_0531.json": 358,
    "label_data_0601.json": 410,
    "test_label.json": 2782,
}
"""Frames of each label file (counted in the benchmark's own files)."""

TUSIMPLE_LANES = {
    "label_data_0313.json": 10895,
    "label_data_0531.json": 1118,
    "label_data_0601.json": 1787,
    "test_label.json": 9947,
}
"""Lanes with at least one point, likewise."""

CULANE_IMAGES = {"train": 88880, "val": 9675, "test": 34680}
"""Images of each split (https://xingangpan.github.io/projects/CULane.html)."""

CULANE_CATEGORIES = {
    "test0_normal": (9621, 32777),
    "test1_crowd": (8113, 28003),
    "test2_hlight": (486, 1685),
    "test3_shadow": (930, 2876),
    "test4_noline": (4067, 14021),
    "test5_arrow": (890, 3182),
    "test6_curve": (422, 1312),
    "test7_cross": (3122, 0),
    "test8_night": (7029, 21030),
}
"""Images and labelled lanes of each list under ``list/test_split`` (the official lists,
and TP + FN of the official evaluator)."""

CULANE_TEST_LANES = 104886
"""Labelled lanes of the test set. Another number has cost others nine points of F1
(https://github.com/lucastabelini/LaneATT/issues/56)."""

BDD100K_IMAGES = {"train": 70000, "val": 10000, "test": 20000}
"""Images of each official folder (bdd100k/data/*.txt in
https://github.com/bdd100k/bdd100k). Releases of labels are a little short of them."""
