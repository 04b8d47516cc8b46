"""The data layer's own T-SQL as batches: what deploying it and the demo's warehouse runs."""

import io

from alembic import command
from alembic.config import Config

from harness.demo.warehouse import demo_batches
from harness.deploy.batches import split_batches
from harness.deploy.sources import DATABASE_FOLDER, read_sources


def batches() -> list[str]:
    """Migrations, objects and the demo, in the order in which they are deployed."""
    objects = [batch.text for source in read_sources() for batch in split_batches(source.text)]
    return [*_migrations(), *objects, *demo_batches()]


def _migrations() -> list[str]:
    """What `alembic upgrade head --sql` prints, batch by batch."""
    config = Config(output_buffer=io.StringIO())
    config.set_main_option("script_location", str(DATABASE_FOLDER / "migrations").replace("%", "%%"))
    command.upgrade(config, "head", sql=True)
    assert isinstance(config.output_buffer, io.StringIO)
    return [batch.text for batch in split_batches(config.output_buffer.getvalue())]
