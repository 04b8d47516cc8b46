-- The tables and modules that the grammar of the fuzzer knows.
CREATE TABLE dbo.Lot (
    LotNo varchar(30) NOT NULL,
    Bin nvarchar(20) NOT NULL DEFAULT '',
    Qty decimal(19, 6) NOT NULL DEFAULT 0,
    Weight float NULL,
    Expiry datetime NULL,
    Made date NULL,
    Held bit NULL,
    Price money NULL,
    Id uniqueidentifier NULL,
    Raw varbinary(20) NULL,
    Note nvarchar(max) NULL,
    CONSTRAINT PK_Lot PRIMARY KEY (LotNo, Bin)
);
CREATE INDEX IX_Lot_Expiry ON dbo.Lot (Expiry, Qty DESC) INCLUDE (Held);
CREATE TABLE dbo.Move (
    MoveId int IDENTITY PRIMARY KEY,
    LotNo varchar(30) NULL,
    Bin nvarchar(20) NULL,
    Qty int NULL CHECK (Qty <> 0),
    At datetimeoffset(3) NULL DEFAULT SYSDATETIMEOFFSET(),
    Twice AS Qty * 2
);
GO
INSERT INTO dbo.Lot (LotNo, Bin, Qty, Weight, Expiry, Made, Held, Price, Id, Raw, Note)
VALUES
    ('L1', N'A1', 10.5, 1e10, '2026-01-31', '2025-02-28', 0, 9.99, '6F9619FF-8B86-D011-B42D-00C04FC964FF', 0x00FF, N'ž'),
    ('L1', N'B2', 0, NULL, NULL, NULL, 1, -1, NULL, 0x, N''),
    ('l2 ', N'', 99999, -0.1, '1753-01-01', '0001-01-01', NULL, NULL, NULL, NULL, NULL);
INSERT INTO dbo.Move (LotNo, Bin, Qty)
VALUES ('L1', N'A1', 1), (NULL, NULL, NULL), ('l2', N'', -5);
GO
CREATE VIEW dbo.Stock AS
SELECT LotNo, SUM(Qty) AS Qty, COUNT(*) AS Bins FROM dbo.Lot GROUP BY LotNo;
GO
CREATE FUNCTION dbo.Half (@n int) RETURNS int AS
BEGIN
    IF @n IS NULL RETURN 0;
    RETURN @n / 2;
END;
GO
CREATE FUNCTION dbo.LotsOf (@lot varchar(30)) RETURNS TABLE AS
RETURN (SELECT Bin, Qty FROM dbo.Lot WHERE LotNo = @lot);
GO
CREATE PROCEDURE dbo.Add1 @a int = 1, @b int = NULL OUTPUT AS
BEGIN
    SET @b = @a + 1;
    SELECT @b AS b;
    RETURN @a;
END;
