"""The answers to Extend's calls, by the tag of their operations."""

from mockserver.engine.service import HandlerTable
from mockserver.services.extend.handlers.classifiers import handles as classifiers
from mockserver.services.extend.handlers.classify import handles as classify
from mockserver.services.extend.handlers.edit import handles as edit
from mockserver.services.extend.handlers.evaluation import handles as evaluation
from mockserver.services.extend.handlers.extract import handles as extract
from mockserver.services.extend.handlers.extractors import handles as extractors
from mockserver.services.extend.handlers.files import handles as files
from mockserver.services.extend.handlers.legacy import handles as legacy
from mockserver.services.extend.handlers.parse import handles as parse
from mockserver.services.extend.handlers.split import handles as split
from mockserver.services.extend.handlers.splitters import handles as splitters
from mockserver.services.extend.handlers.verify import handles as verify
from mockserver.services.extend.handlers.webhooks import handles as webhooks
from mockserver.services.extend.handlers.workflow_runs import handles as workflow_runs
from mockserver.services.extend.handlers.workflows import handles as workflows

_TABLES = (
    workflow_runs,
    workflows,
    files,
    parse,
    extract,
    classify,
    split,
    edit,
    verify,
    extractors,
    classifiers,
    splitters,
    evaluation,
    webhooks,
    legacy,
)

handles = HandlerTable({name: each for table in _TABLES for name, each in table.items()})

__all__ = ["handles"]
