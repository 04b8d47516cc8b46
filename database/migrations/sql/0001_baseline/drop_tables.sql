/*
Undoes the baseline: lockstep's own tables, and those ERP tables that the baseline made, WITH THEIR DATA. Tables that the
ERP had before stay. The schemas stay, too, because procedures may still be deployed in them.
*/
IF N'dbo.LotMaster' IN (SELECT c.TableName FROM lockstep.CreatedTable AS c)
    DROP TABLE dbo.LotMaster;
IF N'dbo.LotTransaction' IN (SELECT c.TableName FROM lockstep.CreatedTable AS c)
    DROP TABLE dbo.LotTransaction;
IF N'dbo.BINMaster' IN (SELECT c.TableName FROM lockstep.CreatedTable AS c)
    DROP TABLE dbo.BINMaster;
IF N'dbo.INMAST' IN (SELECT c.TableName FROM lockstep.CreatedTable AS c)
    DROP TABLE dbo.INMAST;
IF N'dbo.INLOC' IN (SELECT c.TableName FROM lockstep.CreatedTable AS c)
    DROP TABLE dbo.INLOC;
IF N'dbo.Seqnum' IN (SELECT c.TableName FROM lockstep.CreatedTable AS c)
    DROP TABLE dbo.Seqnum;
IF N'dbo.Cust_BulkRun' IN (SELECT c.TableName FROM lockstep.CreatedTable AS c)
    DROP TABLE dbo.Cust_BulkRun;
IF N'dbo.cust_BulkPicked' IN (SELECT c.TableName FROM lockstep.CreatedTable AS c)
    DROP TABLE dbo.cust_BulkPicked;
IF N'dbo.Cust_BulkLotPicked' IN (SELECT c.TableName FROM lockstep.CreatedTable AS c)
    DROP TABLE dbo.Cust_BulkLotPicked;
IF N'dbo.Cust_BulkPalletLotPicked' IN (SELECT c.TableName FROM lockstep.CreatedTable AS c)
    DROP TABLE dbo.Cust_BulkPalletLotPicked;
IF N'dbo.Mintxdh' IN (SELECT c.TableName FROM lockstep.CreatedTable AS c)
    DROP TABLE dbo.Mintxdh;
IF N'dbo.BinTransfer' IN (SELECT c.TableName FROM lockstep.CreatedTable AS c)
    DROP TABLE dbo.BinTransfer;
GO

DROP TABLE ops.BaselineLine;
DROP TABLE ops.BaselineLot;
DROP TABLE ops.Baseline;
DROP TABLE putaway.ClassAccount;
DROP TABLE putaway.TransferLotOutcome;
DROP TABLE picking.UnpickLotOutcome;
DROP TABLE picking.PickFefoLot;
DROP TABLE picking.PickFefoOutcome;
DROP TABLE picking.PickLotOutcome;
DROP TABLE lockstep.ErpColumn;
DROP TABLE lockstep.CreatedTable;
DROP TABLE lockstep.DeployHistory;
DROP TABLE lockstep.Deployment;
DROP TABLE lockstep.DeployedObject;
DROP TABLE lockstep.Operation;
DROP TABLE lockstep.Request;
DROP TABLE lockstep.Settings;
GO
