"""Which instance ids of a local engine are known to exist.

Asking the engine for an instance that is not there creates a phantom, so an id is only ever
addressed after it was seen: in a list, or as the answer of a create.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock

CAPACITY = 20_000

Key = tuple[str, str, str]


class KnownIds:
    """A record of (address, workflow, id), the longest unused dropped first. Thread-safe."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._keys: OrderedDict[Key, None] = OrderedDict()
        self._lock = Lock()

    def has(self, base_url: str, workflow: str, instance_id: str) -> bool:
        key = (base_url, workflow, instance_id)
        with self._lock:
            if key not in self._keys:
                return False
            self._keys.move_to_end(key)
            return True

    def add(self, base_url: str, workflow: str, instance_ids: Iterable[str]) -> None:
        with self._lock:
            for instance_id in instance_ids:
                key = (base_url, workflow, instance_id)
                self._keys[key] = None
                self._keys.move_to_end(key)
            while len(self._keys) > self._capacity:
                self._keys.popitem(last=False)

    def forget(self, base_url: str, workflow: str | None = None, *instance_ids: str) -> None:
        """Forget these ids; all of the workflow, or of the address, when none are named."""
        with self._lock:
            if workflow is not None and instance_ids:
                for instance_id in instance_ids:
                    self._keys.pop((base_url, workflow, instance_id), None)
                return
            for key in list(self._keys):
                if key[0] == base_url and workflow in (None, key[1]):
                    del self._keys[key]


known_ids = KnownIds()
"""Of this process."""
