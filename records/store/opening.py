"""Opens the store that the settings name."""

from pathlib import Path

from escalation.inputs.settings import Settings
from escalation.model.errors import BadInput
from escalation.ports.store import AuditedStore
from records.store.files import FileStore
from records.store.places import SETTING, ObjectPlace, place_of


def open_store(settings: Settings) -> AuditedStore:
    """Opens the store: in the home, in a folder that machines share, or in an object store.

    Raises:
        BadInput: in one line, where the URL cannot be used, or the folder is not there.
        StoreAway: likewise, where there is no such bucket, the credential is not taken, nobody answers.
    """
    if settings.store_url is None:
        return FileStore(settings.store)
    place = place_of(settings.store_url)
    return _shared_folder(place) if isinstance(place, Path) else _objects(place, settings)


def _shared_folder(folder: Path) -> FileStore:
    """A folder that somebody made: one that is missing may be a file system that is not mounted."""
    if not folder.is_dir():
        raise BadInput(f"{SETTING}: expected a folder at {folder}, got none: mount it, or make it")
    return FileStore(folder)


def _objects(place: ObjectPlace, settings: Settings) -> AuditedStore:
    from records.store.cache import StoreCache
    from records.store.objects import ObjectStore

    cache = StoreCache(settings.home / "store-cache", int(settings.store_cache_gb * 1e9))
    return ObjectStore(place, cache)
