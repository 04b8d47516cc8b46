/*
The schemas and lockstep's own tables.

Every schema belongs to dbo, so that ownership chaining lets a procedure reach tables on which its caller has no right.
No table here has a foreign key: the rows that would be joined by one are written in one transaction by one procedure, and
the check of a key would add a seek and a lock to each call.
*/
IF SCHEMA_ID(N'lockstep') IS NULL EXEC (N'CREATE SCHEMA lockstep AUTHORIZATION dbo');
IF SCHEMA_ID(N'picking') IS NULL EXEC (N'CREATE SCHEMA picking AUTHORIZATION dbo');
IF SCHEMA_ID(N'putaway') IS NULL EXEC (N'CREATE SCHEMA putaway AUTHORIZATION dbo');
IF SCHEMA_ID(N'bags') IS NULL EXEC (N'CREATE SCHEMA bags AUTHORIZATION dbo');
IF SCHEMA_ID(N'operators') IS NULL EXEC (N'CREATE SCHEMA operators AUTHORIZATION dbo');
IF SCHEMA_ID(N'ops') IS NULL EXEC (N'CREATE SCHEMA ops AUTHORIZATION dbo');
GO

-- One row, always: the key is fixed to 1.
CREATE TABLE lockstep.Settings (
    SettingsId tinyint NOT NULL CONSTRAINT DF_Settings_SettingsId DEFAULT 1,
    -- Attempts of a write procedure in all, the first included.
    MaxAttempts tinyint NOT NULL CONSTRAINT DF_Settings_MaxAttempts DEFAULT 4,
    -- Bags that may be picked beyond a line's need. Bags are whole, so their number needs no rounding rule; a percentage would.
    OverPickBags int NOT NULL CONSTRAINT DF_Settings_OverPickBags DEFAULT 0,
    -- Warehouse time minus UTC. An offset: named time zones are not the same on every engine.
    UtcOffsetMinutes smallint NOT NULL CONSTRAINT DF_Settings_UtcOffsetMinutes DEFAULT 420,
    -- Inventory account of item classes that putaway.ClassAccount does not list.
    InventoryAccount varchar(20) NOT NULL CONSTRAINT DF_Settings_InventoryAccount DEFAULT '1100',
    CONSTRAINT PK_Settings PRIMARY KEY CLUSTERED (SettingsId),
    CONSTRAINT CK_Settings_SettingsId CHECK (SettingsId = 1),
    CONSTRAINT CK_Settings_MaxAttempts CHECK (MaxAttempts BETWEEN 1 AND 10),
    CONSTRAINT CK_Settings_OverPickBags CHECK (OverPickBags BETWEEN 0 AND 1000),
    CONSTRAINT CK_Settings_UtcOffsetMinutes CHECK (UtcOffsetMinutes BETWEEN -840 AND 840)
);

INSERT INTO lockstep.Settings (SettingsId) VALUES (1);

-- One row a request id that has been used with success. What came of it is in the <Procedure>Outcome table.
CREATE TABLE lockstep.Request (
    RequestId uniqueidentifier NOT NULL,
    ProcedureName nvarchar(128) NOT NULL,
    Arguments nvarchar(1000) NOT NULL,
    CreatedAt datetime2(3) NOT NULL CONSTRAINT DF_Request_CreatedAt DEFAULT SYSUTCDATETIME(),
    CONSTRAINT PK_Request PRIMARY KEY CLUSTERED (RequestId)
);

-- One row a finished call of a write procedure.
CREATE TABLE lockstep.Operation (
    OperationId bigint IDENTITY (1, 1) NOT NULL,
    ProcedureName nvarchar(128) NOT NULL,
    RequestId uniqueidentifier NULL,
    LoginName nvarchar(128) NOT NULL CONSTRAINT DF_Operation_LoginName DEFAULT ORIGINAL_LOGIN(),
    StartedAt datetime2(7) NOT NULL,
    DurationUs bigint NOT NULL,
    Attempts int NOT NULL,
    Outcome varchar(10) NOT NULL,
    ErrorNumber int NULL,
    ErrorMessage nvarchar(2048) NULL,
    CONSTRAINT PK_Operation PRIMARY KEY CLUSTERED (OperationId),
    CONSTRAINT CK_Operation_Outcome CHECK (Outcome IN ('DONE', 'REPLAYED', 'REJECTED', 'FAILED'))
);

-- What is deployed now: one row a file of database/procedures, indexes and the like.
CREATE TABLE lockstep.DeployedObject (
    Kind varchar(20) NOT NULL,
    ObjectName nvarchar(260) NOT NULL,
    ContentHash binary(32) NOT NULL,
    -- The definition as the server gave it right after the deployment; a different one now was put there by somebody else.
    ServerText nvarchar(max) NULL,
    DeployedAt datetime2(3) NOT NULL CONSTRAINT DF_DeployedObject_DeployedAt DEFAULT SYSUTCDATETIME(),
    DeployedBy nvarchar(128) NOT NULL CONSTRAINT DF_DeployedObject_DeployedBy DEFAULT ORIGINAL_LOGIN(),
    CONSTRAINT PK_DeployedObject PRIMARY KEY CLUSTERED (Kind, ObjectName)
);

