"""Every scenario of this folder goes as it expects, and says what it shows and where that is documented."""

from pathlib import Path

import pytest

from harness.connection import Target
from harness.scenarios import Runner, read_scenario
from harness.scenarios.presentation import difference, history_text

FILES = sorted(Path(__file__).parent.glob("*.spec"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_scenario_goes_as_expected(target: Target, file: Path) -> None:
    scenario = read_scenario(file)
    assert scenario.rule
    assert scenario.pages
    assert scenario.expected is not None
    diff = difference(scenario, history_text(scenario, Runner(target).run(scenario)))
    assert not diff, "\n".join(diff)
