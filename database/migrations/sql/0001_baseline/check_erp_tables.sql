/*
Compares the ERP's tables that are there with lockstep.ErpColumn. When they do not fit it returns every difference as a row and
stops with error 51904. Nothing of the ERP's is changed. A table that is missing is no difference: the baseline makes it.

What is looked at: that each column is there, what family of types it has, whether it allows NULL, that the key is unique, and
that an insert by lockstep cannot fail for want of a value in a column that it does not know.

Errors:
    51904    The ERP's tables lack what lockstep needs.
*/
DECLARE @Finding TABLE (
    DifferenceId int IDENTITY (1, 1) NOT NULL PRIMARY KEY,
    TableName nvarchar(128) NOT NULL,
    Difference nvarchar(400) NOT NULL
);

DECLARE
    @Count int,
    @DifferenceId int = 0,
    @Message nvarchar(2048);

-- Columns.
INSERT INTO @Finding (TableName, Difference)
SELECT
    e.TableName,
    CASE
        WHEN c.column_id IS NULL THEN CONCAT(N'no column ', e.ColumnName)
        WHEN f.Fits = 0
            THEN
                CONCAT(
                    e.ColumnName, N' is ', y.name,
                    CASE WHEN y.name IN (N'decimal', N'numeric') THEN CONCAT(N'(', c.[precision], N',', c.scale, N')') END,
                    N', ', e.Family, N' needed'
                )
        WHEN e.Nulls = 'NEVER' THEN CONCAT(e.ColumnName, N' allows NULL')
        ELSE CONCAT(e.ColumnName, N' must allow NULL')
    END AS Difference
FROM lockstep.ErpColumn AS e
INNER JOIN sys.tables AS t ON t.object_id = OBJECT_ID(CONCAT(N'dbo.', e.TableName), N'U')
LEFT JOIN sys.columns AS c ON t.object_id = c.object_id AND e.ColumnName = c.name
LEFT JOIN sys.types AS y ON c.system_type_id = y.user_type_id
LEFT JOIN
    sys.columns AS s
    ON s.object_id = OBJECT_ID(N'dbo.LotMaster', N'U') AND e.CopiedFrom = s.name
CROSS APPLY (
    VALUES (
        CASE e.Family
            WHEN 'text' THEN CASE WHEN y.name IN (N'char', N'varchar', N'nchar', N'nvarchar') THEN 1 ELSE 0 END
            WHEN 'integer' THEN CASE WHEN y.name IN (N'tinyint', N'smallint', N'int', N'bigint') THEN 1 ELSE 0 END
            WHEN 'identity' THEN CASE WHEN y.name IN (N'int', N'bigint') AND c.is_identity = 1 THEN 1 ELSE 0 END
            WHEN 'quantity'
                THEN
                    CASE WHEN y.name = N'float' OR (y.name IN (N'decimal', N'numeric') AND c.scale >= 6) THEN 1 ELSE 0 END
            WHEN 'amount'
                THEN
                    CASE WHEN y.name IN (N'decimal', N'numeric', N'float', N'real', N'money', N'smallmoney') THEN 1 ELSE 0 END
            WHEN 'date'
                THEN
                    CASE WHEN y.name IN (N'datetime', N'datetime2', N'smalldatetime', N'date') THEN 1 ELSE 0 END
            ELSE CASE WHEN y.name IN (N'bit', N'tinyint', N'smallint', N'int') THEN 1 ELSE 0 END
        END
    )
) AS f(Fits)
WHERE
    c.column_id IS NULL
    OR f.Fits = 0
    OR (e.Nulls = 'NEVER' AND c.is_nullable = 1)
    OR (e.Nulls = 'MUST' AND c.is_nullable = 0)
    OR (s.is_nullable = 1 AND c.is_nullable = 0)
ORDER BY e.TableName ASC, c.column_id ASC, e.ColumnName ASC;

