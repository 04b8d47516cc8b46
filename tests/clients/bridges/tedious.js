// tedious behind the words of tests/clients/bridge.py.
'use strict';

const { Connection, Request, TYPES, ISOLATION_LEVEL } = require('tedious');
const { encode, write, say, serve } = require('./words.js');

let connection;

function connect([host, port, user, password, database]) {
  return new Promise((resolve, reject) => {
    connection = new Connection({
      server: host.value,
      authentication: { type: 'default', options: { userName: user.value, password: password.value } },
      options: {
        port: port.value, database: database.value, encrypt: true, trustServerCertificate: true,
        connectTimeout: 10000, cancelTimeout: 5000, requestTimeout: 0, useUTC: true,
      },
    });
    connection.on('error', () => {});
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
}

/** The type, value and options of a parameter for a value of a kind. */
function bound({ kind, value }) {
  switch (kind) {
    case 'null': return [TYPES.NVarChar, null];
    case 'bool': return [TYPES.Bit, value];
    case 'int': return [typeof value === 'number' && Math.abs(value) < 2 ** 31 ? TYPES.Int : TYPES.BigInt, value];
    case 'float': return [TYPES.Float, value];
    case 'decimal': return [TYPES.Decimal, Number(value), { precision: 19, scale: 6 }];
    case 'bytes': return [TYPES.VarBinary, value];
    case 'date': return [TYPES.Date, value];
    case 'time': return [TYPES.Time, value, { scale: 6 }];
    case 'datetime': return [TYPES.DateTime2, value, { scale: 6 }];
    case 'datetimeoffset': return [TYPES.DateTimeOffset, value, { scale: 3 }];
    case 'uuid': return [TYPES.UniqueIdentifier, value];
    default: return [TYPES.NVarChar, value];
  }
}

/** The same for a T-SQL type. */
function declared(type, { value }) {
  const [, name, size] = /^(\w+)\s*(?:\((.*)\))?$/.exec(type);
  const [first, second] = (size || '').split(',').map(Number);
  switch (name) {
    case 'int': return [TYPES.Int, value];
    case 'decimal': return [TYPES.Decimal, value === null ? null : Number(value), { precision: first, scale: second }];
    case 'nvarchar': return [TYPES.NVarChar, value, { length: first }];
    case 'varchar': return [TYPES.VarChar, value, { length: first }];
    case 'uniqueidentifier': return [TYPES.UniqueIdentifier, value];
    default: throw new Error(`no type for ${type}`);
  }
}

const typeOf = (metadata) => {
  const name = metadata.type.name;
  if (metadata.type.type === 'INTN' && metadata.dataLength === 8) return 'bigint';
  return /^(IntN|BigInt)$/.test(name) ? (metadata.dataLength === 8 ? 'bigint' : 'int') : name.replace(/N$/, '');
};

/** A request whose end is told to `finished`, which may change. */
function newRequest(text) {
  const request = new Request(text, (error, ...rest) => request.finished(error, ...rest));
  request.finished = () => {};
  return request;
}

/** Run a request that `send` sends, telling what comes of it. */
function perform(request, send) {
  return new Promise((resolve, reject) => {
    request.finished = (error) => (error ? reject(error) : resolve());
    request.on('columnMetadata', () => say('set'));
    request.on('row', (columns) => say('row', ...columns.map((column) => write(column.value, typeOf(column.metadata)))));
    request.on('doneProc', (count, more, status) => {
      if (status !== undefined) say('status', encode('int', status));
    });
    request.on('returnValue', (name, value, metadata) => {
      say('output', encode('str', `@${name}`), write(value, typeOf(metadata)));
    });
    send(request);
  });
}

function query([text, ...values]) {
  let number = 0;
  const request = newRequest(values.length ? text.value.replace(/\?/g, () => `@p${(number += 1)}`) : text.value);
  values.forEach((value, place) => request.addParameter(`p${place + 1}`, ...bound(value)));
  return perform(request, (ready) => (values.length ? connection.execSql(ready) : connection.execSqlBatch(ready)));
}

function call([procedure, ...parts]) {
  const request = newRequest(procedure.value);
  for (let place = 0; place < parts.length; place += 4) {
    const [name, type, output, value] = parts.slice(place, place + 4);
    const add = output.value ? request.addOutputParameter : request.addParameter;
    add.call(request, name.value.slice(1), ...declared(type.value, value));
  }
  return perform(request, (ready) => connection.callProcedure(ready));
}

async function prepared([text, type, ...values]) {
  const request = newRequest(text.value.replace('?', '@p1'));
  const [kind, , options] = declared(type.value, { value: null });
  request.addParameter('p1', kind, null, options);
  await new Promise((resolve, reject) => {
    request.on('prepared', resolve);
    request.finished = reject;
    connection.prepare(request);
  });
  request.removeAllListeners('prepared');
  for (const { value } of values) {
    request.removeAllListeners();
    await perform(request, (ready) => connection.execute(ready, { p1: value }));
  }
  request.removeAllListeners();
  await perform(request, (ready) => connection.unprepare(ready));
}

const transaction = (method, ...rest) => new Promise((resolve, reject) => {
  connection[method]((error) => (error ? reject(error) : resolve()), ...rest);
});

function timeout([text]) {
  const request = newRequest(text.value);
  request.setTimeout(1000);
  return perform(request, (ready) => connection.execSqlBatch(ready));
}

function cancel([text]) {
  const request = newRequest(text.value);
  setTimeout(() => connection.cancel(), 200);
  return perform(request, (ready) => connection.execSqlBatch(ready));
}

/** The columns and rows of a table in the words that follow their number. */
function table(parts) {
  const count = parts[0].value;
  const described = parts.slice(1, 1 + 2 * count).map((part) => part.value);
  const columns = Array.from({ length: count }, (_, place) => {
    const [type, , options] = declared(described[2 * place + 1], { value: null });
    return { name: described[2 * place], type, ...options };
  });
  const values = parts.slice(1 + 2 * count).map(({ kind, value }) => (kind === 'decimal' ? Number(value) : value));
  const rows = [];
  for (let place = 0; place < values.length; place += count) rows.push(values.slice(place, place + count));
  return { columns, rows };
}

function load([name, ...parts]) {
  const { columns, rows } = table(parts);
  return new Promise((resolve, reject) => {
    const bulk = connection.newBulkLoad(name.value, (error) => (error ? reject(error) : resolve()));
    columns.forEach(({ name: column, type, ...options }) => bulk.addColumn(column, type, { nullable: true, ...options }));
    connection.execBulkLoad(bulk, rows);
  });
}

function passTable([procedure, , ...parts]) {
  const request = newRequest(procedure.value);
  request.addParameter('Rows', TYPES.TVP, table(parts));
  return perform(request, (ready) => connection.callProcedure(ready));
}

/** Ask the server to forget the session's state with the next request. */
const reset = () => transaction('reset');

const close = () => new Promise((resolve) => {
  connection.on('end', resolve);
  connection.close();
});

serve({
  connect, query, call, prepared, timeout, cancel, load, reset, close,
  table: passTable,
  begin: () => transaction('beginTransaction', '', ISOLATION_LEVEL.READ_COMMITTED),
  commit: () => transaction('commitTransaction'),
  rollback: () => transaction('rollbackTransaction'),
});
