"""`python -m bench.live_contract DEVICE`."""

import sys

from bench.live_contract.command import main

sys.exit(main())
