"""Deployment: the migrations and files of the data layer onto a target, and the record of what is there."""

from harness.deploy.deployment import DeployFailed, Step, deploy

__all__ = ["DeployFailed", "Step", "deploy"]
