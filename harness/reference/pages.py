"""Makes the pages: Markdown by path below `docs/`, from headers, tested features and the templates."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from emulator.sql import query_hints
from harness.deploy.sources import DATABASE_FOLDER, SourceFile, read_sources
from harness.reference import compatibility
from harness.reference.catalogue import Area, read_catalogue
from harness.reference.examples import given_arguments, positional_arguments
from harness.reference.headers import Procedure, read_procedure

SCHEMAS = {
    "picking": "Picking for production runs",
    "putaway": "Moving lots between bins",
    "lockstep": "Infrastructure",
    "ops": "Operations",
    "bags": "Bags and bills",
    "operators": "Sign-in",
}
"""What each schema is for, in the order of the overview."""

_NUMBERED = re.compile(r"(?:^|, )(\d+) (?=\S)")
_DEFINITION = re.compile(r"^(?P<term>\w+) {2,}(?P<text>\S.*)$")
_TEMPLATES = Path(__file__).parent / "templates"


def reference_pages(database: Path = DATABASE_FOLDER) -> dict[str, str]:
    """All pages by path. CheckFailed if a header is not complete or an error has two meanings."""
    sources = [source for source in read_sources(database) if source.kind == "procedures"]
    procedures = [read_procedure(source) for source in sources]
    areas = read_catalogue(sources, database)
    environment = _environment(areas)
    pages = {
        "errors.md": environment.get_template("errors.md.j2").render(areas=areas),
        "emulator-compatibility.md": _compatibility(environment),
        "procedures/README.md": _overview(environment, procedures),
    }
    for procedure, source in zip(procedures, sources, strict=True):
        pages[f"procedures/{procedure.name}.md"] = _page(environment, procedure, source)
    return pages


def _overview(environment: Environment, procedures: list[Procedure]) -> str:
    groups = {title: [one for one in procedures if one.schema == schema] for schema, title in SCHEMAS.items()}
    return environment.get_template("overview.md.j2").render(groups={t: found for t, found in groups.items() if found})


def _page(environment: Environment, procedure: Procedure, source: SourceFile) -> str:
    given = [] if procedure.caller else given_arguments(procedure)
    return environment.get_template("procedure.md.j2").render(
        procedure=procedure,
        path=source.path.relative_to(source.path.parents[3]).as_posix(),
        given=given,
        positional=[] if procedure.caller else positional_arguments(procedure),
        has_request=any(argument.is_request for argument in given),
        has_decimal=any(argument.type_name == "decimal" for argument in given),
    )


def _compatibility(environment: Environment) -> str:
    return environment.get_template("compatibility.md.j2").render(
        chapters=compatibility.read_chapters(),
        documentation=compatibility.DOCUMENTATION,
        clients=compatibility.CLIENTS,
        functions=compatibility.built_in_functions(),
        refused_functions=compatibility.refused_functions(),
        procedures=compatibility.system_procedures(),
        steering_hints=sorted(query_hints.STEERING),
        refused_hints=sorted(query_hints.REFUSED),
        views=compatibility.system_views(),
    )


def _environment(areas: list[Area]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown, not HTML
    )
    environment.globals["errors"] = {error.number: error for area in areas for error in area.errors}
    environment.filters["numbered"] = _numbered
    environment.filters["paragraphs"] = _paragraphs
    environment.filters["status"] = lambda feature: (
        "refused" if feature.refused else "yes, but" if feature.note else "yes"
    )
    environment.filters["cell"] = lambda text: text.replace("|", "\\|")
    return environment


def _numbered(text: str) -> list[str]:
    """The steps of a text that counts them: `1 this, 2 that`; empty if it does not begin with 1."""
    if not text.startswith("1 "):
        return []
    steps, position, wanted = [], 0, 1
    for match in _NUMBERED.finditer(text):
        if int(match[1]) == wanted:
            steps.append(text[position : match.start()])
            position, wanted = match.end(), wanted + 1
    return [step.strip() for step in [*steps[1:], text[position:]]]


def _paragraphs(lines: tuple[str, ...]) -> str:
    """The lines as running text, those that begin with a term and a gap as a list."""
    paragraphs: list[str] = []
    for line in lines:
        if definition := _DEFINITION.match(line):
            paragraphs.append(f"- `{definition['term']}`: {definition['text']}")
        elif paragraphs and not paragraphs[-1].startswith("- "):
            paragraphs[-1] += f" {line.strip()}"
        else:
            paragraphs.append(line.strip())
    text = "\n".join(paragraphs).replace("\n- ", "\n\n- ", 1)
    return text[:1].upper() + text[1:]
