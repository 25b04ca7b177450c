"""A site's settings for PBS as the base for batch systems takes them."""

import sys

from backends.batch.site import BatchSite
from backends.pbs.settings import PbsSettings
from escalation.inputs.settings import Settings


def site_of(settings: Settings) -> BatchSite:
    """Reads them; raises `BadInput` on a bad value."""
    own = settings.of(PbsSettings)
    return BatchSite(
        account=own.pbs_account,
        qos=None,
        lines=own.pbs_lines,
        prologue=own.pbs_prologue,
        launcher=own.pbs_launcher,
        scratch=own.pbs_scratch,
        python=own.pbs_python or sys.executable,
        poll_s=own.pbs_poll_s,
        command_s=own.pbs_command_s,
        settle_s=own.pbs_settle_s,
        lag_s=own.pbs_lag_s,
        start_s=own.pbs_start_s,
        node_h_usd=own.pbs_node_h_usd,
        cpu_h_usd=own.pbs_cpu_h_usd,
    )