-- One row a deployment that changed an object.
CREATE TABLE lockstep.Deployment (
    DeploymentId int IDENTITY (1, 1) NOT NULL,
    Origin varchar(10) NOT NULL,
    -- The migration that the tables were at.
    Revision varchar(32) NOT NULL,
    StartedAt datetime2(3) NOT NULL CONSTRAINT DF_Deployment_StartedAt DEFAULT SYSUTCDATETIME(),
    StartedBy nvarchar(128) NOT NULL CONSTRAINT DF_Deployment_StartedBy DEFAULT ORIGINAL_LOGIN(),
    HostName nvarchar(128) NULL CONSTRAINT DF_Deployment_HostName DEFAULT HOST_NAME(),
    -- NULL: it failed or was ended before its end, or it still runs.
    FinishedAt datetime2(3) NULL,
    CONSTRAINT PK_Deployment PRIMARY KEY CLUSTERED (DeploymentId),
    CONSTRAINT CK_Deployment_Origin CHECK (Origin IN ('DEPLOY', 'ROLLBACK', 'BUNDLE'))
);

-- What was deployed when and by whom, and what was there before it, so that it can be put back.
CREATE TABLE lockstep.DeployHistory (
    HistoryId int IDENTITY (1, 1) NOT NULL,
    DeploymentId int NOT NULL,
    Kind varchar(20) NOT NULL,
    ObjectName nvarchar(260) NOT NULL,
    -- NULL, both: the object was dropped.
    ContentHash binary(32) NULL,
    DefinitionText nvarchar(max) NULL,
    -- NULL with a text: that was not of a file, but the server's own. NULL without one: there was nothing before.
    PreviousHash binary(32) NULL,
    PreviousText nvarchar(max) NULL,
    ToolVersion varchar(30) NOT NULL,
    DeployedAt datetime2(3) NOT NULL CONSTRAINT DF_DeployHistory_DeployedAt DEFAULT SYSUTCDATETIME(),
    DeployedBy nvarchar(128) NOT NULL CONSTRAINT DF_DeployHistory_DeployedBy DEFAULT ORIGINAL_LOGIN(),
    CONSTRAINT PK_DeployHistory PRIMARY KEY CLUSTERED (HistoryId)
);

-- The ERP tables that the baseline made because they were missing. A downgrade drops these and no others.
CREATE TABLE lockstep.CreatedTable (
    TableName nvarchar(260) NOT NULL,
    CONSTRAINT PK_CreatedTable PRIMARY KEY CLUSTERED (TableName)
);
GO

-- What lockstep needs of the ERP's tables, one row a column; erp_columns.sql says what the values mean.
CREATE TABLE lockstep.ErpColumn (
    TableName nvarchar(128) NOT NULL,
    ColumnName nvarchar(128) NOT NULL,
    Family varchar(10) NOT NULL,
    KeyOrder tinyint NOT NULL,
    Nulls varchar(5) NOT NULL,
    CopiedFrom nvarchar(128) NULL,
    CONSTRAINT PK_ErpColumn PRIMARY KEY CLUSTERED (TableName, ColumnName),
    CONSTRAINT CK_ErpColumn_Family CHECK (Family IN ('text', 'integer', 'identity', 'quantity', 'amount', 'date', 'flag')),
    CONSTRAINT CK_ErpColumn_Nulls CHECK (Nulls IN ('NEVER', 'MUST', ''))
);
GO

-- The first outcome of each request, as the procedure reported it.
CREATE TABLE picking.PickLotOutcome (
    RequestId uniqueidentifier NOT NULL,
    Attempts int NOT NULL,
    LotTranNo int NOT NULL,
    AllocationNo int NOT NULL,
    PalletId nvarchar(20) NOT NULL,
    -- 1: this call drew the pallet number from Seqnum.
    PalletDrawn bit NOT NULL,
    QtyOnHand decimal(19, 6) NOT NULL,
    QtyCommitSales decimal(19, 6) NOT NULL,
    PickedBulkQty decimal(19, 6) NOT NULL,
    PickedQty decimal(19, 6) NOT NULL,
    RunStatus nvarchar(10) NOT NULL,
    CONSTRAINT PK_PickLotOutcome PRIMARY KEY CLUSTERED (RequestId)
);

CREATE TABLE picking.PickFefoOutcome (
    RequestId uniqueidentifier NOT NULL,
    Attempts int NOT NULL,
    PalletId nvarchar(20) NOT NULL,
    -- 1: this call drew the pallet number from Seqnum.
    PalletDrawn bit NOT NULL,
    Lots int NOT NULL,
    Bags decimal(19, 6) NOT NULL,
    Weight decimal(19, 6) NOT NULL,
    OpenBags decimal(19, 6) NOT NULL,
    PickedBulkQty decimal(19, 6) NOT NULL,
    PickedQty decimal(19, 6) NOT NULL,
    RunStatus nvarchar(10) NOT NULL,
    CONSTRAINT PK_PickFefoOutcome PRIMARY KEY CLUSTERED (RequestId)
);

