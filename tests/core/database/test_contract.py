"""The document has the contract of the code."""

from pathlib import Path
from typing import get_args

import pytest

from core.command_line.app import main
from core.database.contract import OPERATIONS, markdown
from rosey.contracts import storage as wire

DOCUMENT = Path(__file__).parents[3] / "docs" / "storage.md"


def test_the_document_has_the_contract_of_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "contract"]) == 0
    text = DOCUMENT.read_text(encoding="utf-8")
    document = text.partition("<!-- contract -->\n")[2].partition("<!-- end -->")[0]
    assert document == markdown() == capsys.readouterr().out


def test_every_code_and_type_is_explained() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    missing = [code for code in wire.Code if f"`{code}`" not in text]
    assert missing == []
    assert all(f"| `{kind}` |" in text for kind in get_args(wire.FieldType))


def test_every_request_is_in_it() -> None:
    requests = {
        each
        for each in vars(wire).values()
        if isinstance(each, type) and (each.__doc__ or "").startswith("`db.")
    }
    assert requests == {request for _, request, _ in OPERATIONS}


def test_a_subject_stands_in_its_request() -> None:
    for subject, request, _ in OPERATIONS:
        first = (request.__doc__ or "").split("`")[1]
        assert subject in (first, first.replace("query|execute", "execute")) or subject in (
            first.replace("query|execute", "query")
        )
