"""Deployment: the migrations and files of the data layer onto a target, and the record of what is there."""

from harness.deploy.deployment import Step, deploy
from harness.deploy.plan import FileFault

__all__ = ["FileFault", "Step", "deploy"]
