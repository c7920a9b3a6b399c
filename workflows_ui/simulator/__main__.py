"""`python -m workflows_ui.simulator`: the simulator without Django."""

from __future__ import annotations

from workflows_ui.simulator.program import main

if __name__ == "__main__":
    main()
