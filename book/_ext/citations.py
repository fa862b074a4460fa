"""Numbered citations: when a citation is added or dropped, every page whose numbers shift is written again."""

from functools import cache

import pybtex.plugin

from ledger import await_writing

# Each printed citation asks for the style, and all installed packages are searched for it each time
pybtex.plugin.find_plugin = cache(pybtex.plugin.find_plugin)


def await_new_labels(app, env) -> None:
    """Note the pages that print a citation whose number changed since they were written."""
    domain = env.get_domain("cite")
    now = {citation.key: citation.formatted_entry.label for citation in domain.citations}
    before = getattr(env, "book_citation_labels", {})
    changed = {key for key in now.keys() | before.keys() if now.get(key) != before.get(key)}
    env.book_citation_labels = now
    citing = {ref.docname for ref in domain.citation_refs if changed & {target.key for target in ref.targets}}
    listing = {key.docname for key in domain.bibliographies} if changed else set()
    await_writing(env, citing | listing)


def setup(app):
    # After the citations are numbered and before the ledger says which pages to write
    app.connect("env-updated", await_new_labels, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
