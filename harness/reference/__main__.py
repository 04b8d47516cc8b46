"""`python -m harness.reference`: write the reference pages, and remove those of procedures that are gone."""

from harness.deploy.sources import DATABASE_FOLDER
from harness.reference.pages import reference_pages

DOCS = DATABASE_FOLDER.parent / "docs"


def main() -> None:
    """Write every page."""
    pages = reference_pages()
    for path, text in pages.items():
        (DOCS / path).parent.mkdir(parents=True, exist_ok=True)
        (DOCS / path).write_text(text, encoding="utf-8")
    for page in (DOCS / "procedures").glob("*.md"):
        if f"procedures/{page.name}" not in pages:
            page.unlink()
    print(f"{len(pages)} pages written to {DOCS}")


if __name__ == "__main__":
    main()
