"""Times calls of prefect-qiskit, one for each line that it reads; prints seconds. For `bench.submission`."""

import sys
from time import perf_counter

from prefect_qiskit_script import bell  # type: ignore[import-not-found]  # beside this file

for _line in sys.stdin:
    start = perf_counter()
    bell()
    sys.stdout.write(f"{perf_counter() - start}\n")
    sys.stdout.flush()
