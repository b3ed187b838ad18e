import { X509Certificate } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import type * as csrReader from '../certificates/csr';

/** https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_LINE_BYTES = 256 * 1024;

/** Certificates and requests take a while to read; a file that is wrong in all lines is wrong in the first. */
const READ_LINES = 1000;

/** How many problems a message names. */
const NAMED_PROBLEMS = 5;

const CHUNK_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;

/** What each line of a file must have. */
export interface LineRules {
  /** The parameters by name, with whether a line must have a value for it. */
  readonly parameters: ReadonlyMap<string, boolean>;
  /** The parameters that have a certificate signing request, and those that have a certificate. */
  readonly requests: readonly string[];
  readonly certificates: readonly string[];
}

/** What is wrong with a file. */
export interface LineProblems {
  readonly lines: number;
  readonly bad: number;
  readonly hasPrivateKey: boolean;
  /** The first problems, with the numbers of their lines. No content of the file. */
  readonly text: string;
}

/** Reads a file of JSON texts, one a line, piece by piece: it may have a million. */
export function inspectLines(path: string, rules: LineRules): LineProblems {
  const problems: string[] = [];
  let lines = 0;
  let bad = 0;
  let hasPrivateKey = false;
  for (const line of linesOf(path)) {
    lines++;
    const problem = problemOf(line, rules, lines <= READ_LINES);
    if (problem !== undefined) {
      bad++;
      hasPrivateKey ||= problem === PRIVATE_KEY;
      if (problems.length < NAMED_PROBLEMS) {
        problems.push(`line ${lines} ${problem}`);
      }
    }
  }
  const more = bad > problems.length ? `; and ${bad - problems.length} more lines` : '';
  return { lines, bad, hasPrivateKey, text: problems.join('; ') + more };
}

const PRIVATE_KEY = 'has a private key, which belongs to its device alone';

function problemOf(line: Buffer | undefined, { parameters, requests, certificates }: LineRules, isRead: boolean): string | undefined {
  if (line === undefined) {
    return `has more than ${MAX_LINE_BYTES} bytes`;
  }
  if (/PRIVATE KEY/i.test(line.toString('latin1'))) {
    return PRIVATE_KEY;
  }
  const values = parse(line.toString());
  if (values === undefined) {
    return 'is no JSON object of texts';
  }
  const unknown = Object.keys(values).find((name) => !parameters.has(name));
  if (unknown !== undefined) {
    return `has a parameter that the template does not declare; there are: ${[...parameters.keys()].join(', ')}`;
  }
  const missing = [...parameters].find(([name, isRequired]) => isRequired && (values[name] ?? '') === '');
  if (missing !== undefined) {
    return `lacks '${missing[0]}'`;
  }
  if (isRead) {
    const request = requests.find((name) => !isRequest(values[name] ?? ''));
    const certificate = certificates.find((name) => values[name] !== undefined && !isCertificate(values[name]));
    return request !== undefined ? `has no certificate signing request in '${request}'` : certificate && `has no certificate in '${certificate}'`;
  }
  return undefined;
}

function parse(line: string): { readonly [name: string]: string } | undefined {
  try {
    const value = JSON.parse(line) as unknown;
    const isTexts = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((each) => typeof each === 'string');
    return isTexts ? value as { readonly [name: string]: string } : undefined;
  } catch {
    return undefined;
  }
}

function isRequest(pem: string): boolean {
  const [, base64] = /^\s*-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----\n([A-Za-z0-9+/=\s]+)\n-----END (?:NEW )?CERTIFICATE REQUEST-----\s*$/.exec(pem.replace(/\r/g, '')) ?? [];
  if (base64 === undefined) {
    return false;
  }
  const { inspectCsr } = require('../certificates/csr') as typeof csrReader;
  return succeeds(() => inspectCsr(Buffer.from(base64, 'base64')).signature !== 'invalid');
}

function isCertificate(pem: string): boolean {
  return succeeds(() => new X509Certificate(pem).raw.length > 0);
}

function succeeds(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}

/** The lines of a file; nothing in the place of one that is too long. */
function* linesOf(path: string): Generator<Buffer | undefined> {
  const file = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest = Buffer.alloc(0);
    let isTooLong = false;
    for (let size = readSync(file, chunk); size > 0; size = readSync(file, chunk)) {
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end >= 0 && end < size; end = chunk.indexOf(LINE_FEED, start)) {
        const line = Buffer.concat([rest, chunk.subarray(start, end)]);
        yield isTooLong || line.length > MAX_LINE_BYTES ? undefined : line;
        [rest, start, isTooLong] = [Buffer.alloc(0), end + 1, false];
      }
      isTooLong ||= rest.length + size - start > MAX_LINE_BYTES;
      rest = isTooLong ? Buffer.alloc(0) : Buffer.concat([rest, chunk.subarray(start, size)]);
    }
    if (isTooLong || rest.length > 0) {
      yield isTooLong ? undefined : rest;
    }
  } finally {
    closeSync(file);
  }
}
