/*
The ERP's tables, with the columns that lockstep uses, for a database that does not have them. A table that exists belongs to
the ERP and is left as it is. Names keep the ERP's spelling.

The CHECK constraints are the last guard of the balances on a fresh database. There are no foreign keys: the ERP has none, and
each would put a shared lock on a master table into the middle of the lock order.
*/
IF OBJECT_ID(N'dbo.LotMaster', N'U') IS NULL
    BEGIN
        CREATE TABLE dbo.LotMaster (
            LotNo varchar(30) NOT NULL,
            ItemKey varchar(30) NOT NULL,
            LocationKey varchar(10) NOT NULL,
            BinNo nvarchar(20) NOT NULL CONSTRAINT DF_LotMaster_BinNo DEFAULT N'',
            DateReceived datetime NULL,
            DateExpiry datetime NULL,
            QtyReceived decimal(19, 6) NOT NULL CONSTRAINT DF_LotMaster_QtyReceived DEFAULT 0,
            QtyIssued decimal(19, 6) NOT NULL CONSTRAINT DF_LotMaster_QtyIssued DEFAULT 0,
            QtyCommitSales decimal(19, 6) NOT NULL CONSTRAINT DF_LotMaster_QtyCommitSales DEFAULT 0,
            QtyOnHand decimal(19, 6) NOT NULL CONSTRAINT DF_LotMaster_QtyOnHand DEFAULT 0,
            QtyOnOrder decimal(19, 6) NOT NULL CONSTRAINT DF_LotMaster_QtyOnOrder DEFAULT 0,
            DocumentNo varchar(20) NULL,
            DocumentLineNo smallint NULL,
            TransactionType tinyint NOT NULL,
            VendorKey varchar(20) NULL,
            VendorLotNo varchar(30) NULL,
            LotStatus nvarchar(10) NULL CONSTRAINT DF_LotMaster_LotStatus DEFAULT N'',
            DateQuarantine datetime NULL,
            RecUserId varchar(8) NULL,
            Recdate datetime NULL,
            CONSTRAINT PK_LotMaster PRIMARY KEY CLUSTERED (LotNo, ItemKey, LocationKey, BinNo),
            CONSTRAINT CK_LotMaster_QtyCommitSales CHECK (QtyCommitSales >= 0 AND QtyCommitSales <= QtyOnHand)
        );

        INSERT INTO lockstep.CreatedTable (TableName) VALUES (N'dbo.LotMaster');
    END;
GO

IF OBJECT_ID(N'dbo.LotTransaction', N'U') IS NULL
    BEGIN
        CREATE TABLE dbo.LotTransaction (
            LotTranNo int IDENTITY (1, 1) NOT NULL,
            LotNo varchar(30) NOT NULL,
            ItemKey varchar(30) NOT NULL,
            LocationKey varchar(10) NOT NULL,
            BinNo nvarchar(20) NOT NULL CONSTRAINT DF_LotTransaction_BinNo DEFAULT N'',
            DateReceived datetime NULL,
            DateExpiry datetime NULL,
            TransactionType tinyint NOT NULL,
            ReceiptDocNo varchar(20) NULL,
            ReceiptDocLineNo smallint NULL,
            QtyReceived decimal(19, 6) NULL,
            Vendorkey varchar(20) NULL,
            VendorlotNo varchar(30) NULL,
            IssueDocNo varchar(20) NULL,
            IssueDocLineNo smallint NULL,
            IssueDate datetime NULL,
            QtyIssued decimal(19, 6) NULL,
            CustomerKey varchar(20) NULL,
            RecUserid varchar(8) NULL,
            RecDate datetime NULL,
            Processed char(1) NULL CONSTRAINT DF_LotTransaction_Processed DEFAULT 'N',
            TempQty decimal(19, 6) NULL,
            QtyForLotAssignment decimal(19, 6) NULL,
            QtyUsed decimal(19, 6) NULL,
            User5 nvarchar(50) NULL,
            CONSTRAINT PK_LotTransaction PRIMARY KEY CLUSTERED (LotTranNo)
        );

        INSERT INTO lockstep.CreatedTable (TableName) VALUES (N'dbo.LotTransaction');
    END;
GO

IF OBJECT_ID(N'dbo.BINMaster', N'U') IS NULL
    BEGIN
        CREATE TABLE dbo.BINMaster (
            Location nvarchar(10) NOT NULL,
            BinNo nvarchar(20) NOT NULL,
            Description nvarchar(100) NULL,
            aisle varchar(10) NULL,
            [row] varchar(10) NULL,
            rack varchar(10) NULL,
            Nettable bit NULL,
            User1 nvarchar(50) NULL,
            User4 nvarchar(50) NULL,
            CONSTRAINT PK_BINMaster PRIMARY KEY CLUSTERED (Location, BinNo)
        );

        INSERT INTO lockstep.CreatedTable (TableName) VALUES (N'dbo.BINMaster');
    END;
GO

