"""The code on the documentation's pages and in the README runs, page by page, as it stands."""

import linecache
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(), re.S | re.M)


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p)], ids=lambda p: p.name)
def test_code_of_page_runs(page, capsys):
    namespace = {"__name__": f"docs_{page.stem}"}
    for i, block in enumerate(blocks(page)):
        name = f"{page.name}, block {i + 1}"
        linecache.cache[name] = len(block), None, block.splitlines(keepends=True), name  # as in a notebook
        exec(compile(block, name, "exec"), namespace)


def lines_of(block: str) -> int:
    """Lines of code, without imports, comments and empty ones."""
    return sum(
        bool(line.strip()) and not line.strip().startswith(("#", "from ", "import ", "assert "))
        for line in block.splitlines()
    )


def test_extensions_are_as_short_as_promised():
    code = blocks(ROOT / "docs" / "extending.md")
    number_type = next(b for b in code if b.startswith("# jet.py"))
    primitive = next(b for b in code if b.startswith("# softplus.py"))
    assert number_type.count("\n") <= 60
    assert primitive.count("\n") <= 10
    method = next(b for b in code if "@square.register" in b)
    assert lines_of(method) <= 3
