"""`rrmq judges`: the judges that have a name."""

import click

from rrm_queue.actions.app import App
from rrm_queue.actions.judges import listed, local_files
from rrm_queue.actions.schemas import json_line
from rrm_queue.cli.render.judges import judges_table
from rrm_queue.cli.render.terminal import screen


@click.command("judges")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(as_json: bool) -> None:
    """List the judges that have a name: those that come with rrmq, and those of your files.

    Files are NAME.toml in the folder `judges` here or under RRMQ_HOME (docs/judges.md). A judge
    without a model is given one: `--judge NAME@openai:MODEL`.
    """
    with App() as app:
        judges = listed(local_files(app.settings.home).folders)
    if as_json:
        for judge in judges:
            click.echo(json_line(judge))
    else:
        screen().print(judges_table(judges))