IF OBJECT_ID(N'dbo.INMAST', N'U') IS NULL
    BEGIN
        CREATE TABLE dbo.INMAST (
            ItemKey varchar(30) NOT NULL,
            Desc1 nvarchar(100) NULL,
            StockUomCode varchar(10) NULL,
            SerialLotFlg char(1) NULL,
            MultipleBinsReq char(1) NULL,
            CONSTRAINT PK_INMAST PRIMARY KEY CLUSTERED (ItemKey)
        );

        INSERT INTO lockstep.CreatedTable (TableName) VALUES (N'dbo.INMAST');
    END;
GO

IF OBJECT_ID(N'dbo.INLOC', N'U') IS NULL
    BEGIN
        CREATE TABLE dbo.INLOC (
            ItemKey varchar(30) NOT NULL,
            Location varchar(10) NOT NULL,
            InClassKey varchar(20) NULL,
            StdCost decimal(19, 6) NULL,
            Physinprogress bit NULL,
            CONSTRAINT PK_INLOC PRIMARY KEY CLUSTERED (ItemKey, Location)
        );

        INSERT INTO lockstep.CreatedTable (TableName) VALUES (N'dbo.INLOC');
    END;
GO

IF OBJECT_ID(N'dbo.Seqnum', N'U') IS NULL
    BEGIN
        CREATE TABLE dbo.Seqnum (
            SeqName varchar(10) NOT NULL,
            SeqNum int NOT NULL,
            Description varchar(50) NULL,
            CONSTRAINT PK_Seqnum PRIMARY KEY CLUSTERED (SeqName)
        );

        INSERT INTO lockstep.CreatedTable (TableName) VALUES (N'dbo.Seqnum');
    END;
GO

IF OBJECT_ID(N'dbo.Cust_BulkRun', N'U') IS NULL
    BEGIN
        CREATE TABLE dbo.Cust_BulkRun (
            RunNo int NOT NULL,
            RowNum int NOT NULL,
            BatchNo nvarchar(20) NULL,
            FormulaId nvarchar(30) NULL,
            FormulaDesc nvarchar(100) NULL,
            NoOfBatches int NULL,
            PalletsPerBatch int NULL,
            Status nvarchar(10) NOT NULL,
            RecUserId nvarchar(16) NULL,
            RecDate datetime NULL,
            ModifiedBy nvarchar(16) NULL,
            ModifiedDate datetime NULL,
            CONSTRAINT PK_Cust_BulkRun PRIMARY KEY CLUSTERED (RunNo, RowNum)
        );

        INSERT INTO lockstep.CreatedTable (TableName) VALUES (N'dbo.Cust_BulkRun');
    END;
GO

IF OBJECT_ID(N'dbo.cust_BulkPicked', N'U') IS NULL
    BEGIN
        CREATE TABLE dbo.cust_BulkPicked (
            RunNo int NOT NULL,
            RowNum int NOT NULL,
            LineId int NOT NULL,
            BatchNo nvarchar(20) NULL,
            LineTyp nvarchar(10) NULL,
            ItemKey varchar(30) NULL,
            Location nvarchar(10) NULL,
            Unit nvarchar(10) NULL,
            StandardQty decimal(19, 6) NULL,
            PackSize decimal(19, 6) NULL,
            ToPickedBulkQty decimal(19, 6) NULL,
            PickedBulkQty decimal(19, 6) NULL,
            PickedQty decimal(19, 6) NULL,
            PickingDate datetime NULL,
            ItemBatchStatus nvarchar(20) NULL,
            RecUserId nvarchar(16) NULL,
            RecDate datetime NULL,
            ModifiedBy nvarchar(16) NULL,
            ModifiedDate datetime NULL,
            CONSTRAINT PK_cust_BulkPicked PRIMARY KEY CLUSTERED (RunNo, RowNum, LineId),
            CONSTRAINT CK_cust_BulkPicked_PickedBulkQty CHECK (PickedBulkQty >= 0)
        );

        INSERT INTO lockstep.CreatedTable (TableName) VALUES (N'dbo.cust_BulkPicked');
    END;
GO

IF OBJECT_ID(N'dbo.Cust_BulkLotPicked', N'U') IS NULL
    BEGIN
        CREATE TABLE dbo.Cust_BulkLotPicked (
            LotTranNo int IDENTITY (1, 1) NOT NULL,
            RunNo int NOT NULL,
            RowNum int NOT NULL,
            LineId int NOT NULL,
            BatchNo nvarchar(20) NULL,
            LotNo varchar(30) NOT NULL,
            SuggestedLotNo varchar(30) NULL,
            ItemKey varchar(30) NOT NULL,
            LocationKey varchar(10) NOT NULL,
            BinNo nvarchar(20) NOT NULL CONSTRAINT DF_Cust_BulkLotPicked_BinNo DEFAULT N'',
            DateReceived datetime NULL,
            DateExpiry datetime NULL,
            TransactionType tinyint NULL,
            QtyReceived decimal(19, 6) NULL,
            AllocLotQty decimal(19, 6) NULL,
            QtyIssued decimal(19, 6) NULL,
            IssueDate datetime NULL,
            CustomerKey varchar(20) NULL,
            PackSize decimal(19, 6) NULL,
            QtyOnHand decimal(19, 6) NULL,
            PalletNo int NULL,
            PalletId nvarchar(20) NULL,
            LotStatus nvarchar(20) NULL,
            Processed char(1) NULL,
            RecUserid varchar(8) NULL,
            RecDate datetime NULL,
            ModifiedBy nvarchar(16) NULL,
            ModifiedDate datetime NULL,
            CONSTRAINT PK_Cust_BulkLotPicked PRIMARY KEY CLUSTERED (LotTranNo, RunNo, RowNum, LineId)
        );

        INSERT INTO lockstep.CreatedTable (TableName) VALUES (N'dbo.Cust_BulkLotPicked');
    END;
