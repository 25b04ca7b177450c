"""Opens the records, and the runtime that every driver works with."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
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
    from records.ledger.head_signer import HeadSigner
    from records.ledger.ledger import SqlLedger
    from records.signing.keys import SigningKey
    from records.tracking.heads import Head


@contextmanager
def open_records(settings: Settings | None = None) -> Iterator["tuple[SqlLedger, AuditedStore]"]:
    """Opens ledger and store alone, for looking at what happened; nothing is run and MLflow is not touched.

    Raises:
        BadInput: when ledger or store cannot be opened, or a setting is wrong.
        MachineFault: when a store elsewhere cannot be reached.
    """
    from records.ledger.ledger import SqlLedger
    from records.ledger.retention import why_gone
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
            store.note_user(ledger.name())
            store.why_gone = partial(why_gone, ledger)
            yield ledger, store
        finally:
            ledger.close()


def head_signer(settings: Settings) -> "HeadSigner":
    """Compares the ledger with the heads that were signed, and signs more where the site has a key.

    Raises:
        BadInput: when what is there is no such key, or others can read it.
    """
    from records.ledger.head_signer import HeadSigner
    from records.ledger.home_heads import FOLDER

    return HeadSigner(_key(settings), settings.home / FOLDER, partial(_told_heads, settings))


def _key(settings: Settings) -> "SigningKey | None":
    if settings.signing_key is None and not os.path.lexists(settings.key_file):
        return None  # without the import of what signs, which is slow
    from records.signing.keys import find_key

    return find_key(settings)


def _told_heads(settings: Settings, ledger: str, since_s: float | None) -> "list[Head] | None":
    from records.tracking.heads import told_heads
    from records.tracking.places import tracking_place

    return told_heads(tracking_place(settings), ledger, since_s)


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