-- Keys: some unique index must consist of columns of the key alone.
INSERT INTO @Finding (TableName, Difference)
SELECT
    k.TableName,
    N'no unique key on the columns that find a row' AS Difference
FROM (
    SELECT DISTINCT e.TableName
    FROM lockstep.ErpColumn AS e
) AS k
INNER JOIN sys.tables AS t ON t.object_id = OBJECT_ID(CONCAT(N'dbo.', k.TableName), N'U')
WHERE
    NOT EXISTS (
        SELECT 1
        FROM sys.indexes AS i
        WHERE
            i.object_id = t.object_id AND i.is_unique = 1 AND i.has_filter = 0
            AND NOT EXISTS (
                SELECT 1
                FROM sys.index_columns AS x
                INNER JOIN sys.columns AS c ON x.object_id = c.object_id AND x.column_id = c.column_id
                WHERE
                    x.object_id = i.object_id AND x.index_id = i.index_id AND x.key_ordinal > 0
                    AND NOT EXISTS (
                        SELECT 1
                        FROM lockstep.ErpColumn AS e
                        WHERE e.TableName = k.TableName AND e.KeyOrder > 0 AND e.ColumnName = c.name
                    )
            )
    );

-- Columns that lockstep does not know, in the tables that it inserts into.
INSERT INTO @Finding (TableName, Difference)
SELECT
    n.TableName,
    CONCAT(c.name, N' allows no NULL and has no default, so that no row could be inserted') AS Difference
FROM (
    VALUES (N'LotMaster'), (N'LotTransaction'), (N'Mintxdh'), (N'BinTransfer'), (N'Cust_BulkLotPicked'),
    (N'Cust_BulkPalletLotPicked')
) AS n(TableName)
INNER JOIN sys.columns AS c ON c.object_id = OBJECT_ID(CONCAT(N'dbo.', n.TableName), N'U')
INNER JOIN sys.types AS y ON c.system_type_id = y.user_type_id
WHERE
    c.is_nullable = 0 AND c.default_object_id = 0 AND c.is_identity = 0 AND c.is_computed = 0
    AND y.name <> N'timestamp'
    AND NOT EXISTS (
        SELECT 1
        FROM lockstep.ErpColumn AS e
        WHERE e.TableName = n.TableName AND e.ColumnName = c.name
    );

-- All of them as rows, and as many as a message has room for in the error.
SELECT @Count = COUNT(*)
FROM @Finding;

IF @Count > 0
    BEGIN
        SELECT CONCAT(N'dbo.', d.TableName, N': ', d.Difference) AS Difference
        FROM @Finding AS d
        ORDER BY d.DifferenceId ASC;

        SET @Message = CONCAT(
            N'The tables of the ERP do not have what lockstep needs (', @Count, N' differences; nothing has been changed)'
        );

        WHILE @DifferenceId < @Count AND LEN(@Message) < 1600
            BEGIN
                SET @DifferenceId = @DifferenceId + 1;

                SELECT
                    @Message = CONCAT(
                        @Message, CASE WHEN @DifferenceId = 1 THEN N': dbo.' ELSE N'; dbo.' END, d.TableName, N': ', d.Difference
                    )
                FROM @Finding AS d
                WHERE d.DifferenceId = @DifferenceId;
            END;

        SET @Message = CONCAT(@Message, CASE WHEN @DifferenceId < @Count THEN N' ...' ELSE N'.' END);
        THROW 51904, @Message, 1;
    END;
GO

-- The number series, in a batch of their own: by now the table is known to have the columns.
DECLARE @Series int;

IF OBJECT_ID(N'dbo.Seqnum', N'U') IS NOT NULL
    BEGIN
        SELECT @Series = COUNT(*)
        FROM dbo.Seqnum AS s
        WHERE s.SeqName IN ('BT', 'PT');

        IF @Series < 2
            THROW 51904, 'dbo.Seqnum lacks the row of BT (bin transfers) or PT (pallets); nothing has been changed.', 1;
    END;
GO
