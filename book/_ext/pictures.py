"""Put a chart on the page: picture, computed alternative text, numbered caption, subtitle, source and data file."""

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
                name = PurePosixPath(image["uri"]).stem + PRINT
                renderer.write_file([name], page["print"].encode("utf-8"), exists_ok=True)
                sphinx.current_node.append(image)
            sphinx.nested_render_text(page["source"], data.line or 0)
        figure, source = holder.children
        figure["classes"].append("chart")
        path = renderer.write_file([page["name"] + ".csv"], page["csv"].encode("utf-8"), overwrite=True)
        source += [nodes.Text(" "), addnodes.download_reference("", "Get the data (CSV)", reftarget=path, classes=["chart-data"])]
        figure += nodes.container("", source, classes=["chart-source"])
        return [figure]


def setup(app):
    if FigureOutput not in render.load_mime_renders():
        render.load_mime_renders().append(FigureOutput)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