-- The picks of one PickFefo request, a row a lot row, in the order of FEFO.
CREATE TABLE picking.PickFefoLot (
    RequestId uniqueidentifier NOT NULL,
    FefoRank int NOT NULL,
    LotNo varchar(30) NOT NULL,
    BinNo nvarchar(20) NOT NULL,
    DateExpiry datetime NULL,
    Bags decimal(19, 6) NOT NULL,
    Weight decimal(19, 6) NOT NULL,
    LotTranNo int NOT NULL,
    AllocationNo int NOT NULL,
    QtyOnHand decimal(19, 6) NOT NULL,
    QtyCommitSales decimal(19, 6) NOT NULL,
    CONSTRAINT PK_PickFefoLot PRIMARY KEY CLUSTERED (RequestId, FefoRank)
);

CREATE TABLE picking.UnpickLotOutcome (
    RequestId uniqueidentifier NOT NULL,
    Attempts int NOT NULL,
    -- The LotTransaction row (type 6) that reverses, and the allocation that it takes from.
    LotTranNo int NOT NULL,
    AllocationNo int NOT NULL,
    Bags decimal(19, 6) NOT NULL,
    Weight decimal(19, 6) NOT NULL,
    -- What is left of the allocation, weight.
    AllocLotQty decimal(19, 6) NOT NULL,
    QtyOnHand decimal(19, 6) NOT NULL,
    QtyCommitSales decimal(19, 6) NOT NULL,
    PickedBulkQty decimal(19, 6) NOT NULL,
    PickedQty decimal(19, 6) NOT NULL,
    RunStatus nvarchar(10) NOT NULL,
    -- 1: this call set the run from PRINT back to NEW.
    Reopened bit NOT NULL,
    CONSTRAINT PK_UnpickLotOutcome PRIMARY KEY CLUSTERED (RequestId)
);

CREATE TABLE putaway.TransferLotOutcome (
    RequestId uniqueidentifier NOT NULL,
    Attempts int NOT NULL,
    DocumentNo varchar(20) NOT NULL,
    IssueLotTranNo int NOT NULL,
    ReceiptLotTranNo int NOT NULL,
    InTransId int NOT NULL,
    BinTranId int NOT NULL,
    FromQtyOnHand decimal(19, 6) NOT NULL,
    ToQtyOnHand decimal(19, 6) NOT NULL,
    CONSTRAINT PK_TransferLotOutcome PRIMARY KEY CLUSTERED (RequestId)
);

-- Inventory account of an item class (INLOC.InClassKey); the ERP keeps this rule in its programs.
CREATE TABLE putaway.ClassAccount (
    InClassKey varchar(20) NOT NULL,
    INAcct varchar(20) NOT NULL,
    CONSTRAINT PK_ClassAccount PRIMARY KEY CLUSTERED (InClassKey)
);
GO

-- The state from which ops.CheckInventory reckons: one row, and a copy of the balances and the progress at that time.
CREATE TABLE ops.Baseline (
    BaselineId tinyint NOT NULL CONSTRAINT DF_Baseline_BaselineId DEFAULT 1,
    TakenAt datetime2(3) NOT NULL CONSTRAINT DF_Baseline_TakenAt DEFAULT SYSUTCDATETIME(),
    LastLotTranNo int NOT NULL,
    LastAllocationNo int NOT NULL,
    LastInTransId int NOT NULL,
    LastBinTranId int NOT NULL,
    CONSTRAINT PK_Baseline PRIMARY KEY CLUSTERED (BaselineId),
    CONSTRAINT CK_Baseline_BaselineId CHECK (BaselineId = 1)
);

CREATE TABLE ops.BaselineLot (
    LotNo varchar(30) NOT NULL,
    ItemKey varchar(30) NOT NULL,
    LocationKey varchar(10) NOT NULL,
    BinNo nvarchar(20) NOT NULL,
    QtyOnHand decimal(19, 6) NOT NULL,
    QtyCommitSales decimal(19, 6) NOT NULL,
    CONSTRAINT PK_BaselineLot PRIMARY KEY CLUSTERED (LotNo, ItemKey, LocationKey, BinNo)
);

CREATE TABLE ops.BaselineLine (
    RunNo int NOT NULL,
    RowNum int NOT NULL,
    LineId int NOT NULL,
    PickedBulkQty decimal(19, 6) NOT NULL,
    PickedQty decimal(19, 6) NOT NULL,
    CONSTRAINT PK_BaselineLine PRIMARY KEY CLUSTERED (RunNo, RowNum, LineId)
);
GO
