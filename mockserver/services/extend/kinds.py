"""The kinds of runs, and in what they differ: names, prefixes, processors and events."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of processor: extractor, classifier or splitter."""

    name: str
    prefix: str
    version_prefix: str
    type: str

    @property
    def collection(self) -> str:
        """Where its documents are."""
        return f"extend.{self.name}s"

    @property
    def versions(self) -> str:
        """Where the documents of its versions are."""
        return f"extend.{self.name}_versions"

    @property
    def key(self) -> str:
        """The name of the field that refers to one: `extractorId`."""
        return f"{self.name}Id"


EXTRACTOR = Noun("extractor", "ex_", "exv_", "EXTRACT")
CLASSIFIER = Noun("classifier", "cl_", "clv_", "CLASSIFY")
SPLITTER = Noun("splitter", "spl_", "splv_", "SPLITTER")

NOUNS = {noun.name: noun for noun in (EXTRACTOR, CLASSIFIER, SPLITTER)}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of run: `extract_run` with the prefix `exr_`, and so on."""

    name: str
    prefix: str
    noun: Noun | None = None
    batch_prefix: str = ""
    batch_event: str = ""
    batch_source: str = ""
    has_metadata: bool = True
    cancels: tuple[str, ...] = ()
    priority: int = 50

    @property
    def collection(self) -> str:
        """Where its documents are."""
        return f"extend.{self.name}s"

    @property
    def owner(self) -> str | None:
        """The field that names what was run: `workflowId`, `extractorId`."""
        if self.name == "workflow_run":
            return "workflowId"
        return self.noun.key if self.noun else None


_CANCELS = ("PENDING", "PROCESSING")
_PROCESSED_IN = ("bpr_", "batch_processor_run", "BATCH_PROCESSOR_RUN")

WORKFLOW = Kind("workflow_run", "workflow_run_", batch_prefix="batch_", cancels=_CANCELS)
EXTRACT = Kind("extract_run", "exr_", EXTRACTOR, *_PROCESSED_IN, cancels=_CANCELS)
CLASSIFY = Kind("classify_run", "clr_", CLASSIFIER, *_PROCESSED_IN, cancels=_CANCELS)
SPLIT = Kind("split_run", "splr_", SPLITTER, *_PROCESSED_IN, cancels=_CANCELS)
# Parse runs are cancelled only while they process (facts 5.2).
PARSE = Kind(
    "parse_run", "pr_", None, "bpar_", "batch_parse_run", "BATCH_PARSER_RUN", cancels=_CANCELS[1:]
)
EDIT = Kind("edit_run", "edr_", has_metadata=False)
FORM = Kind("form_detection_run", "fdr_", has_metadata=False)
VERIFY = Kind("verify_run", "vr_", cancels=_CANCELS[1:])

KINDS = {
    kind.name: kind for kind in (WORKFLOW, EXTRACT, CLASSIFY, SPLIT, PARSE, EDIT, FORM, VERIFY)
}
BY_NOUN = {"extractor": EXTRACT, "classifier": CLASSIFY, "splitter": SPLIT}


def kind_of(id: str) -> Kind | None:
    """The kind of the run that has this id."""
    return next((kind for kind in KINDS.values() if id.startswith(kind.prefix)), None)


PARSING = (EXTRACT, CLASSIFY, SPLIT)
"""Kinds whose runs parse their files first."""
