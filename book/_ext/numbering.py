"""Numbers of sections, figures and tables, and titles: when one changes, every page is written again, for others refer to it."""

from hashlib import sha256


def pages_to_rewrite(app, env) -> list[str]:
    """Return all pages if a number, title or name that pages can refer to changed since they were written."""
    labels = env.get_domain("std").labels
    titles = {page: title.astext() for page, title in env.titles.items()}
    told = repr([sorted(part.items()) for part in (env.toc_secnumbers, env.toc_fignumbers, titles, labels)])
    now = sha256(told.encode()).hexdigest()
    if now == getattr(env, "book_numbering", None):
        return []
    env.book_numbering = now
    for builder, waiting in env.book_unwritten.items():
        if builder != app.builder.name:
            waiting.update(env.found_docs)
    return sorted(env.found_docs)


def setup(app):
    # After Sphinx has numbered everything
    app.connect("env-get-updated", pages_to_rewrite, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