GO

IF OBJECT_ID(N'dbo.Cust_BulkPalletLotPicked', N'U') IS NULL
    BEGIN
        CREATE TABLE dbo.Cust_BulkPalletLotPicked (
            RunNo int NOT NULL,
            RowNum int NOT NULL,
            LineId int NOT NULL,
            BatchNo nvarchar(20) NULL,
            PalletID nvarchar(20) NOT NULL,
            RecUserid varchar(8) NULL,
            RecDate datetime NULL,
            ModifiedBy nvarchar(16) NULL,
            ModifiedDate datetime NULL,
            CONSTRAINT PK_Cust_BulkPalletLotPicked PRIMARY KEY CLUSTERED (RunNo, RowNum, LineId)
        );

        INSERT INTO lockstep.CreatedTable (TableName) VALUES (N'dbo.Cust_BulkPalletLotPicked');
    END;
GO

IF OBJECT_ID(N'dbo.Mintxdh', N'U') IS NULL
    BEGIN
        CREATE TABLE dbo.Mintxdh (
            InTransId int IDENTITY (1, 1) NOT NULL,
            ItemKey varchar(30) NOT NULL,
            Location varchar(10) NOT NULL,
            ToLocation varchar(10) NULL,
            SysID char(1) NULL,
            ProcessID char(1) NULL,
            SysDocID varchar(20) NULL,
            SysLinSq int NULL,
            TrnTyp char(1) NULL,
            TrnSubTyp varchar(5) NULL,
            DocNo varchar(20) NULL,
            DocDate datetime NULL,
            AplDate datetime NULL,
            TrnDesc varchar(50) NULL,
            TrnQty decimal(19, 6) NULL,
            TrnAmt decimal(19, 6) NULL,
            NLAcct varchar(20) NULL,
            INAcct varchar(20) NULL,
            CreatedSerlot char(1) NULL,
            StdCost decimal(19, 6) NULL,
            Stdcostupdated bit NULL,
            Updated_FinTable bit NULL,
            SortField varchar(20) NULL,
            JrnlBtchNo varchar(20) NULL,
            GLtrnAmt decimal(19, 6) NULL,
            RecUserID varchar(8) NULL,
            RecDate datetime NULL,
            CONSTRAINT PK_Mintxdh PRIMARY KEY CLUSTERED (InTransId)
        );

        INSERT INTO lockstep.CreatedTable (TableName) VALUES (N'dbo.Mintxdh');
    END;
GO

IF OBJECT_ID(N'dbo.BinTransfer', N'U') IS NULL
    BEGIN
        CREATE TABLE dbo.BinTransfer (
            BinTranID int IDENTITY (1, 1) NOT NULL,
            ItemKey varchar(30) NOT NULL,
            Location varchar(10) NOT NULL,
            LotNo varchar(30) NOT NULL,
            BinNoFrom nvarchar(20) NOT NULL,
            BinNoTo nvarchar(20) NOT NULL,
            LotTranNo int NOT NULL,
            InTransID int NOT NULL,
            QtyOnHand decimal(19, 6) NULL,
            TransferQty decimal(19, 6) NULL,
            ContainerNo bigint NULL,
            User1 nvarchar(50) NULL,
            User5 nvarchar(50) NULL,
            RecUserID varchar(8) NULL,
            RecDate datetime NULL,
            CONSTRAINT PK_BinTransfer PRIMARY KEY CLUSTERED (BinTranID)
        );

        INSERT INTO lockstep.CreatedTable (TableName) VALUES (N'dbo.BinTransfer');
    END;
GO

-- The two series that lockstep draws from. An ERP that has the table has them, too: check_erp_tables.sql has seen to it.
INSERT INTO dbo.Seqnum (SeqName, SeqNum, Description)
SELECT
    n.SeqName,
    0 AS SeqNum,
    n.Description
FROM (VALUES ('BT', 'Bin transfer documents'), ('PT', 'Pallets')) AS n(SeqName, Description)
WHERE N'dbo.Seqnum' IN (SELECT c.TableName FROM lockstep.CreatedTable AS c);
GO
