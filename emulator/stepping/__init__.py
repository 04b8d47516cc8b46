"""Sessions run step by step, in a chosen order, from a state that can be returned to: the engine under a microscope.

``Stepper`` and ``every_order`` are what there is to use; ``rewinding`` returns to a saved state, ``tracing`` keeps the
history.
"""

from emulator.stepping.orders import every_order
from emulator.stepping.stepper import Actor, Progress, Stepper, Wait
from emulator.stepping.tracing import Event, EventKind

__all__ = ["Actor", "Event", "EventKind", "Progress", "Stepper", "Wait", "every_order"]
