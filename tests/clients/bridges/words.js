// Requests and answers as lines of words: see tests/clients/bridge.py.
'use strict';

const readline = require('node:readline');

const encode = (kind, text) => `${kind}:${Buffer.from(String(text), 'utf8').toString('base64')}`;

/** A word as { kind, value }; the value of a number that JavaScript cannot hold stays a text. */
function read(word) {
  if (word === '-') return { kind: 'null', value: null };
  const [kind, coded] = word.split(':');
  const text = Buffer.from(coded, 'base64').toString('utf8');
  switch (kind) {
    case 'bool': return { kind, value: text === 'true' };
    case 'int': return { kind, value: Number.isSafeInteger(Number(text)) ? Number(text) : text };
    case 'float': return { kind, value: Number(text) };
    case 'bytes': return { kind, value: Buffer.from(text, 'hex') };
    case 'date': return { kind, value: new Date(`${text}T00:00:00Z`) };
    case 'time': return { kind, value: instant(`1970-01-01T${text}`) };
    case 'datetime': return { kind, value: instant(text) };
    case 'datetimeoffset': return { kind, value: new Date(text) };
    default: return { kind, value: text };
  }
}

/** A Date of milliseconds, with what is finer in nanosecondDelta (seconds), as tedious takes it. */
function instant(text) {
  const value = new Date(`${text.slice(0, 23)}Z`);
  value.nanosecondDelta = Number(`0.000${text.slice(23).padEnd(4, '0')}`);
  return value;
}

/** A value that a library returned for a column or parameter of the T-SQL type `type`, as a word. */
function write(value, type = '') {
  if (value === null || value === undefined) return '-';
  if (Buffer.isBuffer(value)) return encode('bytes', value.toString('hex'));
  if (value instanceof Date) return writeDate(value, type);
  switch (typeof value) {
    case 'boolean': return encode('bool', value);
    case 'bigint': return encode('int', value);
    case 'number':
      if (/decimal|numeric|money/i.test(type)) return encode('decimal', value);
      return encode(/float|real/i.test(type) || !Number.isInteger(value) ? 'float' : 'int', value);
    default:
      if (/bigint/i.test(type)) return encode('int', value);
      return encode(/uniqueidentifier/i.test(type) ? 'uuid' : 'str', value);
  }
}

function writeDate(value, type) {
  const fine = Math.round((value.nanosecondsDelta || 0) * 1e6) % 1000;
  const text = value.toISOString().slice(0, 23) + String(fine).padStart(3, '0');
  if (/^date$/i.test(type)) return encode('date', text.slice(0, 10));
  if (/^time/i.test(type)) return encode('time', text.slice(11));
  if (/offset/i.test(type)) return encode('datetimeoffset', `${text}+00:00`);
  return encode('datetime', text);
}

const say = (...words) => process.stdout.write(`${words.join(' ')}\n`);

/** Answer requests with `operations` until the input ends. An operation gets the words read and returns a promise. */
async function serve(operations) {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [operation, ...words] = line.split(' ');
    try {
      await operations[operation](words.map(read));
      say('done');
    } catch (error) {
      fail(error);
    }
  }
  process.exit(0);
}

function fail(error) {
  const told = error.cause && error.cause.number ? error.cause : (error.originalError && error.originalError.info) || error;
  if (['ETIMEOUT', 'ECANCEL'].includes(error.code)) {
    say('cut', encode('str', error.message));
    return;
  }
  const number = error.number ?? told.number ?? (error.code === 'ELOGIN' ? 18456 : null);
  const [severity, state, line] = [error.class ?? told.class, error.state ?? told.state, error.lineNumber ?? told.lineNumber];
  say('error', ...[number, severity, state, line].map((value) => write(value)), encode('str', error.message));
}

module.exports = { encode, read, write, say, serve };
