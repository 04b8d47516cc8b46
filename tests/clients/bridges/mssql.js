// mssql (node-mssql), a pool over tedious, behind the words of tests/clients/bridge.py.
'use strict';

const sql = require('mssql');
const { encode, write, say, serve } = require('./words.js');

let pool;
let transaction;
let place;

async function open(options) {
  const [host, port, user, password, database] = place;
  const opened = new sql.ConnectionPool({
    server: host, port, user, password, database, arrayRowMode: true, connectionTimeout: 10000, requestTimeout: 0,
    pool: { max: 1, min: 1 }, options: { encrypt: true, trustServerCertificate: true, useUTC: true }, ...options,
  });
  opened.on('error', () => {});
  await opened.connect();
  return opened;
}

async function connect(words) {
  place = words.map(({ value }) => value);
  pool = await open({});
}

const newRequest = (owner) => new sql.Request(owner || transaction || pool);

/** The type for a value of a kind. */
function typeFor({ kind, value }) {
  switch (kind) {
    case 'bool': return sql.Bit;
    case 'int': return typeof value === 'number' && Math.abs(value) < 2 ** 31 ? sql.Int : sql.BigInt;
    case 'float': return sql.Float;
    case 'decimal': return sql.Decimal(19, 6);
    case 'bytes': return sql.VarBinary(sql.MAX);
    case 'date': return sql.Date;
    case 'time': return sql.Time(6);
    case 'datetime': return sql.DateTime2(6);
    case 'datetimeoffset': return sql.DateTimeOffset(3);
    case 'uuid': return sql.UniqueIdentifier;
    default: return sql.NVarChar(sql.MAX);
  }
}

/** The type that is declared in T-SQL. */
function declared(type) {
  const [, name, size] = /^(\w+)\s*(?:\((.*)\))?$/.exec(type);
  const sizes = (size || '').split(',').map(Number);
  switch (name) {
    case 'int': return sql.Int;
    case 'decimal': return sql.Decimal(...sizes);
    case 'nvarchar': return sql.NVarChar(sizes[0]);
    case 'varchar': return sql.VarChar(sizes[0]);
    case 'uniqueidentifier': return sql.UniqueIdentifier;
    default: throw new Error(`no type for ${type}`);
  }
}

const plain = ({ kind, value }) => (kind === 'decimal' ? Number(value) : value);

/** Run a request as a stream, telling what comes of it. */
function perform(request, send) {
  return new Promise((resolve, reject) => {
    let failure = null;
    let types = [];
    request.stream = true;
    request.on('recordset', (columns) => {
      types = columns.map((column) => column.type.declaration);
      say('set');
    });
    request.on('row', (row) => say('row', ...row.map((value, at) => write(value, types[at]))));
    request.on('error', (error) => { failure = failure || error; });
    request.on('done', (result) => {
      if (failure) { reject(failure); return; }
      if (result.returnValue !== undefined) say('status', encode('int', result.returnValue));
      for (const [name, value] of Object.entries(result.output || {})) {
        say('output', encode('str', `@${name}`), write(value, request.parameters[name].type.declaration));
      }
      resolve();
    });
    send(request);
  });
}

function query([text, ...values]) {
  const request = newRequest();
  let number = 0;
  const numbered = text.value.replace(/\?/g, () => `@p${(number += 1)}`);
  values.forEach((value, at) => request.input(`p${at + 1}`, typeFor(value), plain(value)));
  return perform(request, (ready) => (values.length ? ready.query(numbered) : ready.batch(text.value)));
}

function call([procedure, ...parts]) {
  const request = newRequest();
  for (let at = 0; at < parts.length; at += 4) {
    const [name, type, output, value] = parts.slice(at, at + 4);
    request[output.value ? 'output' : 'input'](name.value.slice(1), declared(type.value), plain(value));
  }
  return perform(request, (ready) => ready.execute(procedure.value));
}

/** A table with the columns and rows that the words describe. */
function tableOf(name, parts) {
  const count = parts[0].value;
  const table = new sql.Table(name);
  for (let at = 0; at < count; at += 1) {
    table.columns.add(parts[1 + 2 * at].value, declared(parts[2 + 2 * at].value), { nullable: true });
  }
  const values = parts.slice(1 + 2 * count).map(plain);
  for (let at = 0; at < values.length; at += count) table.rows.add(...values.slice(at, at + count));
  return table;
}

const load = ([name, ...parts]) => newRequest().bulk(tableOf(name.value, parts));

function passTable([procedure, type, ...parts]) {
  const request = newRequest();
  request.input('Rows', sql.TVP(type.value), tableOf(type.value, parts));
  return perform(request, (ready) => ready.execute(procedure.value));
}

async function prepared([text, type, ...values]) {
  const statement = new sql.PreparedStatement(pool);
  statement.input('p1', declared(type.value));
  await statement.prepare(text.value.replace('?', '@p1'));
  try {
    for (const { value } of values) {
      const { recordset } = await statement.execute({ p1: value });
      say('set');
      recordset.forEach((row) => say('row', ...Object.values(row).map((item) => write(item))));
    }
  } finally {
    await statement.unprepare();
  }
}

async function timeout([text]) {
  const hasty = await open({ requestTimeout: 1000 });
  try {
    await perform(newRequest(hasty), (ready) => ready.batch(text.value));
  } finally {
    await hasty.close();
  }
}

function cancel([text]) {
  const request = newRequest();
  setTimeout(() => request.cancel(), 200);
  return perform(request, (ready) => ready.batch(text.value));
}

async function begin() {
  transaction = new sql.Transaction(pool);
  await transaction.begin();
}

const end = (method) => async () => {
  const ended = transaction;
  transaction = undefined;
  await ended[method]();
};

async function close() {
  if (transaction) await end('rollback')();
  await pool.close();
}

serve({
  connect, query, call, prepared, timeout, cancel, load, begin, close,
  table: passTable, commit: end('commit'), rollback: end('rollback'),
});
