"""How often hypothesis tries, and what: the same every time, or anything, at night.

`python -m tests.nightly` sets TIMES and gives hypothesis a seed of its own.
"""

from __future__ import annotations

import os
from collections.abc import Collection

from hypothesis import HealthCheck, settings

# So many times as often as usual, and each time something else; unset by day.
TIMES = "VERIFY_TIMES"

# What draws whole programs is slow, and large, by nature.
LARGE = (HealthCheck.too_slow, HealthCheck.data_too_large)


def by_chance(examples: int, allowed: Collection[HealthCheck] = ()) -> settings:
    """Settings for a test that tries so many examples."""
    times = os.environ.get(TIMES)
    return settings(
        derandomize=times is None,
        max_examples=examples * int(times or 1),
        deadline=None,
        database=None,
        suppress_health_check=list(allowed),
        print_blob=True,
    )
