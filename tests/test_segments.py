"""Segments and samples at unequal times: what is said does not depend on how often a face was looked at."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from emoagent.tools.sampling import running_median, seconds_for, weighted_quantile
from emoagent.tools.segments import segments

Floats = NDArray[np.float64]


def course(time: Floats) -> Floats:
    """Rises from 1.0 s to 1.5 s, stays at 3, falls from 2.5 s to 3.5 s."""
    return np.interp(time, [1.0, 1.5, 2.5, 3.5], [0.0, 3.0, 3.0, 0.0])


def even(step: float = 0.08) -> Floats:
    return np.arange(0, 5, step)


def uneven() -> Floats:
    """Twelve frames a second, but four in the middle second."""
    return np.unique(np.concatenate([np.arange(0, 1.2, 0.08), np.arange(1.2, 2.2, 0.24), np.arange(2.2, 5, 0.08)]))


@pytest.mark.parametrize("time", [even(), uneven(), even(0.04)])
def test_onset_apex_and_offset_are_where_they_are(time: Floats) -> None:
    (found,) = segments(time, course(time), 1.0, 0.5)
    assert found.onset == pytest.approx(1.0 + 0.5 / 6, abs=0.03)
    assert 1.45 <= found.top <= 2.5
    assert found.offset == pytest.approx(3.5 - 1 / 6, abs=0.03)
    assert found.height == pytest.approx(3.0)
    assert found.rise is not None
    assert found.decay is not None
    assert found.rise > found.decay > 0


def test_two_thresholds_hold_a_segment_together_and_keep_ripples_out() -> None:
    time = even()
    ripple = 1.0 + 0.3 * np.sign(np.sin(2 * np.pi * 3 * time))  # 0.7 and 1.3, three times a second
    assert len(segments(time, ripple, 1.2, 0.6)) == 1
    assert len(segments(time, ripple, 1.2, 1.2)) > 5
    assert not segments(time, ripple, 1.5, 0.6)


def test_what_was_not_seen_to_begin_has_no_rise() -> None:
    time = even()
    value = course(time + 1.6)
    (found,) = segments(time, value, 1.0, 0.5)
    assert found.rise is None
    assert found.decay is not None
    hole = course(time)
    hole[(time > 1.8) & (time < 2.2)] = np.nan
    first, second = segments(time, hole, 1.0, 0.5)
    assert first.decay is None
    assert second.rise is None


def test_a_gap_in_time_ends_a_segment() -> None:
    time = even()
    kept = (time < 1.6) | (time > 2.4)
    assert len(segments(time[kept], course(time)[kept], 1.0, 0.5)) == 2


def test_a_frame_counts_as_long_as_it_stands_for() -> None:
    frames = np.array([0.0, 0.1, 0.2, 0.4, 0.6, 5.0])
    assert seconds_for(frames, frames) == pytest.approx([0.1, 0.1, 0.15, 0.2, 0.225, 0.25])
    assert seconds_for([0.2], frames) == pytest.approx([0.15])
    assert seconds_for([0.0], [0.0]) == pytest.approx([0.1])


def test_quantiles_heed_weights_and_medians_heed_time() -> None:
    values = np.array([[0.0], [1.0], [2.0]])
    assert weighted_quantile(values, np.array([1.0, 1.0, 8.0]), 0.5)[0] > 1.5
    assert weighted_quantile(values, np.array([8.0, 1.0, 1.0]), 0.5)[0] < 0.5
    time = np.array([0.0, 0.08, 0.16, 1.0, 1.08, 1.16])
    spiky = np.array([[0.0], [9.0], [0.0], [5.0], [5.0], [np.nan]])
    smooth = running_median(time, spiky, 0.2)
    assert smooth[1, 0] == 0
    assert smooth[3, 0] == 5
    assert np.isnan(smooth[5, 0])
    assert running_median(time[:0], spiky[:0], 0.2).shape == (0, 1)
