/*
The old way, for tests only: two procedures that change the same two rows in opposite orders. Between the two changes each
looks at a gate, which a test keeps closed until both stand before it.
*/
CREATE TABLE old_way.Gate (GateId int NOT NULL CONSTRAINT PK_Gate PRIMARY KEY, IsOpen bit NOT NULL);
INSERT INTO old_way.Gate (GateId, IsOpen) VALUES (1, 1);
GO

CREATE OR ALTER PROCEDURE old_way.PickLineFirst
    @Bags decimal(19, 6)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @IsOpen bit;

    BEGIN TRANSACTION;

    UPDATE dbo.cust_BulkPicked
    SET
        PickedBulkQty = ISNULL(PickedBulkQty, 0) + @Bags,
        PickedQty = ISNULL(PickedQty, 0) + @Bags * PackSize
    WHERE RunNo = 6000001 AND RowNum = 1 AND LineId = 1;

    SELECT @IsOpen = g.IsOpen
    FROM old_way.Gate AS g WITH (READCOMMITTEDLOCK)
    WHERE g.GateId = 1;

    UPDATE dbo.LotMaster
    SET QtyCommitSales = QtyCommitSales + @Bags * 25
    WHERE LotNo = 'LOT-1' AND ItemKey = 'FLOUR' AND LocationKey = 'TFC1' AND BinNo = N'A-01';

    COMMIT TRANSACTION;
END;
GO

CREATE OR ALTER PROCEDURE old_way.PickLotFirst
    @Bags decimal(19, 6)
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @IsOpen bit;

    BEGIN TRANSACTION;

    UPDATE dbo.LotMaster
    SET QtyCommitSales = QtyCommitSales + @Bags * 25
    WHERE LotNo = 'LOT-1' AND ItemKey = 'FLOUR' AND LocationKey = 'TFC1' AND BinNo = N'A-01';

    SELECT @IsOpen = g.IsOpen
    FROM old_way.Gate AS g WITH (READCOMMITTEDLOCK)
    WHERE g.GateId = 1;

    UPDATE dbo.cust_BulkPicked
    SET
        PickedBulkQty = ISNULL(PickedBulkQty, 0) + @Bags,
        PickedQty = ISNULL(PickedQty, 0) + @Bags * PackSize
    WHERE RunNo = 6000001 AND RowNum = 1 AND LineId = 1;

    COMMIT TRANSACTION;
END;
GO
