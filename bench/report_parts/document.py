"""Puts the tables between their marks in docs/performance.md."""


def update(path, sections):
    """Raises OSError if the document has no place for a section."""
    text = path.read_text()
    for title, content in sections:
        text = replace(text, title, content, path)
    path.write_text(text)


def replace(text, name, content, path):
    begin, end = f"<!-- {name}: written by ./run bench -->", f"<!-- end of {name} -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise OSError(f"{path} has no place for the section {name}")
    return f"{before}{begin}\n\n{content}\n\n{end}{after}"
