"""The server: its databases and its configuration.

Documentation: ``sys.databases``, ``sys.configurations``, ``sys.messages``, ``sys.dm_os_sys_info``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.database_options import KEPT_OPTIONS, option_value
from emulator.catalog.system_views.definition import Row, view
from emulator.messages import MESSAGES
from emulator.types.sqltype import INT
from emulator.types.time_zones import ZONES, is_summer, offset_text, time_zone

if TYPE_CHECKING:
    from emulator.session import Session


SWITCHES = (
    *("AUTO_CREATE_STATISTICS", "AUTO_UPDATE_STATISTICS", "AUTO_UPDATE_STATISTICS_ASYNC", "ANSI_NULL_DEFAULT"),
    *("ANSI_NULLS", "ANSI_PADDING", "ANSI_WARNINGS", "ARITHABORT", "CONCAT_NULL_YIELDS_NULL", "NUMERIC_ROUNDABORT"),
    *("QUOTED_IDENTIFIER", "RECURSIVE_TRIGGERS"),
)
"""Options of databases in the order of their columns."""


def _is_on(database: Database, option: str) -> bool:
    return option_value(database.options, option) == "ON"


def _chosen(database: Database, option: str, numbered: tuple[str, ...]) -> Row:
    """The number and the name of an option's value."""
    value = option_value(database.options, option)
    return numbered.index(value), value


USER_ACCESS = ("MULTI_USER", "SINGLE_USER")
"""By their numbers."""


