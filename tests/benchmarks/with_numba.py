"""Numba."""
import numba
import numpy as np

import shared


def ising(s):
    x = np.random.default_rng(5).choice(np.array([-1, 1], np.int8), (s.side, s.side))
    table = (1 / (1 + np.exp(-2 * s.coupling * np.arange(-4, 5)))).astype(np.float32)

    @numba.njit(fastmath=True)
    def sweeps(x, table, n):
        L = x.shape[0]
        for _ in range(n):
            for colour in range(2):
                for i in range(L):
                    above, below = x[i - 1 if i > 0 else L - 1], x[i + 1 if i < L - 1 else 0]
                    for j in range((i + colour) & 1, L, 2):
                        left, right = j - 1 if j > 0 else L - 1, j + 1 if j < L - 1 else 0
                        field = above[j] + below[j] + x[i, left] + x[i, right]
                        x[i, j] = 1 if np.random.random() < table[field + 4] else -1

    sweeps(x, table, 1)  # compiles
    return shared.ising(s, lambda n: sweeps(x, table, n), x)
