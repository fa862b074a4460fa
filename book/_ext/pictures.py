"""Put a chart on the page: picture, computed alternative text, numbered caption, subtitle, source, files and values."""

import base64
import csv
import io
import re
from html import escape
from pathlib import PurePosixPath

from docutils import nodes
from myst_nb.core import render
from sphinx import addnodes

# A picture's counterpart for print has the same name with this ending
PRINT = ".print.svg"
MIME = "application/vnd.dcr.figure+json"


class FigureOutput:
    """Turns the output of `dcr.figures.chart` into a figure."""

    mime_priority_overrides = (("*", MIME, 1),)

    @staticmethod
    def handle_mime(renderer, data, inline):
        if data.mime_type != MIME:
            return None
        page, sphinx = data.content, renderer.renderer
        picture = render.MimeData("image/svg+xml", page["svg"], line=data.line)
        heading = {"name": page["name"], "caption": f"{page['caption']}\n\n{page['subtitle']}", "caption_before": True}
        holder = nodes.Element()
        with sphinx.current_node_context(holder):
            with render.create_figure_context(sphinx, heading, data.line or 0):
                image = renderer.render_image(picture)[0]
                image["alt"] = page["alt"]
                image["ratio"] = ratio(page["svg"])
                name = PurePosixPath(image["uri"]).stem + PRINT
                renderer.write_file([name], page["print"].encode("utf-8"), exists_ok=True)
                sphinx.current_node.append(image)
            sphinx.nested_render_text(page["source"], data.line or 0)
        figure, source = holder.children
        figure["classes"].append("chart")
        figure += enlarged(page, next(iter(figure.findall(nodes.image))))
        figure += nodes.container("", source, files(renderer, page), values(page), classes=["chart-source"])
        return [figure]


def enlarged(page: dict, image: nodes.image) -> nodes.container:
    """Return what folds out a picture in the size of its letters, for phones: screen.css shows it on narrow screens alone."""
    begin = (
        '<details class="chart-large"><summary>Enlarge the picture</summary>'
        f'<div class="chart-picture" tabindex="0" role="region" aria-label="{subject(page)}, enlarged">'
    )
    end = "</div></details>\n"
    return nodes.container(
        "", nodes.raw("", begin, format="html"), image.deepcopy(), nodes.raw("", end, format="html"), classes=["web-only"]
    )


def subject(page: dict) -> str:
    """Return what a figure is on, as HTML."""
    return escape(page["name"].removeprefix("fig-").replace("-", " ").capitalize())


def ratio(svg: str) -> tuple[float, float]:
    """Return width and height of a picture."""
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    return float(box[1]), float(box[2])


def files(renderer, page: dict) -> nodes.paragraph:
    """Write the files of a chart that can be taken away; return the line that offers them."""
    offered = (
        ("Get the data (CSV)", ".csv", page["csv"].encode("utf-8")),
        ("Get the picture (SVG)", ".svg", page["svg"].encode("utf-8")),
        ("Get the picture (PNG)", ".png", base64.b64decode(page["png"])),
    )
    line = nodes.paragraph(classes=["chart-data", "web-only"])
    for text, ending, content in offered:
        path = renderer.write_file([page["name"] + ending], content, overwrite=True)
        line += [addnodes.download_reference("", text, reftarget=path), nodes.Text(" ")]
    return line


# Rows of the plotted values that a page shows; the file holds all
MOST_ROWS = 200


def values(page: dict) -> nodes.raw:
    """Return the plotted values as a table that folds out, for those who cannot or would rather not read the picture."""
    heads, *rows = csv.reader(io.StringIO(page["csv"], newline=""))
    shown = rows[:MOST_ROWS]
    numeric = [all(is_number(row[column]) for row in rows) for column in range(len(heads))]
    scope = "".join(f'<th scope="col"{align(right)}>{escape(name.replace("_", " "))}</th>'
                    for name, right in zip(heads, numeric, strict=True))  # fmt: skip
    body = "".join(table_row(row, numeric) for row in shown)
    told = f"The first {MOST_ROWS} of {len(rows)} rows; the data file holds all. " if len(rows) > len(shown) else ""
    told += "[x]: no value. " if any("" in row for row in shown) else ""
    caption = f"Values plotted: {page['subtitle']} {told}".strip()
    return nodes.raw(
        "",
        '<details class="chart-values"><summary>Table of the plotted values</summary>'
        '<div class="chart-values-table" tabindex="0" role="region" aria-label="'
        f'{subject(page)}, plotted values"><table><caption><span>{escape(caption)}</span></caption>'
        f"<thead><tr>{scope}</tr></thead><tbody>{body}</tbody></table></div></details>\n",
        format="html",
        classes=["web-only"],
    )


def table_row(row: list[str], numeric: list[bool]) -> str:
    """Return a row of values; its first cell heads it."""
    first, *others = (escape(short(value) if right else value) or "[x]" for value, right in zip(row, numeric, strict=True))
    cells = "".join(f"<td{align(right)}>{value}</td>" for value, right in zip(others, numeric[1:], strict=True))
    return f'<tr><th scope="row"{align(numeric[0])}>{first}</th>{cells}</tr>'


def align(numeric: bool) -> str:
    return ' class="n"' if numeric else ""


def is_number(value: str) -> bool:
    """Return whether a value of a data file is a number or missing."""
    try:
        return not value or float(value) is not None
    except ValueError:
        return False


def short(value: str) -> str:
    """Return a number of a data file with at most three decimals, or three figures where it is below one."""
    decimals = len(value.partition(".")[2])
    if decimals <= 3:
        return value
    number = float(value)
    return f"{number:.3g}" if abs(number) < 1 else f"{number:.3f}".rstrip("0").rstrip(".")


def setup(app):
    if FigureOutput not in render.load_mime_renders():
        render.load_mime_renders().append(FigureOutput)
    return {"version": "2", "env_version": 4, "parallel_read_safe": True, "parallel_write_safe": True}
