"""Every operation of every contract, asked with right and with wrong data, answers as written."""

from pathlib import Path

import pytest

from tests.contract.conftest import Depth
from tests.contract.exploring import explore, schema_of, shown
from tests.contract.subjects import SUBJECTS, Subject, chosen

pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")

SHARDS = [
    pytest.param(subject, shard, id=f"{subject.name}-{shard}")
    for subject in chosen()
    for shard in range(subject.shards)
]


@pytest.mark.parametrize(("subject", "shard"), SHARDS)
def test_an_operation_keeps_to_its_contract(
    subject: Subject, shard: int, depth: Depth, tmp_path: Path
) -> None:
    phases = ["examples", "coverage", "fuzzing"]
    schema = schema_of(subject, subject.app(tmp_path), depth, phases, shard)
    findings = list(explore(schema))
    assert not findings, shown(findings)


@pytest.mark.parametrize("subject", chosen(), ids=lambda subject: subject.name)
def test_a_sequence_of_calls_keeps_to_the_contract(
    subject: Subject, depth: Depth, tmp_path: Path
) -> None:
    schema = schema_of(subject, subject.app(tmp_path), depth, ["stateful"])
    findings = list(explore(schema, depth.scenarios))
    assert not findings, shown(findings)


def test_every_service_is_explored() -> None:
    from mockserver.services import SERVICES

    assert {service.name for service in SERVICES} == {*SUBJECTS}
