"""Whatever T-SQL a session is given, it answers with results or with an error of SQL Server, and goes on.

`LOCKSTEP_FUZZ_EXAMPLES` sets the number of examples of each test (`make fuzz` sets it high, and a new seed each time).
"""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.grammar import SETUP, batches
from tests.fuzz.judge import Judge
from tests.fuzz.mutation import mutated

EXAMPLES = int(os.environ.get("LOCKSTEP_FUZZ_EXAMPLES", "150"))
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="LOCKSTEP_FUZZ_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    print_blob=True,
)


@FUZZ
@given(batches())
def test_batches_of_the_grammar_end_in_results_or_errors(text: str) -> None:
    Judge(*SETUP).judge(text)


@FUZZ
@given(mutated())
def test_mutated_batches_of_the_corpus_end_in_results_or_errors(text: str) -> None:
    Judge(*SETUP).judge(text)


@FUZZ
@given(st.text(max_size=200))
def test_any_text_ends_in_results_or_errors(text: str) -> None:
    Judge().judge(text)
