"""Views of features that the emulator does not have: they are there, for those who ask, and always empty.

Columns are those that tools read, in the order of the documentation; a feature that could be switched on is refused by
name where that is done.

Documentation: "System catalog views (Transact-SQL)" and the pages of the views.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.system_views.columns import COLUMN
from emulator.catalog.system_views.definition import Row, view
from emulator.catalog.system_views.objects import OBJECT

if TYPE_CHECKING:
    from emulator.session import Session

INDEX = """
    object_id int, name sysname?, index_id int, type tinyint, type_desc nvarchar(60)?, is_unique bit?,
    data_space_id int?, ignore_dup_key bit?, is_primary_key bit?, is_unique_constraint bit?, fill_factor tinyint,
    is_padded bit?, is_disabled bit?, is_hypothetical bit?, is_ignored_in_optimization bit?, allow_row_locks bit?,
    allow_page_locks bit?,
"""
KEY = """
    name sysname, principal_id int?, {id} int, key_length int, {extra} create_date datetime, modify_date datetime
"""
AUDIT = """
    {id} int, name sysname, create_date datetime, modify_date datetime, audit_guid uniqueidentifier?,
    is_state_enabled bit?
"""

VIEWS = {
    # indexes and storage
    "xml_indexes": INDEX
    + """
        has_filter bit, filter_definition nvarchar(max)?, using_xml_index_id int?, secondary_type char(1)?,
        secondary_type_desc nvarchar(60)?, xml_index_type tinyint?, xml_index_type_description nvarchar(60)?,
        path_id int?, auto_created bit?
    """,
    "selective_xml_index_paths": """
        object_id int, index_id int, path_id int, path nvarchar(4000)?, name sysname?, path_type tinyint,
        path_type_desc sysname?, xml_component_id int?, is_node bit?, system_type_id tinyint?, user_type_id tinyint?,
        max_length smallint?, precision tinyint?, scale tinyint?, collation_name sysname?, is_singleton bit?
    """,
    "spatial_indexes": INDEX
    + """
        spatial_index_type tinyint, spatial_index_type_desc nvarchar(60)?, tessellation_scheme sysname?,
        has_filter bit, filter_definition nvarchar(max)?, auto_created bit?
    """,
    "spatial_index_tessellations": """
        object_id int, index_id int, tessellation_scheme sysname?, bounding_box_xmin float?, bounding_box_ymin float?,
        bounding_box_xmax float?, bounding_box_ymax float?, level_1_grid smallint?, level_1_grid_desc nvarchar(60)?,
        level_2_grid smallint?, level_2_grid_desc nvarchar(60)?, level_3_grid smallint?,
        level_3_grid_desc nvarchar(60)?, level_4_grid smallint?, level_4_grid_desc nvarchar(60)?, cells_per_object int?
    """,
    "hash_indexes": INDEX + "has_filter bit, filter_definition nvarchar(max)?, bucket_count int, auto_created bit?",
    "fulltext_catalogs": """
        fulltext_catalog_id int, name sysname, path nvarchar(260)?, is_default bit, is_accent_sensitivity_on bit,
        data_space_id int?, file_id int?, principal_id int?, is_importing bit
    """,
    "fulltext_indexes": """
        object_id int, unique_index_id int, fulltext_catalog_id int?, is_enabled bit, change_tracking_state char(1)?,
        change_tracking_state_desc nvarchar(60)?, has_crawl_completed bit, crawl_type char(1),
        crawl_type_desc nvarchar(60)?, crawl_start_date datetime?, crawl_end_date datetime?,
        incremental_timestamp binary(8)?, stoplist_id int?, data_space_id int, property_list_id int?
    """,
    "fulltext_index_columns": """
        object_id int, column_id int, type_column_id int?, language_id int, statistical_semantics int
    """,
    "fulltext_stoplists": """
        stoplist_id int, name sysname, create_date datetime, modify_date datetime, principal_id int?
    """,
    "fulltext_languages": "lcid int, name sysname",
    "partition_functions": """
        name sysname, function_id int, type char(2), type_desc nvarchar(60)?, fanout int, boundary_value_on_right bit,
        is_system bit, create_date datetime, modify_date datetime
    """,
    "partition_parameters": """
        function_id int, parameter_id int, system_type_id tinyint, max_length smallint, precision tinyint,
        scale tinyint, collation_name sysname?, user_type_id int
    """,
    "partition_range_values": "function_id int, boundary_id int, parameter_id int, value sql_variant?",
    "partition_schemes": """
        name sysname, data_space_id int, type char(2), type_desc nvarchar(60)?, is_default bit?, is_system bit?,
        function_id int
    """,
    "destination_data_spaces": "partition_scheme_id int, destination_id int, data_space_id int",
    "column_store_row_groups": """
        object_id int, index_id int, partition_number int, row_group_id int, delta_store_hobt_id bigint?,
        state tinyint, state_description nvarchar(60), total_rows bigint?, deleted_rows bigint?, size_in_bytes bigint?
    """,
    "column_store_segments": """
        partition_id bigint?, hobt_id bigint?, column_id int?, segment_id int?, version int?, encoding_type int?,
        row_count int?, has_nulls int?, base_id bigint?, magnitude float?, primary_dictionary_id int?,
        secondary_dictionary_id int?, min_data_id bigint?, max_data_id bigint?, null_value bigint?,
        on_disk_size bigint?
    """,
    "column_store_dictionaries": """
        partition_id bigint?, hobt_id bigint?, column_id int?, dictionary_id int?, version int?, type int?,
        last_id int?, entry_count bigint?, on_disk_size bigint?
    """,
    "internal_tables": OBJECT
    + """
        internal_type tinyint?, internal_type_desc nvarchar(60)?, parent_id int?, parent_minor_id int?,
        lob_data_space_id int, filestream_data_space_id int?
    """,
    "internal_partitions": """
        partition_id bigint, object_id int, index_id int, partition_number int, hobt_id bigint, internal_object_type
        tinyint?, internal_object_type_desc nvarchar(60)?, row_group_id int?, rows bigint?,
        data_compression tinyint?, data_compression_desc nvarchar(60)?
    """,
    "backup_devices": "name sysname, type tinyint?, type_desc nvarchar(60)?, physical_name nvarchar(260)?",
    # CLR, XML
    "assemblies": """
        name sysname, principal_id int?, assembly_id int, clr_name nvarchar(4000)?, permission_set tinyint?,
        permission_set_desc nvarchar(60)?, is_visible bit, create_date datetime, modify_date datetime,
        is_user_defined bit?
    """,
    "assembly_files": "assembly_id int, name nvarchar(260)?, file_id int, content varbinary(max)?",
    "assembly_modules": """
        object_id int, assembly_id int, assembly_class sysname?, assembly_method sysname?, null_on_null_input bit?,
        execute_as_principal_id int?
    """,
    "assembly_references": "assembly_id int, referenced_assembly_id int",
    "assembly_types": """
        name sysname, system_type_id tinyint, user_type_id int, schema_id int, principal_id int?, max_length smallint,
        precision tinyint, scale tinyint, collation_name sysname?, is_nullable bit?, is_user_defined bit,
        is_assembly_type bit, default_object_id int, rule_object_id int, assembly_id int, assembly_class sysname?,
        is_binary_ordered bit?, is_fixed_length bit?, prog_id nvarchar(40)?, assembly_qualified_name nvarchar(4000)?,
        is_table_type bit
    """,
    "type_assembly_usages": "user_type_id int, assembly_id int",
    "xml_schema_collections": """
        xml_collection_id int, schema_id int, principal_id int?, name sysname, create_date datetime,
        modify_date datetime
    """,
    "xml_schema_namespaces": "xml_collection_id int, name nvarchar(4000), xml_namespace_id int",
    "column_xml_schema_collection_usages": "object_id int, column_id int, xml_collection_id int",
    "parameter_xml_schema_collection_usages": "object_id int, parameter_id int, xml_collection_id int",
    # keys, audits, policies
    "certificates": """
        name sysname, certificate_id int, principal_id int?, pvt_key_encryption_type char(2),
        pvt_key_encryption_type_desc nvarchar(60)?, is_active_for_begin_dialog bit?, issuer_name nvarchar(442)?,
        cert_serial_number nvarchar(64)?, sid varbinary(85)?, string_sid nvarchar(128)?, subject nvarchar(4000)?,
        expiry_date datetime?, start_date datetime?, thumbprint varbinary(32), attested_by nvarchar(260)?,
        pvt_key_last_backup_date datetime?, key_length int?
    """,
    "symmetric_keys": KEY.format(
        id="symmetric_key_id",
        extra="key_algorithm char(2), algorithm_desc nvarchar(60)?,",
    )
    + ", key_guid uniqueidentifier?, key_thumbprint sql_variant?, provider_type nvarchar(120)?",
    "asymmetric_keys": """
        name sysname, principal_id int?, asymmetric_key_id int, pvt_key_encryption_type char(2),
        pvt_key_encryption_type_desc nvarchar(60)?, thumbprint varbinary(32), algorithm char(2),
        algorithm_desc nvarchar(60)?, key_length int, sid varbinary(85)?, string_sid nvarchar(128)?,
        public_key varbinary(max), attested_by nvarchar(260)?, provider_type nvarchar(120)?,
        cryptographic_provider_guid uniqueidentifier?, cryptographic_provider_algid sql_variant?
    """,
    "key_encryptions": """
        key_id int, thumbprint varbinary(32)?, crypt_type char(4), crypt_type_desc nvarchar(60)?,
        crypt_property varbinary(max)?
    """,
    "crypt_properties": """
        class tinyint, class_desc nvarchar(60)?, major_id int, thumbprint varbinary(32), crypt_type char(4),
        crypt_type_desc nvarchar(60)?, crypt_property varbinary(max)
    """,
    "openkeys": """
        database_id int, database_name sysname?, key_id int, key_name sysname?, key_guid uniqueidentifier?,
        opened_date datetime?, status smallint
    """,
    "column_master_keys": """
        name sysname, column_master_key_id int, create_date datetime, modify_date datetime,
        key_store_provider_name sysname?, key_path nvarchar(4000)?, allow_enclave_computations bit,
        signature varbinary(max)?
    """,
    "column_encryption_keys": """
        name sysname, column_encryption_key_id int, create_date datetime, modify_date datetime
    """,
    "column_encryption_key_values": """
        column_encryption_key_id int, column_master_key_id int, encrypted_value varbinary(8000)?,
        encryption_algorithm_name sysname?
    """,
    "masked_columns": COLUMN + ", masking_function nvarchar(4000)?",
    "credentials": """
        credential_id int, name sysname, credential_identity nvarchar(4000)?, create_date datetime,
        modify_date datetime, target_type nvarchar(100)?, target_id int?
    """,
    "database_credentials": """
        credential_id int, name sysname, credential_identity nvarchar(4000)?, create_date datetime,
        modify_date datetime, target_type nvarchar(100)?, target_id int?
    """,
    "database_scoped_credentials": """
        name sysname, principal_id int, credential_id int, credential_identity nvarchar(4000)?, create_date datetime,
        modify_date datetime, target_type nvarchar(100)?, target_id int?
    """,
    "security_policies": OBJECT + "is_enabled bit, is_not_for_replication bit, uses_database_collation bit?, "
    "is_schema_bound bit",
    "security_predicates": """
        object_id int, security_predicate_id int, target_object_id int, predicate_definition nvarchar(max)?,
        predicate_type int?, predicate_type_desc nvarchar(60)?, operation int?, operation_desc nvarchar(60)?
    """,
    "sensitivity_classifications": """
        class int, class_desc varchar(16), major_id int, minor_id int, label sysname?, label_id sysname?,
        information_type sysname?, information_type_id sysname?, rank int?, rank_desc varchar(10)?
    """,
    "server_audits": AUDIT.format(id="audit_id")
    + ", principal_id int?, type char(2), type_desc nvarchar(60)?, on_failure tinyint?, "
    "on_failure_desc nvarchar(60)?, queue_delay int?, predicate nvarchar(3000)?",
    "server_audit_specifications": AUDIT.format(id="server_specification_id"),
    "database_audit_specifications": AUDIT.format(id="database_specification_id"),
    "database_audit_specification_details": """
        database_specification_id int, audit_action_id char(4), audit_action_name nvarchar(60)?, class tinyint,
        class_desc nvarchar(60)?, major_id int, minor_id int, audited_principal_id int, audited_result nvarchar(60)?,
        is_group bit
    """,
    # messages, events, jobs
    "services": "name sysname, service_id int, principal_id int?, service_queue_id int",
    "service_queues": OBJECT
    + """
        max_readers smallint?, activation_procedure nvarchar(776)?, execute_as_principal_id int?,
        is_activation_enabled bit, is_receive_enabled bit, is_enqueue_enabled bit, is_retention_enabled bit,
        is_poison_message_handling_enabled bit?
    """,
    "service_contracts": "name sysname, service_contract_id int, principal_id int?",
    "service_message_types": """
        name sysname, message_type_id int, principal_id int?, validation char(2), validation_desc nvarchar(60)?,
        xml_collection_id int?
    """,
    "service_contract_message_usages": """
        service_contract_id int, message_type_id int, is_sent_by_initiator bit, is_sent_by_target bit
    """,
    "service_contract_usages": "service_id int, service_contract_id int",
    "routes": """
        name sysname, route_id int, principal_id int?, remote_service_name nvarchar(256)?,
        broker_instance nvarchar(128)?, lifetime datetime?, address nvarchar(256)?, mirror_address nvarchar(256)?
    """,
    "remote_service_bindings": """
        name sysname, remote_service_binding_id int, principal_id int?, remote_service_name nvarchar(256)?,
        service_contract_id int, remote_principal_id int?, is_anonymous_on bit
    """,
    "conversation_endpoints": """
        conversation_handle uniqueidentifier, conversation_id uniqueidentifier, is_initiator bit,
        service_contract_id int, conversation_group_id uniqueidentifier, service_id int, lifetime datetime,
        state char(2), state_desc nvarchar(60)?, far_service nvarchar(256), far_broker_instance nvarchar(128)?
    """,
    "transmission_queue": """
        conversation_handle uniqueidentifier, to_service_name nvarchar(256)?, to_broker_instance nvarchar(128)?,
        from_service_name nvarchar(256)?, service_contract_name nvarchar(256)?, enqueue_time datetime,
        message_sequence_number bigint, message_type_name nvarchar(256)?, is_conversation_error bit,
        is_end_of_dialog bit, message_body varbinary(max)?, transmission_status nvarchar(4000)?, priority tinyint
    """,
    "event_notifications": """
        name sysname, object_id int, parent_class tinyint, parent_class_desc nvarchar(60)?, parent_id int,
        create_date datetime, modify_date datetime, service_name nvarchar(256)?, broker_instance nvarchar(128)?,
        creator_sid varbinary(85)?, principal_id int?
    """,
    "server_event_notifications": """
        name sysname, object_id int, parent_class tinyint, parent_class_desc nvarchar(60)?, parent_id int,
        create_date datetime, modify_date datetime, service_name nvarchar(256)?, broker_instance nvarchar(128)?,
        creator_sid varbinary(85)?, principal_id int?
    """,
    "dm_exec_query_resource_semaphores": """
        resource_semaphore_id smallint?, target_memory_kb bigint?, max_target_memory_kb bigint?,
        total_memory_kb bigint?, available_memory_kb bigint?, granted_memory_kb bigint?, used_memory_kb bigint?,
        grantee_count int?, waiter_count int?, timeout_error_count bigint?, forced_grant_count bigint?, pool_id int?
    """,
    "resource_governor_workload_groups": """
        group_id int, name sysname, importance sysname, request_max_memory_grant_percent int, request_max_cpu_time_sec
        int, request_memory_grant_timeout_sec int, max_dop int, group_max_requests int, pool_id int,
        external_pool_id int?, request_max_memory_grant_percent_numeric float?
    """,
    "resource_governor_resource_pools": """
        pool_id int, name sysname, min_cpu_percent int, max_cpu_percent int, min_memory_percent int,
        max_memory_percent int, cap_cpu_percent int, min_iops_per_volume int, max_iops_per_volume int
    """,
    "traces": """
        id int, status int, path nvarchar(260)?, max_size bigint?, stop_time datetime?, max_files int?, is_rowset bit?,
        is_rollover bit?, is_shutdown bit?, is_default bit?, buffer_count int?, buffer_size int?, file_position
        bigint?, reader_spid int?, start_time datetime?, last_event_time datetime?, event_count bigint?,
        dropped_event_count int?
    """,
    # servers and replicas
    "linked_logins": """
        server_id int, local_principal_id int?, uses_self_credential bit, remote_name sysname?, modify_date datetime
    """,
    "remote_logins": "server_id int, remote_name sysname?, local_principal_id int?, modify_date datetime",
    "database_mirroring": """
        database_id int, mirroring_guid uniqueidentifier?, mirroring_state tinyint?,
        mirroring_state_desc nvarchar(60)?, mirroring_role tinyint?, mirroring_role_desc nvarchar(60)?,
        mirroring_role_sequence int?, mirroring_safety_level tinyint?, mirroring_safety_level_desc nvarchar(60)?,
        mirroring_safety_sequence int?, mirroring_partner_name nvarchar(128)?, mirroring_partner_instance
        nvarchar(128)?, mirroring_witness_name nvarchar(128)?, mirroring_witness_state tinyint?,
        mirroring_witness_state_desc nvarchar(60)?
    """,
    "availability_groups": """
        group_id uniqueidentifier, name sysname, resource_id nvarchar(40)?, resource_group_id nvarchar(40)?,
        failure_condition_level int?, health_check_timeout int?, automated_backup_preference tinyint?,
        automated_backup_preference_desc nvarchar(60)?, version smallint?, basic_features bit?, dtc_support bit?,
        db_failover bit?, is_distributed bit?, cluster_type tinyint?, cluster_type_desc nvarchar(60)?,
        required_synchronized_secondaries_to_commit int?, sequence_number bigint?, is_contained bit?
    """,
    "availability_replicas": """
        replica_id uniqueidentifier?, group_id uniqueidentifier?, replica_metadata_id int?,
        replica_server_name nvarchar(256)?, owner_sid varbinary(85)?, endpoint_url nvarchar(256)?,
        availability_mode tinyint?, availability_mode_desc nvarchar(60)?, failover_mode tinyint?,
        failover_mode_desc nvarchar(60)?, session_timeout int?, primary_role_allow_connections tinyint?,
        primary_role_allow_connections_desc nvarchar(60)?, secondary_role_allow_connections tinyint?,
        secondary_role_allow_connections_desc nvarchar(60)?, create_date datetime?, modify_date datetime?,
        backup_priority int?, read_only_routing_url nvarchar(256)?, seeding_mode tinyint?,
        seeding_mode_desc nvarchar(60)?
    """,
    "availability_databases_cluster": """
        group_id uniqueidentifier, group_database_id uniqueidentifier, database_name sysname?
    """,
    "availability_group_listeners": """
        group_id uniqueidentifier, listener_id nvarchar(36), dns_name nvarchar(63)?, port int?, is_conformant bit,
        ip_configuration_string_from_cluster nvarchar(max)?, is_distributed_network_name bit?
    """,
    "dm_hadr_availability_group_states": """
        group_id uniqueidentifier, primary_replica nvarchar(128)?, primary_recovery_health tinyint?,
        primary_recovery_health_desc nvarchar(60)?, secondary_recovery_health tinyint?,
        secondary_recovery_health_desc nvarchar(60)?, synchronization_health tinyint?,
        synchronization_health_desc nvarchar(60)?
    """,
    "dm_hadr_availability_replica_states": """
        replica_id uniqueidentifier, group_id uniqueidentifier, is_local bit, role tinyint?, role_desc nvarchar(60)?,
        operational_state tinyint?, operational_state_desc nvarchar(60)?, connected_state tinyint?,
        connected_state_desc nvarchar(60)?, recovery_health tinyint?, recovery_health_desc nvarchar(60)?,
        synchronization_health tinyint?, synchronization_health_desc nvarchar(60)?, last_connect_error_number int?,
        last_connect_error_description nvarchar(1024)?, last_connect_error_timestamp datetime?
    """,
    "dm_hadr_database_replica_states": """
        database_id int, group_id uniqueidentifier, replica_id uniqueidentifier, group_database_id uniqueidentifier,
        is_local bit?, is_primary_replica bit?, synchronization_state tinyint?,
        synchronization_state_desc nvarchar(60)?, is_commit_participant bit?, synchronization_health tinyint?,
        synchronization_health_desc nvarchar(60)?, database_state tinyint?, database_state_desc nvarchar(60)?,
        is_suspended bit?, suspend_reason tinyint?, suspend_reason_desc nvarchar(60)?
    """,
    "dm_hadr_cluster": """
        cluster_name nvarchar(128), quorum_type tinyint, quorum_type_desc varchar(50), quorum_state tinyint,
        quorum_state_desc varchar(50)
    """,
    # tables of other kinds
    "external_data_sources": """
        data_source_id int, name sysname, location nvarchar(4000), type_desc nvarchar(255)?, type tinyint,
        resource_manager_location nvarchar(4000)?, credential_id int, database_name sysname?, shard_map_name sysname?,
        connection_options nvarchar(4000)?, pushdown nvarchar(256)?
    """,
    "external_file_formats": """
        file_format_id int, name sysname, format_type nvarchar(100)?, field_terminator nvarchar(10)?,
        string_delimiter nvarchar(10)?, date_format nvarchar(50)?, use_type_default bit?, serde_method nvarchar(255)?,
        row_terminator nvarchar(10)?, encoding nvarchar(10)?, data_compression nvarchar(255)?, first_row int?,
        parser_version nvarchar(8)?
    """,
    "external_tables": OBJECT
    + """
        max_column_id_used int, uses_ansi_nulls bit?, data_source_id int, file_format_id int?,
        location nvarchar(4000)?, reject_type nvarchar(20)?, reject_value float?, reject_sample_value float?,
        distribution_type int?, distribution_desc nvarchar(120)?, sharding_col_id int?, remote_schema_name sysname?,
        remote_object_name sysname?
    """,
    "external_libraries": """
        external_library_id int, name sysname, principal_id int?, language nvarchar(128)?, scope int?,
        scope_desc varchar(7)?
    """,
    "external_languages": "external_language_id int, language sysname, create_date datetime2, principal_id int?",
    "filetables": """
        object_id int, is_enabled bit, directory_name nvarchar(255)?, filename_collation_id int?,
        filename_collation_name sysname?
    """,
    "periods": """
        name sysname, period_type tinyint, period_type_desc nvarchar(60)?, object_id int, start_column_id int,
        end_column_id int
    """,
    "change_tracking_databases": """
        database_id int, is_auto_cleanup_on tinyint?, retention_period int?, retention_period_units tinyint?,
        retention_period_units_desc nvarchar(60)?, max_cleanup_version bigint?
    """,
    "change_tracking_tables": """
        object_id int, is_track_columns_updated_on tinyint, min_valid_version bigint?, begin_version bigint?,
        cleanup_version bigint?
    """,
    "edge_constraints": OBJECT + "is_disabled bit, is_not_trusted bit, is_system_named bit, delete_referential_action "
    "tinyint?, delete_referential_action_desc nvarchar(60)?",
    # modules of other kinds
    "numbered_procedures": "object_id int, procedure_number smallint, definition nvarchar(max)?",
    "numbered_procedure_parameters": """
        object_id int, procedure_number smallint, name sysname?, parameter_id int, system_type_id tinyint,
        user_type_id int, max_length smallint, precision tinyint, scale tinyint, is_output bit, is_cursor_ref bit
    """,
    "extended_procedures": OBJECT + "dll_name nvarchar(260)?",
    "plan_guides": """
        plan_guide_id int, name sysname, create_date datetime, modify_date datetime, is_disabled bit,
        query_text nvarchar(max)?, scope_type tinyint, scope_type_desc nvarchar(60)?, scope_object_id int?,
        scope_batch nvarchar(max)?, parameters nvarchar(max)?, hints nvarchar(max)?
    """,
    "server_triggers": """
        name sysname, object_id int, parent_class tinyint, parent_class_desc nvarchar(60)?, parent_id int, type char(2),
        type_desc nvarchar(60)?, create_date datetime, modify_date datetime, is_ms_shipped bit, is_disabled bit
    """,
    "server_trigger_events": """
        object_id int, type int, type_desc nvarchar(128), is_first bit?, is_last bit?, event_group_type int?,
        event_group_type_desc nvarchar(128)?, is_trigger_event bit?
    """,
    "server_sql_modules": """
        object_id int, definition nvarchar(max)?, uses_ansi_nulls bit?, uses_quoted_identifier bit?,
        execute_as_principal_id int?
    """,
    "system_parameters": """
        object_id int, name sysname?, parameter_id int, system_type_id tinyint, user_type_id int, max_length smallint,
        precision tinyint, scale tinyint, is_output bit, is_cursor_ref bit, has_default_value bit, is_xml_document bit,
        default_value sql_variant?, xml_collection_id int, is_readonly bit
    """,
    "system_sql_modules": """
        object_id int, definition nvarchar(max)?, uses_ansi_nulls bit?, uses_quoted_identifier bit?,
        is_schema_bound bit?, uses_database_collation bit?, is_recompiled bit?, null_on_null_input bit?,
        execute_as_principal_id int?
    """,
    "resource_governor_configuration": """
        classifier_function_id int, is_enabled bit, max_outstanding_io_per_volume int
    """,
    "dm_db_uncontained_entities": """
        class int?, class_desc nvarchar(120)?, major_id int?, statement_line_number int?, statement_offset_begin int?,
        statement_offset_end int?, statement_type nvarchar(256)?, feature_name nvarchar(256)?,
        feature_type_name nvarchar(256)?
    """,
    "dm_database_encryption_keys": """
        database_id int, encryption_state int, create_date datetime?, regenerate_date datetime?, modify_date datetime?,
        set_date datetime?, opened_date datetime?, key_algorithm nvarchar(32)?, key_length int,
        encryptor_thumbprint varbinary(20)?, encryptor_type nvarchar(32)?, percent_complete real,
        encryption_state_desc nvarchar(32)?, encryption_scan_state int?, encryption_scan_state_desc nvarchar(32)?,
        encryption_scan_modify_date datetime?
    """,
    # advice that nobody gives
    "dm_db_missing_index_details": """
        index_handle int, database_id smallint, object_id int, equality_columns nvarchar(4000)?,
        inequality_columns nvarchar(4000)?, included_columns nvarchar(4000)?, statement nvarchar(4000)?
    """,
    "dm_db_missing_index_groups": "index_group_handle int, index_handle int",
    "dm_db_missing_index_group_stats": """
        group_handle int, unique_compiles bigint, user_seeks bigint, user_scans bigint, last_user_seek datetime?,
        last_user_scan datetime?, avg_total_user_cost float?, avg_user_impact float?, system_seeks bigint,
        system_scans bigint, last_system_seek datetime?, last_system_scan datetime?, avg_total_system_cost float?,
        avg_system_impact float?
    """,
    "dm_db_persisted_sku_features": "feature_name nvarchar(60), feature_id int",
    "dm_os_ring_buffers": """
        ring_buffer_address varbinary(8), ring_buffer_type nvarchar(60), timestamp bigint, record nvarchar(3072)?
    """,
    "dm_exec_query_memory_grants": """
        session_id smallint?, request_id int?, scheduler_id int?, dop smallint?, request_time datetime?,
        grant_time datetime?, requested_memory_kb bigint?, granted_memory_kb bigint?, required_memory_kb bigint?,
        used_memory_kb bigint?, max_used_memory_kb bigint?, query_cost float?, timeout_sec int?,
        resource_semaphore_id smallint?, queue_id smallint?, wait_order int?, is_next_candidate bit?,
        wait_time_ms bigint?, plan_handle varbinary(64)?, sql_handle varbinary(64)?, group_id int?, pool_id int?,
        is_small tinyint?, ideal_memory_kb bigint?
    """,
    "database_query_store_options": """
        desired_state smallint, desired_state_desc nvarchar(60)?, actual_state smallint,
        actual_state_desc nvarchar(60)?, readonly_reason int?, current_storage_size_mb bigint?,
        flush_interval_seconds bigint?, interval_length_minutes bigint?, max_storage_size_mb bigint?,
        stale_query_threshold_days bigint?, max_plans_per_query bigint?, query_capture_mode smallint,
        query_capture_mode_desc nvarchar(60)?, size_based_cleanup_mode smallint,
        size_based_cleanup_mode_desc nvarchar(60)?, wait_stats_capture_mode smallint,
        wait_stats_capture_mode_desc nvarchar(60)?, actual_state_additional_info nvarchar(4000)?
    """,
}


def _nothing(session: Session, database: Database) -> Iterator[Row]:
    return iter(())


for _name, _columns in VIEWS.items():
    view(f"sys.{_name}", _columns)(_nothing)


UNAVAILABLE = frozenset(
    {
        *("dm_broker_activated_tasks", "dm_broker_connections", "dm_broker_queue_monitors", "dm_cdc_errors"),
        *("dm_clr_appdomains", "dm_clr_properties", "dm_clr_tasks", "dm_cryptographic_provider_properties"),
        *("dm_db_column_store_row_group_physical_stats", "dm_db_file_space_usage", "dm_db_fts_index_physical_stats"),
        *("dm_db_log_space_usage", "dm_db_mirroring_connections"),
        *("dm_db_tuning_recommendations", "dm_db_xtp_checkpoint_files"),
        *("dm_exec_background_job_queue", "dm_exec_cached_plan_dependent_objects", "dm_exec_query_optimizer_info"),
        *("dm_exec_query_profiles", "dm_exec_query_transformation_stats"),
        *("dm_filestream_file_io_requests", "dm_fts_index_population", "dm_io_backup_tapes"),
        *("dm_io_pending_io_requests", "dm_os_buffer_descriptors", "dm_os_child_instances", "dm_os_cluster_nodes"),
        *("dm_os_dispatcher_pools", "dm_os_hosts", "dm_os_latch_stats", "dm_os_loaded_modules"),
        *("dm_os_memory_brokers", "dm_os_memory_cache_counters", "dm_os_memory_clerks", "dm_os_memory_nodes"),
        *("dm_os_memory_objects", "dm_os_memory_pools", "dm_os_nodes", "dm_os_spinlock_stats", "dm_os_stacks"),
        *("dm_os_virtual_address_dump", "dm_repl_schemas"),
        *("dm_resource_governor_configuration", "dm_resource_governor_resource_pools"),
        *("dm_resource_governor_workload_groups", "dm_server_audit_status", "dm_server_memory_dumps"),
        *("dm_server_registry", "dm_tran_aborted_transactions", "dm_tran_persistent_version_store_stats"),
        *("query_store_plan", "query_store_query", "query_store_query_text", "query_store_runtime_stats"),
        *("query_store_runtime_stats_interval", "query_store_wait_stats", "securable_classes", "trigger_event_types"),
        *("system_components_surface_area_configuration", "system_internals_allocation_units"),
        *("sysprotects", "syspermissions", "xml_schema_components"),
        *("dm_db_log_info", "dm_db_log_stats", "dm_db_page_info", "dm_db_stats_histogram", "dm_exec_plan_attributes"),
        *("dm_exec_query_statistics_xml", "dm_exec_text_query_plan", "dm_os_enumerate_filesystem"),
        *("dm_os_file_exists", "fn_dblog", "fn_dump_dblog", "fn_get_audit_file", "fn_servershareddrives"),
        *("fn_trace_geteventinfo", "fn_trace_getinfo", "fn_trace_gettable", "fn_translate_permissions"),
        *("fn_virtualfilestats", "fn_xe_file_target_read_file"),
    }
)
"""Views and functions of ``sys`` that there are not even empty: whoever names one is told so."""
