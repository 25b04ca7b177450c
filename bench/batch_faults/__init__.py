"""What work in a batch system survives: submitters killed at named points, under every fault of the cluster.

A cell is one piece of work on a real Slurm of its own, which the tests' `tests.slurm` starts. A process sends
the work as a case does, on a ledger on disk, and dies at a point; others take it up until it has its answer.
The work itself writes down each time that it begins.

    python -m bench.batch_faults             # every cell; goes on where it was stopped
    python -m bench.batch_faults --subset    # each point and each fault at least once, as the tests run it
"""
