"""The scaling report of runs that had little to do."""

import numpy as np

from toolbox.mpi.scaling import scaling_report
from toolbox.mpi.task_queue import Phase


def test_a_phase_without_tasks_takes_no_time() -> None:
    none, some = np.zeros(0), np.array([2.0, 1.0])
    idle = Phase("resampling", 0.0, none, none.astype(np.int64), ranks=2)
    busy = Phase("tuning", 2.0, some, np.array([0, 1]), ranks=2)
    found = scaling_report([busy, idle])
    assert found["measured"]["phases"][1]["longest_task_s"] == 0.0
    assert found["measured"]["busy_s"] == [2.0, 1.0]
