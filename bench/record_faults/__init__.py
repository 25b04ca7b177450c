"""What the records survive: every kind of process that a case has, killed by SIGKILL at named points.

A case of the toy family goes up its ladder, over MPI ranks and a worker process to the end. The process that
drives it, the writer of MLflow in it, a rank, a launcher or a worker dies at a point; others take the case up
until it is final. Its answer then has the digest of a case that nobody disturbed, the ledger, the store and
MLflow have nothing that does not fit, and no process is left. At other points the disk is full, or the store
read-only, until somebody mends it; those need the right to mount (run under `unshare --mount`).

    python -m bench.record_faults                  # every point, a line each
    python -m bench.record_faults --only mlflow    # those whose names hold a word
"""
