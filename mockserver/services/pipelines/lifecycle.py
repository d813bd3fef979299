"""How long things take here and who does them, and the table of what happens later."""

from mockserver.engine.pace import Transition
from mockserver.engine.service import JobTable

runs = JobTable()

transitions = {
    "process_upload": Transition(fast=(0.05, 0.2), realistic=(2, 30)),
    "seed_tasks": Transition(fast=(0.05, 0.2), realistic=(2, 20)),
    "fire_chain": Transition(fast=(0.02, 0.1), realistic=(1, 5)),
    "import_rows": Transition(fast=(0.05, 0.2), realistic=(2, 30)),
    "export_rows": Transition(fast=(0.05, 0.2), realistic=(2, 30)),
    # What was submitted is shown as submitted until the next look at it.
    "route_task": Transition(fast=(0, 0), realistic=(0.2, 1)),
    "generate_responses": Transition(fast=(0.1, 0.4), realistic=(3, 20)),
    "claim_work": Transition(fast=(0.3, 0.7), realistic=(5, 60), by="people"),
    "submit_work": Transition(fast=(0.1, 0.3), realistic=(30, 300), by="people"),
}

SLICE = 200
"""Documents that one run of a job works on; the next run goes on from there.

Small enough that calls which come meanwhile hardly notice.
"""

CREW_SLICE = 10
"""Nodes that the simulated people take up, or hand in, in one run."""

CREW_WAVE = 500
"""Nodes that they take up, or hand in, before time passes again."""

UPLOAD_EXPIRES = 3600.0
"""Seconds in which the ZIP must have been put; not documented (fact 14, U4)."""

MAX_TASKS = 5_000
"""Tasks that one call creates (fact 2, E4)."""
