"""Random bits in place of samples: even odds, from a seed that the samples give."""

import numpy as np

from escalation.model.blob import Blob
from escalation.model.job_state import JobState
from escalation.model.result import RawResult
from toolbox.circuits.null_control import uniform_bits, uniform_seed


def test_bits_are_even_odds_and_repeat_themselves() -> None:
    drawn = uniform_bits(5, 4000, 7)
    assert drawn.shape == (4000, 7)
    assert set(np.unique(drawn)) == {0, 1}
    # five standard errors of a share of one half among 4,000
    assert np.abs(drawn.mean(axis=0) - 0.5).max() < 5 * 0.5 / np.sqrt(4000)
    np.testing.assert_array_equal(uniform_bits(5, 4000, 7), drawn)


def test_other_samples_give_another_seed() -> None:
    seeds = [
        uniform_seed(RawResult(JobState.DONE, files={"bits-0.npy": Blob(b)})) for b in (b"x", b"y", b"x")
    ]
    assert seeds[0] == seeds[2] != seeds[1]
