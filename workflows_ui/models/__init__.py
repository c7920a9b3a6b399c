"""Our own rows about workflows and instances."""

from workflows_ui.models.batches import Batch
from workflows_ui.models.dashboards import Dashboard, DashboardLink, Panel, StartPage
from workflows_ui.models.history import CountSample, EndedRun, Sampling, SeenInstance, Span
from workflows_ui.models.sent_forms import SentForm
from workflows_ui.models.snapshots import Snapshot
from workflows_ui.models.sweeps import Sweep

__all__ = [
    "Batch",
    "CountSample",
    "Dashboard",
    "DashboardLink",
    "EndedRun",
    "Panel",
    "Sampling",
    "SeenInstance",
    "SentForm",
    "Snapshot",
    "Span",
    "StartPage",
    "Sweep",
]
