"""Procedures that list what the catalog says: each is a query over the system views, in T-SQL.

Documentation: "System stored procedures (Transact-SQL)" and the pages of the procedures, which give their
columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.execution.calls import run_text
from emulator.execution.system_procedures.contract import Body
from emulator.execution.system_procedures.signatures import procedure

if TYPE_CHECKING:
    from emulator.session import Session

SIZE = "str(convert(dec(15), sum(size)) * 8192 / 1048576, 10, 2) + N' MB'"

LISTINGS: dict[str, tuple[str, str]] = {
    "sp_databases": (
        "",
        """
        SELECT DATABASE_NAME = d.name, DATABASE_SIZE = CONVERT(int, SUM(CONVERT(bigint, f.size)) * 8),
            REMARKS = CONVERT(varchar(254), NULL)
        FROM sys.databases d JOIN sys.master_files f ON f.database_id = d.database_id
        WHERE HAS_DBACCESS(d.name) = 1 GROUP BY d.name ORDER BY 1
        """,
    ),
    "sp_server_info": (
        "@attribute_id int = NULL",
        """
        SELECT attribute_id, attribute_name = CONVERT(varchar(60), attribute_name),
            attribute_value = CONVERT(varchar(255), attribute_value)
        FROM (VALUES
            (1, 'DBMS_NAME', 'Microsoft SQL Server'),
            (2, 'DBMS_VER', 'Microsoft SQL Server 2022 - ' + CONVERT(varchar(128), SERVERPROPERTY('ProductVersion'))),
            (10, 'OWNER_TERM', 'owner'), (11, 'TABLE_TERM', 'table'), (12, 'MAX_OWNER_NAME_LENGTH', '128'),
            (13, 'TABLE_LENGTH', '128'), (14, 'MAX_QUAL_LENGTH', '128'), (15, 'COLUMN_LENGTH', '128'),
            (16, 'IDENTIFIER_CASE', 'MIXED'), (17, 'TX_ISOLATION', '2'),
            (18, 'COLLATION_SEQ', 'charset=iso_1 sort_order=nocase_iso charset_num=1 sort_order_num=52'),
            (19, 'SAVEPOINT_SUPPORT', 'Y'), (20, 'MULTI_RESULT_SETS', 'Y'), (22, 'ACCESSIBLE_TABLES', 'Y'),
            (100, 'USERID_LENGTH', '128'), (101, 'QUALIFIER_TERM', 'database'), (102, 'NAMED_TRANSACTIONS', 'Y'),
            (103, 'SPROC_AS_LANGUAGE', 'Y'), (104, 'ACCESSIBLE_SPROC', 'Y'), (105, 'MAX_INDEX_COLS', '32'),
            (106, 'RENAME_TABLE', 'Y'), (107, 'RENAME_COLUMN', 'Y'), (108, 'DROP_COLUMN', 'Y'),
            (109, 'INCREASE_COLUMN_LENGTH', 'Y'), (110, 'DDL_IN_TRANSACTION', 'Y'),
            (111, 'DESCENDING_INDEXES', 'Y'), (112, 'SP_RENAME', 'Y'), (113, 'REMOTE_SPROC', 'Y'),
            (500, 'SYS_SPROC_VERSION', '16.00.1000')) v(attribute_id, attribute_name, attribute_value)
        WHERE attribute_id = @attribute_id OR @attribute_id IS NULL ORDER BY attribute_id
        """,
    ),
    "sp_oledb_ro_usrname": ("", "SELECT CONVERT(char(1), 'N'), USER_NAME()"),
    "sp_oledb_defdb": ("", "SELECT default_database_name FROM sys.sql_logins WHERE name = SUSER_SNAME()"),
    "sp_oledb_language": ("", "SELECT @@LANGUAGE"),
    "sp_depends": (
        "@objname nvarchar(776)",
        """
        IF OBJECT_ID(@objname) IS NULL
        BEGIN
            DECLARE @database sysname = DB_NAME()
            RAISERROR(15009, -1, -1, @objname, @database)
            RETURN
        END
        IF EXISTS (SELECT * FROM sys.sql_expression_dependencies WHERE referencing_id = OBJECT_ID(@objname)
            AND referenced_id IS NOT NULL AND referenced_class = 1)
        BEGIN
            RAISERROR(15459, -1, -1)
            SELECT
                name = CONVERT(nvarchar(776),
                    OBJECT_SCHEMA_NAME(d.referenced_id) + N'.' + OBJECT_NAME(d.referenced_id)),
                type = CONVERT(nvarchar(60), LOWER(REPLACE(REPLACE(o.type_desc, N'SQL_', N''), N'_', N' '))),
                updated = CONVERT(nvarchar(7), N'no'), selected = CONVERT(nvarchar(8), N'yes'),
                [column] = CONVERT(nvarchar(128), NULL)
            FROM sys.sql_expression_dependencies d JOIN sys.objects o ON o.object_id = d.referenced_id
            WHERE d.referencing_id = OBJECT_ID(@objname) AND d.referenced_class = 1 ORDER BY 1
        END
        IF EXISTS (SELECT * FROM sys.sql_expression_dependencies WHERE referenced_id = OBJECT_ID(@objname))
        BEGIN
            RAISERROR(15460, -1, -1)
            SELECT name = CONVERT(nvarchar(776), SCHEMA_NAME(o.schema_id) + N'.' + o.name),
                type = CONVERT(nvarchar(60), LOWER(REPLACE(REPLACE(o.type_desc, N'SQL_', N''), N'_', N' ')))
            FROM sys.sql_expression_dependencies d JOIN sys.objects o ON o.object_id = d.referencing_id
            WHERE d.referenced_id = OBJECT_ID(@objname) ORDER BY 1
        END
        IF NOT EXISTS (SELECT * FROM sys.sql_expression_dependencies WHERE OBJECT_ID(@objname) IN (referencing_id,
            referenced_id))
            RAISERROR(15461, -1, -1)
        """,
    ),
    "sp_helpfile": (
        "@filename sysname = NULL",
        """
        SELECT name, fileid = CONVERT(smallint, file_id), filename = CONVERT(nchar(260), physical_name),
            filegroup = FILEGROUP_NAME(data_space_id), size = CONVERT(nvarchar(15), CONVERT(bigint, size) * 8) + N' KB',
            maxsize = CASE max_size WHEN -1 THEN N'Unlimited'
                ELSE CONVERT(nvarchar(15), CONVERT(bigint, max_size) * 8) + N' KB' END,
            growth = CONVERT(nvarchar(15), CONVERT(bigint, growth) * 8) + N' KB',
            usage = CONVERT(varchar(9), CASE type WHEN 1 THEN 'log only' ELSE 'data only' END)
        FROM sys.database_files WHERE name = @filename OR @filename IS NULL ORDER BY file_id
        """,
    ),
    "sp_helpfilegroup": (
        "@filegroupname sysname = NULL",
        """
        SELECT groupname = g.name, groupid = CONVERT(smallint, g.data_space_id),
            filecount = (SELECT COUNT(*) FROM sys.database_files f WHERE f.data_space_id = g.data_space_id)
        FROM sys.filegroups g WHERE g.name = @filegroupname OR @filegroupname IS NULL ORDER BY 1
        """,
    ),
    "sp_helpserver": (
        "@server sysname = NULL, @optname varchar(35) = NULL, @show_topology varchar(1) = NULL",
        """
        SELECT name, network_name = CONVERT(sysname, data_source), status = CONVERT(varchar(127), 'rpc,rpc out'),
            id = CONVERT(char(4), server_id), collation_name, connect_timeout, query_timeout
        FROM sys.servers WHERE name = @server OR @server IS NULL ORDER BY 1
        """,
    ),
    "sp_linkedservers": (
        "",
        """
        SELECT SRV_NAME = name, SRV_PROVIDERNAME = provider, SRV_PRODUCT = product, SRV_DATASOURCE = data_source,
            SRV_PROVIDERSTRING = provider_string, SRV_LOCATION = location, SRV_CAT = catalog
        FROM sys.servers ORDER BY 1
        """,
    ),
    "sp_helpsort": (
        "",
        """
        SELECT [Server default collation] = description FROM sys.fn_helpcollations()
        WHERE name = CONVERT(sysname, SERVERPROPERTY('Collation'))
        """,
    ),
    "sp_helplanguage": (
        "@language sysname = NULL",
        """
        SELECT langid, dateformat, datefirst, upgrade, name, alias, months, shortmonths, days, lcid, msglangid
        FROM sys.syslanguages WHERE @language IS NULL OR @language IN (name, alias) ORDER BY langid
        """,
    ),
    "sp_helptrigger": (
        "@tabname nvarchar(776), @triggertype char(6) = NULL",
        """
        IF OBJECT_ID(@tabname) IS NULL
            RAISERROR(15009, -1, -1, @tabname, @tabname)
        ELSE
            SELECT trigger_name = t.name, trigger_owner = N'dbo',
                isupdate = OBJECTPROPERTY(t.object_id, 'ExecIsUpdateTrigger'),
                isdelete = OBJECTPROPERTY(t.object_id, 'ExecIsDeleteTrigger'),
                isinsert = OBJECTPROPERTY(t.object_id, 'ExecIsInsertTrigger'),
                isafter = OBJECTPROPERTY(t.object_id, 'ExecIsAfterTrigger'),
                isinsteadof = OBJECTPROPERTY(t.object_id, 'ExecIsInsteadOfTrigger'),
                trigger_schema = OBJECT_SCHEMA_NAME(t.object_id)
            FROM sys.triggers t WHERE t.parent_id = OBJECT_ID(@tabname) AND (@triggertype IS NULL OR EXISTS (
                SELECT * FROM sys.trigger_events e
                WHERE e.object_id = t.object_id AND e.type_desc = @triggertype)) ORDER BY 1
        """,
    ),
    "sp_helpstats": (
        "@objname nvarchar(776), @results nvarchar(5) = 'STATS'",
        """
        SELECT statistics_name = s.name, statistics_keys = CONVERT(nvarchar(2078), STRING_AGG(c.name, N', ')
            WITHIN GROUP (ORDER BY k.stats_column_id))
        FROM sys.stats s JOIN sys.stats_columns k ON k.object_id = s.object_id AND k.stats_id = s.stats_id
            JOIN sys.columns c ON c.object_id = k.object_id AND c.column_id = k.column_id
        WHERE s.object_id = OBJECT_ID(@objname) AND (@results = 'ALL' OR s.user_created = 1 OR s.auto_created = 1)
        GROUP BY s.name ORDER BY 1
        """,
    ),
    "sp_helpuser": (
        "@name_in_db sysname = NULL",
        """
        SELECT UserName = u.name, RoleName = ISNULL(r.name, N'public'), LoginName = l.name,
            DefDBName = l.default_database_name, DefSchemaName = u.default_schema_name,
            UserID = CONVERT(smallint, u.principal_id), SID = u.sid
        FROM sys.database_principals u LEFT JOIN (sys.database_role_members m JOIN sys.database_principals r
                ON r.principal_id = m.role_principal_id) ON m.member_principal_id = u.principal_id
            LEFT JOIN sys.server_principals l ON l.sid = u.sid
        WHERE u.type <> 'R' AND (u.name = @name_in_db OR @name_in_db IS NULL) ORDER BY 1, 2
        """,
    ),
    "sp_helprole": (
        "@rolename sysname = NULL",
        """
        SELECT RoleName = name, RoleId = CONVERT(smallint, principal_id),
            IsAppRole = CASE type WHEN 'A' THEN 1 ELSE 0 END
        FROM sys.database_principals WHERE type IN ('R', 'A') AND (name = @rolename OR @rolename IS NULL) ORDER BY 2
        """,
    ),
    "sp_helprolemember": (
        "@rolename sysname = NULL",
        """
        SELECT DbRole = r.name, MemberName = u.name, MemberSID = u.sid
        FROM sys.database_role_members m JOIN sys.database_principals r ON r.principal_id = m.role_principal_id
            JOIN sys.database_principals u ON u.principal_id = m.member_principal_id
        WHERE r.name = @rolename OR @rolename IS NULL ORDER BY 1, 2
        """,
    ),
    "sp_helpsrvrole": (
        "@srvrolename sysname = NULL",
        """
        SELECT ServerRole = name, Description = CONVERT(sysname, name) FROM sys.server_principals
        WHERE type = 'R' AND is_fixed_role = 1 AND (name = @srvrolename OR @srvrolename IS NULL) ORDER BY principal_id
        """,
    ),
    "sp_helpsrvrolemember": (
        "@srvrolename sysname = NULL",
        """
        SELECT ServerRole = r.name, MemberName = l.name, MemberSID = l.sid
        FROM sys.server_role_members m JOIN sys.server_principals r ON r.principal_id = m.role_principal_id
            JOIN sys.server_principals l ON l.principal_id = m.member_principal_id
        WHERE r.name = @srvrolename OR @srvrolename IS NULL ORDER BY 1, 2
        """,
    ),
    "sp_helplogins": (
        "@loginnamepattern sysname = NULL",
        """
        SELECT LoginName = name, SID = sid, DefDBName = default_database_name, DefLangName = default_language_name,
            AUser = CONVERT(char(5), CASE WHEN sid IN (SELECT sid FROM sys.database_principals) THEN 'yes'
                ELSE 'NO' END),
            ARemote = CONVERT(char(7), 'no')
        FROM sys.server_principals WHERE type <> 'R' AND (name = @loginnamepattern OR @loginnamepattern IS NULL)
        ORDER BY 1;
        SELECT LoginName = l.name, DBName = DB_NAME(), UserName = u.name, UserOrAlias = CONVERT(char(8), 'User')
        FROM sys.server_principals l JOIN sys.database_principals u ON u.sid = l.sid
        WHERE l.type <> 'R' AND (l.name = @loginnamepattern OR @loginnamepattern IS NULL) ORDER BY 1
        """,
    ),
    "sp_helpdb": (
        "@dbname sysname = NULL",
        """
        IF @dbname IS NOT NULL AND DB_ID(@dbname) IS NULL
        BEGIN
            RAISERROR(15010, -1, -1, @dbname)
            RETURN
        END
        SELECT d.name, db_size = (SELECT """
        + SIZE
        + """ FROM sys.master_files f WHERE f.database_id = d.database_id),
            owner = SUSER_SNAME(d.owner_sid), dbid = CONVERT(smallint, d.database_id),
            created = CONVERT(nvarchar(11), d.create_date, 100),
            status = CONVERT(nvarchar(600), CONCAT(N'Status=', d.state_desc, N', Updateability=', CASE d.is_read_only
                WHEN 1 THEN N'READ_ONLY' ELSE N'READ_WRITE' END, N', UserAccess=', d.user_access_desc, N', Recovery=',
                d.recovery_model_desc, N', Version=957, Collation=', d.collation_name, N', SQLSortOrder=52')),
            d.compatibility_level
        FROM sys.databases d WHERE d.name = @dbname OR @dbname IS NULL ORDER BY d.name
        IF @dbname IS NOT NULL
            SELECT name, fileid = CONVERT(smallint, file_id), filename = CONVERT(nchar(260), physical_name),
                filegroup = CASE type WHEN 0 THEN N'PRIMARY' END,
                size = CONVERT(nvarchar(15), CONVERT(bigint, size) * 8) + N' KB',
                maxsize = CASE max_size WHEN -1 THEN N'Unlimited'
                    ELSE CONVERT(nvarchar(15), CONVERT(bigint, max_size) * 8) + N' KB' END,
                growth = CONVERT(nvarchar(15), CONVERT(bigint, growth) * 8) + N' KB',
                usage = CONVERT(varchar(9), CASE type WHEN 1 THEN 'log only' ELSE 'data only' END)
            FROM sys.master_files WHERE database_id = DB_ID(@dbname) ORDER BY file_id
        """,
    ),
    "sp_spaceused": (
        "@objname nvarchar(776) = NULL, @updateusage varchar(5) = 'false', @mode varchar(11) = 'ALL',"
        " @oneresultset bit = 0",
        """
        SET NOCOUNT ON
        DECLARE @kb TABLE (reserved bigint, data bigint, used bigint, row_count bigint)
        IF @objname IS NOT NULL AND OBJECT_ID(@objname) IS NULL
        BEGIN
            DECLARE @database sysname = DB_NAME()
            RAISERROR(15009, -1, -1, @objname, @database)
            RETURN
        END
        INSERT @kb SELECT 8 * SUM(reserved_page_count),
                8 * SUM(CASE WHEN index_id < 2 THEN in_row_data_page_count ELSE 0 END), 8 * SUM(used_page_count),
                SUM(CASE WHEN index_id < 2 THEN row_count ELSE 0 END)
            FROM sys.dm_db_partition_stats WHERE @objname IS NULL OR object_id = OBJECT_ID(@objname)
        IF @objname IS NULL
            SELECT database_name = DB_NAME(),
                database_size = CONVERT(varchar(18), LTRIM(STR(SUM(size) * 8 / 1024.0, 15, 2)) + ' MB'),
                [unallocated space] = CONVERT(varchar(18), LTRIM(STR((SUM(CASE type WHEN 0 THEN size ELSE 0 END) * 8
                    - (SELECT ISNULL(reserved, 0) FROM @kb)) / 1024.0, 15, 2)) + ' MB')
            FROM sys.database_files
        IF @objname IS NULL
            SELECT reserved = CONVERT(varchar(18), CONCAT(ISNULL(reserved, 0), ' KB')),
                data = CONVERT(varchar(18), CONCAT(ISNULL(data, 0), ' KB')),
                index_size = CONVERT(varchar(18), CONCAT(ISNULL(used - data, 0), ' KB')),
                unused = CONVERT(varchar(18), CONCAT(ISNULL(reserved - used, 0), ' KB')) FROM @kb
        ELSE
            SELECT name = OBJECT_NAME(OBJECT_ID(@objname)), rows = CONVERT(char(20), ISNULL(row_count, 0)),
                reserved = CONVERT(varchar(18), CONCAT(ISNULL(reserved, 0), ' KB')),
                data = CONVERT(varchar(18), CONCAT(ISNULL(data, 0), ' KB')),
                index_size = CONVERT(varchar(18), CONCAT(ISNULL(used - data, 0), ' KB')),
                unused = CONVERT(varchar(18), CONCAT(ISNULL(reserved - used, 0), ' KB')) FROM @kb
        """,
    ),
    "sp_MSforeachtable": (
        "@command1 nvarchar(2000), @replacechar nchar(1) = N'?', @command2 nvarchar(2000) = NULL,"
        " @command3 nvarchar(2000) = NULL, @whereand nvarchar(2000) = NULL, @precommand nvarchar(2000) = NULL,"
        " @postcommand nvarchar(2000) = NULL",
        """
        DECLARE @name nvarchar(517), @id int = -1, @text nvarchar(max)
        DECLARE @next nvarchar(max) = N'SELECT TOP (1) @id = o.object_id, @name = QUOTENAME(syso.name) + N''.''
            + QUOTENAME(o.name) FROM sys.objects o JOIN sys.schemas syso ON syso.schema_id = o.schema_id
            WHERE o.type = ''U'' AND o.object_id > @id ' + ISNULL(@whereand, N'') + N' ORDER BY o.object_id'
        IF @precommand IS NOT NULL EXEC (@precommand)
        WHILE 1 = 1
        BEGIN
            SET @name = NULL
            EXEC sp_executesql @next, N'@id int OUTPUT, @name nvarchar(517) OUTPUT', @id OUTPUT, @name OUTPUT
            IF @name IS NULL BREAK
            SET @text = REPLACE(@command1, @replacechar, @name)
            EXEC (@text)
            SET @text = REPLACE(@command2, @replacechar, @name)
            IF @text IS NOT NULL EXEC (@text)
            SET @text = REPLACE(@command3, @replacechar, @name)
            IF @text IS NOT NULL EXEC (@text)
        END
        IF @postcommand IS NOT NULL EXEC (@postcommand)
        """,
    ),
    "sp_MSforeachdb": (
        "@command1 nvarchar(2000), @replacechar nchar(1) = N'?', @command2 nvarchar(2000) = NULL,"
        " @command3 nvarchar(2000) = NULL, @precommand nvarchar(2000) = NULL, @postcommand nvarchar(2000) = NULL",
        """
        DECLARE @name sysname, @number int = 0, @text nvarchar(max)
        IF @precommand IS NOT NULL EXEC (@precommand)
        WHILE EXISTS (SELECT * FROM sys.databases WHERE database_id > @number AND HAS_DBACCESS(name) = 1)
        BEGIN
            SELECT TOP (1) @name = name, @number = database_id FROM sys.databases
                WHERE database_id > @number AND HAS_DBACCESS(name) = 1 ORDER BY database_id
            SET @text = REPLACE(@command1, @replacechar, @name)
            EXEC (@text)
            SET @text = REPLACE(@command2, @replacechar, @name)
            IF @text IS NOT NULL EXEC (@text)
            SET @text = REPLACE(@command3, @replacechar, @name)
            IF @text IS NOT NULL EXEC (@text)
        END
        IF @postcommand IS NOT NULL EXEC (@postcommand)
        """,
    ),
}
"""By name the parameters and the batch."""


def _enter(name: str, parameters: str, text: str) -> None:
    @procedure(PROCEDURES, name, parameters)
    def run(session: Session, *values: Any) -> None:
        run_text(session, text, session.parse_parameters(parameters) if parameters else (), values)


PROCEDURES: dict[str, Body] = {}
for _name, (_parameters, _text) in LISTINGS.items():
    _enter(_name, _parameters, _text)