@view(
    "sys.databases",
    """
    name sysname, database_id int, source_database_id int? = NULL, owner_sid varbinary(85)?, create_date datetime,
    compatibility_level tinyint, collation_name sysname?, user_access tinyint?,
    user_access_desc nvarchar(60)?, is_read_only bit? = 0, is_auto_close_on bit,
    is_auto_shrink_on bit?, state tinyint? = 0, state_desc nvarchar(60)? = 'ONLINE', is_in_standby bit? = 0,
    is_cleanly_shutdown bit? = 0, is_supplemental_logging_enabled bit? = 0, snapshot_isolation_state tinyint?,
    snapshot_isolation_state_desc nvarchar(60)?, is_read_committed_snapshot_on bit?, recovery_model tinyint?,
    recovery_model_desc nvarchar(60)?, page_verify_option tinyint?,
    page_verify_option_desc nvarchar(60)?, is_auto_create_stats_on bit?,
    is_auto_create_stats_incremental_on bit? = 0, is_auto_update_stats_on bit?,
    is_auto_update_stats_async_on bit?, is_ansi_null_default_on bit?, is_ansi_nulls_on bit?,
    is_ansi_padding_on bit?, is_ansi_warnings_on bit?, is_arithabort_on bit?,
    is_concat_null_yields_null_on bit?, is_numeric_roundabort_on bit?, is_quoted_identifier_on bit?,
    is_recursive_triggers_on bit?, is_cursor_close_on_commit_on bit? = 0, is_local_cursor_default bit? = 0,
    is_fulltext_enabled bit? = 1, is_trustworthy_on bit? = 0, is_db_chaining_on bit? = 0,
    is_parameterization_forced bit?, is_master_key_encrypted_by_server bit = 0, is_query_store_on bit?,
    is_published bit = 0, is_subscribed bit = 0, is_merge_published bit = 0, is_distributor bit = 0,
    is_sync_with_backup bit = 0, service_broker_guid uniqueidentifier? = NULL, is_broker_enabled bit = 0,
    log_reuse_wait tinyint? = 0, log_reuse_wait_desc nvarchar(60)? = 'NOTHING', is_date_correlation_on bit,
    is_cdc_enabled bit = 0, is_encrypted bit? = 0, is_honor_broker_priority_on bit? = 0, replica_id
    uniqueidentifier? = NULL, group_database_id uniqueidentifier? = NULL, resource_pool_id int? = NULL,
    default_language_lcid smallint? = NULL, default_language_name nvarchar(128)? = NULL,
    default_fulltext_language_lcid int? = NULL, default_fulltext_language_name nvarchar(128)? = NULL,
    is_nested_triggers_on bit? = NULL, is_transform_noise_words_on bit? = NULL,
    two_digit_year_cutoff smallint? = NULL, containment tinyint? = 0, containment_desc nvarchar(60)? = 'NONE',
    target_recovery_time_in_seconds int? = 60, delayed_durability int?,
    delayed_durability_desc nvarchar(60)?, is_memory_optimized_elevate_to_snapshot_on bit? = 0,
    is_federation_member bit? = 0, is_remote_data_archive_enabled bit? = 0, is_mixed_page_allocation_on bit? = 0,
    is_temporal_history_retention_enabled bit? = 1, catalog_collation_type int = 0,
    catalog_collation_type_desc nvarchar(60)? = 'DATABASE_DEFAULT', physical_database_name nvarchar(128)?,
    is_result_set_caching_on bit? = 0, is_accelerated_database_recovery_on bit?,
    is_tempdb_spill_to_remote_store bit? = 0, is_stale_page_detection_on bit? = 0,
    is_memory_optimized_enabled bit? = 1, is_data_retention_enabled bit? = 0, is_ledger_on bit? = 0,
    is_change_feed_enabled bit? = 0
    """,
)
def databases(session: Session, database: Database) -> Iterator[Row]:
    for item in sorted(session.instance.databases.values(), key=lambda item: item.database_id):
        snapshots = item.snapshots
        described = snapshots.name if snapshots in (0, 1) else f"IN_TRANSITION_{snapshots.name}"
        yield (
            *(item.name, item.database_id, item.owner_sid, item.created, item.compatibility_level, item.collation),
            *(USER_ACCESS.index(item.user_access), item.user_access),
            *(_is_on(item, name) for name in ("AUTO_CLOSE", "AUTO_SHRINK")),
            *(int(snapshots), described, item.read_committed_snapshot),
            *_chosen(item, "RECOVERY", ("", "FULL", "BULK_LOGGED", "SIMPLE")),
            *_chosen(item, "PAGE_VERIFY", ("NONE", "TORN_PAGE_DETECTION", "CHECKSUM")),
            *(_is_on(item, name) for name in SWITCHES),
            option_value(item.options, "PARAMETERIZATION") == "FORCED",
            *(_is_on(item, name) for name in ("QUERY_STORE", "DATE_CORRELATION_OPTIMIZATION")),
            *_chosen(item, "DELAYED_DURABILITY", KEPT_OPTIONS["DELAYED_DURABILITY"]),
            *(item.name, _is_on(item, "ACCELERATED_DATABASE_RECOVERY")),
        )


@view(
    "sys.configurations",
    """
    configuration_id int, name nvarchar(35), value sql_variant?, minimum sql_variant?, maximum sql_variant?,
    value_in_use sql_variant?, description nvarchar(255), is_dynamic bit, is_advanced bit
    """,
)
def configurations(session: Session, database: Database) -> Iterator[Row]:
    for number, option in sorted(session.instance.configuration.options.items()):
        numbers = ((INT, item) for item in (option.value, option.least, option.greatest, option.in_use))
        yield number, option.name, *numbers, option.description, option.dynamic, option.advanced


@view(
    "sys.messages",
    "message_id int, language_id smallint = 1033, severity tinyint, is_event_logged bit = 0, text nvarchar(2048)",
)
def messages(session: Session, database: Database) -> Iterator[Row]:
    """The messages that the emulator has, and those of its users."""
    for number, (severity, text) in sorted({**MESSAGES, **session.instance.user_messages}.items()):
        yield number, severity, text


@view("sys.time_zone_info", "name sysname, current_utc_offset nvarchar(6), is_currently_dst bit")
def time_zone_info(session: Session, database: Database) -> Iterator[Row]:
    now = datetime.fromtimestamp(session.instance.clock.now(), UTC)
    for name in ZONES:
        zone = time_zone(name)
        yield name, offset_text(zone, now), is_summer(zone, now)
