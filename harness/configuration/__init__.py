"""What the user has set: in flags, in the environment, in `lockstep.toml`."""

from harness.configuration.targets import TargetChoice, choose_target

__all__ = ["TargetChoice", "choose_target"]
