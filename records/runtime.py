"""Opens the records, and the runtime that every driver works with."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread
from typing import TYPE_CHECKING

from escalation.engine.runtime import Runtime
from escalation.inputs.home import private_home
from escalation.inputs.settings import Settings
from escalation.inputs.temporary import sweep
from escalation.ports.configuration import settings as read_settings
from escalation.ports.tracker import Tracker

if TYPE_CHECKING:
    from escalation.ports.store import AuditedStore
    from records.ledger.ledger import SqlLedger
    from records.ledger.signed_heads import HeadSigner


@contextmanager
def open_records(settings: Settings | None = None) -> Iterator["tuple[SqlLedger, AuditedStore]"]:
    """Opens ledger and store alone, for looking at what happened; nothing is run and MLflow is not touched.

    Raises:
        BadInput: when ledger or store cannot be opened, or a setting is wrong.
        MachineFault: when a store elsewhere cannot be reached.
    """
    from records.ledger.ledger import SqlLedger
    from records.store.belonging import check_belonging
    from records.store.opening import open_store

    settings = settings or read_settings()
    sweep()
    with private_home(settings.home):
        store = open_store(settings)
        ledger = SqlLedger(settings.ledger, store, settings.case_lease_s, head_signer(settings))
        try:
            if settings.store_url is not None:  # that of the home is this ledger's
                check_belonging(ledger, store)
            yield ledger, store
        finally:
            ledger.close()


def head_signer(settings: Settings) -> "HeadSigner | None":
    """Signs the ledger's heads with the site's key; None where the site has made none.

    Raises:
        BadInput: when what is there is no such key, or others can read it.
    """
    if settings.signing_key is None and not os.path.lexists(settings.key_file):
        return None
    from records.ledger.signed_heads import FOLDER, HeadSigner
    from records.signing.keys import site_key

    return HeadSigner(site_key(settings), settings.home / FOLDER)


@contextmanager
def open_runtime(settings: Settings | None = None, *, wait_for_view: bool = True) -> Iterator[Runtime]:
    """Opens ledger, store and tracking, and closes them at the end, with every process still running.

    Args:
        settings: where things are kept; default: what the environment says.
        wait_for_view: whether the end waits for MLflow; if not, the end of the process does.

    Raises:
        BadInput: when ledger or store cannot be opened, or a setting is wrong.
        MachineFault: when a store elsewhere cannot be reached.
    """
    from records.tracking.places import tracking_place
    from records.tracking.sampling import SampledTracker
    from records.tracking.tracking import MlflowTracker
    from records.views.report import render

    settings = settings or read_settings()
    with ExitStack() as stack:
        ledger, store = stack.enter_context(open_records(settings))
        tracker: Tracker = MlflowTracker(tracking_place(settings), ledger, store, settings.tracking)
        if settings.tracking < 1:
            tracker = SampledTracker(tracker, settings.tracking)
        runtime = Runtime(settings, ledger, store, tracker, render, ledger.now_s)
        stack.callback(runtime.close)
        try:
            yield runtime
        finally:
            runtime.close_backends()
            if not wait_for_view:
                Thread(target=stack.pop_all().close, name="records").start()
