#!/usr/bin/env python3
"""Compares a picture of `gibbsite images` with the result it shows: 3 x 3 images of two chains of 8
draws, coordinates 0 and 4 clamped. Usage: read_picture.py PICTURE RESULT"""
import sys

import h5py
import matplotlib.image
import numpy as np

PAPER = (158, 178, 199)
UNKNOWN = (232, 196, 140)


def sheets(picture):
    """The four sheets as arrays of images, found by the colour between images."""
    near = (np.abs(picture.astype(int) - PAPER).max(axis=2) <= 1)
    top = np.argmax(near.any(axis=1))
    columns = near[top]
    edges = np.flatnonzero(np.diff(np.concatenate(([0], columns.astype(int), [0]))))
    for left, right in edges.reshape(-1, 2):
        bottom = top + np.argmin(np.append(near[top:, left], False))
        yield picture[top:bottom, left:right].astype(int)


def images(sheet, across):
    zoom = sheet.shape[1] // (4 * across + 1)
    small = sheet[zoom // 2::zoom, zoom // 2::zoom]
    down = (small.shape[0] - 1) // 4
    return [small[1 + 4 * r:4 + 4 * r, 1 + 4 * c:4 + 4 * c] for r in range(down) for c in range(across)]


picture = (matplotlib.image.imread(sys.argv[1])[:, :, :3] * 255).round().astype(np.uint8)
given, mean, samples, filters = sheets(picture)
with h5py.File(sys.argv[2]) as file:
    x, weights = file["posterior/x"][()], file["parameters/W"][()]

shown = images(given, 1)[0].reshape(9, 3)
for k in range(9):
    expected = x[0, 0, k] * 255 if k in (0, 4) else None
    if expected is None:
        assert np.abs(shown[k] - UNKNOWN).max() <= 1, (k, shown[k])
    else:
        assert (shown[k] == expected).all(), (k, shown[k])
assert np.abs(images(mean, 1)[0].reshape(9, 3)[:, 0] - 255 * x.mean(axis=(0, 1))).max() <= 1
drawn = sorted(tuple(image[:, :, 0].ravel() // 255) for image in images(samples, 4))
assert drawn == sorted(tuple(row) for row in x.reshape(-1, 9)), drawn
scale = np.abs(weights).max()
for j, image in enumerate(images(filters, 2)):
    for k, (red, green, blue) in enumerate(image.reshape(9, 3)):
        share = weights[k, j] / scale
        assert abs(green - 255 * (1 - abs(share))) <= 1.5, (j, k)
        assert (red >= blue) if share > 0 else (blue >= red), (j, k)
