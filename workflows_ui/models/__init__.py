"""Our own rows about workflows and instances."""

from workflows_ui.models.sent_forms import SentForm
from workflows_ui.models.snapshots import Snapshot
from workflows_ui.models.sweeps import Sweep

__all__ = ["SentForm", "Snapshot", "Sweep"]
