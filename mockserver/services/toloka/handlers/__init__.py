"""The handlers of every operation, collected from a module for each tag of the contract."""

from mockserver.engine.service import HandlerTable
from mockserver.services.toloka.handlers import (
    aggregation,
    apps,
    assignments,
    attachments,
    bonuses,
    operations,
    pools,
    projects,
    restrictions,
    skills,
    subscriptions,
    suites,
    tasks,
    threads,
    trainings,
    users,
)

handles = HandlerTable()
for _module in (
    aggregation,
    apps,
    assignments,
    attachments,
    bonuses,
    operations,
    pools,
    projects,
    restrictions,
    skills,
    subscriptions,
    suites,
    tasks,
    threads,
    trainings,
    users,
):
    handles.update(_module.handles)
