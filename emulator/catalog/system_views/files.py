"""Files and filegroups. Nothing is kept in them here: every database shows the two files that CREATE DATABASE makes.

Documentation: ``sys.database_files``, ``sys.master_files``, ``sys.filegroups``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.system_views.definition import Row, view

if TYPE_CHECKING:
    from emulator.session import Session

PAGES = 1024
"""The size of a file, 8 MB: as model's."""
GROWTH_PAGES = 8192
DIRECTORY = "/var/opt/mssql/data/"
UNLIMITED = -1
LARGEST_LOG = 268435456

FILE = """
    file_guid uniqueidentifier? = NULL, type tinyint, type_desc nvarchar(60)?, data_space_id int, name sysname,
    physical_name nvarchar(260), state tinyint? = 0, state_desc nvarchar(60)? = 'ONLINE', size int, max_size int,
    growth int, is_media_read_only bit = 0, is_read_only bit = 0, is_sparse bit = 0, is_percent_growth bit = 0,
    is_name_reserved bit = 0, is_persistent_log_buffer bit = 0, create_lsn numeric(25,0)? = NULL,
    drop_lsn numeric(25,0)? = NULL, read_only_lsn numeric(25,0)? = NULL, read_write_lsn numeric(25,0)? = NULL,
    differential_base_lsn numeric(25,0)? = NULL, differential_base_guid uniqueidentifier? = NULL,
    differential_base_time datetime? = NULL, redo_start_lsn numeric(25,0)? = NULL,
    redo_start_fork_guid uniqueidentifier? = NULL, redo_target_lsn numeric(25,0)? = NULL,
    redo_target_fork_guid uniqueidentifier? = NULL, backup_lsn numeric(25,0)? = NULL
"""


@view("sys.database_files", "file_id int," + FILE)
def database_files(session: Session, database: Database) -> Iterator[Row]:
    name = database.name
    yield 1, 0, "ROWS", 1, name, f"{DIRECTORY}{name}.mdf", PAGES, UNLIMITED, GROWTH_PAGES
    yield 2, 1, "LOG", 0, f"{name}_log", f"{DIRECTORY}{name}_log.ldf", PAGES, LARGEST_LOG, GROWTH_PAGES


@view("sys.master_files", "database_id int, file_id int," + FILE + ", credential_id int? = NULL")
def master_files(session: Session, database: Database) -> Iterator[Row]:
    for other in session.instance.databases.values():
        for row in database_files(session, other):
            yield other.database_id, *row


@view(
    "sys.filegroups",
    """
    name sysname, data_space_id int, type char(2), type_desc nvarchar(60)?, is_default bit?, is_system bit?,
    filegroup_guid uniqueidentifier? = NULL, log_filegroup_id int? = NULL, is_read_only bit? = 0,
    is_autogrow_all_files bit? = 0
    """,
)
def filegroups(session: Session, database: Database) -> Iterator[Row]:
    yield "PRIMARY", 1, "FG", "ROWS_FILEGROUP", 1, 0
