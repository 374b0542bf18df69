"""Holds records against what their formats' authors publish: the schema of CycloneDX 1.6, and the
validator of SPDX. Prints a line for each thing that is wrong.

Arguments: the folder of the parts, a record of CycloneDX, a record of SPDX.
"""

import json
import pathlib
import sys

parts, cyclonedx, spdx = map(pathlib.Path, sys.argv[1:])

from jsonschema import Draft7Validator, FormatChecker, RefResolver

schemas = parts / "cyclonedx" / "schema" / "_res"


def schema(name):
    return json.loads((schemas / f"{name}.SNAPSHOT.schema.json").read_text("utf-8"))


own = schema("bom-1.6")
# Nothing is fetched: what it refers to lies beside it.
others = {one["$id"]: one for one in map(schema, ["spdx", "jsf-0.82"])}
validator = Draft7Validator(
    own,
    resolver=RefResolver.from_schema(own, store=others),
    format_checker=FormatChecker(),
)
for error in validator.iter_errors(json.loads(cyclonedx.read_text("utf-8"))):
    print("cyclonedx:", "/".join(map(str, error.absolute_path)), error.message[:300])

from spdx_tools.spdx.parser.json.json_parser import parse_from_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

for message in validate_full_spdx_document(parse_from_file(str(spdx)), "SPDX-2.3"):
    print("spdx:", message.context.spdx_id, message.validation_message[:300])
