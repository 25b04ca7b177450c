"""A site's settings for Slurm as the base for batch systems takes them."""

import sys

from backends.batch.site import BatchSite
from backends.slurm.settings import SlurmSettings
from escalation.inputs.settings import Settings


def site_of(settings: Settings) -> BatchSite:
    """Reads them; raises `BadInput` on a bad value."""
    own = settings.of(SlurmSettings)
    return BatchSite(
        account=own.slurm_account,
        qos=own.slurm_qos,
        lines=own.slurm_lines,
        prologue=own.slurm_prologue,
        launcher=own.slurm_launcher,
        scratch=own.slurm_scratch,
        python=own.slurm_python or sys.executable,
        poll_s=own.slurm_poll_s,
        command_s=own.slurm_command_s,
        settle_s=own.slurm_settle_s,
        lag_s=own.slurm_lag_s,
        start_s=own.slurm_start_s,
        node_h_usd=own.slurm_node_h_usd,
        cpu_h_usd=own.slurm_cpu_h_usd,
    )
