import { Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { invalid } from '../private/errors';

/** A kind of PEM text that a property takes. */
export interface PemKind {
  /** The label between `-----BEGIN ` and `-----`. */
  readonly label: string;
  /** What one such block is, for messages. */
  readonly noun: string;
  /** Longest text that CloudFormation takes. */
  readonly maxLength: number;
  /** What to do with a block of another known kind, by its label. */
  readonly mixedUp: { readonly [label: string]: string };
}

export const CERTIFICATE: PemKind = {
  label: 'CERTIFICATE',
  noun: 'certificate',
  maxLength: 65536,
  mixedUp: { 'CERTIFICATE REQUEST': 'holds a certificate signing request; use DeviceCertificate.fromCsr for it' },
};

export const CERTIFICATE_REQUEST: PemKind = {
  label: 'CERTIFICATE REQUEST',
  noun: 'certificate signing request',
  maxLength: 4096,
  mixedUp: { CERTIFICATE: 'holds a certificate; use DeviceCertificate.fromPem for it' },
};

/** Old versions of OpenSSL write the same request under this label. */
const LABEL_ALIASES: { readonly [label: string]: string } = { 'NEW CERTIFICATE REQUEST': 'CERTIFICATE REQUEST' };

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/= \t\r\n]+)-----END \1-----/g;

/** BEGIN and END at the beginning of lines of their own, as OpenSSL and AWS IoT require. */
const OWN_LINES = /^(?:[ \t]*\r?\n)*-----BEGIN [A-Z0-9 ]+-----[ \t]*\r?\n[^-]*\n-----END /;

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * The DER bytes of PEM text that holds one block of the given kind and nothing else, or nothing for a token.
 *
 * Fails otherwise. No part of the text enters the message: by mistake it may be a secret.
 */
export function readPem(scope: IConstruct, prop: string, text: string, kind: PemKind): Buffer | undefined {
  // Before everything else, also where a token hides the rest.
  if (/PRIVATE KEY/i.test(text)) {
    throw invalid(
      scope,
      `'${prop}' contains a private key; remove it, because a private key belongs to its device alone `
      + `and everyone who can read the stack can read '${prop}'`,
    );
  }
  if (Token.isUnresolved(text)) {
    return undefined;
  }
  if (text.length > kind.maxLength) {
    throw invalid(scope, `'${prop}' must be at most ${kind.maxLength} characters long, got ${text.length}`);
  }
  if (text.includes(BYTE_ORDER_MARK)) {
    throw invalid(scope, `'${prop}' contains a byte order mark, which AWS IoT does not read; save the file as UTF-8 without it`);
  }

  const blocks = [...text.matchAll(BLOCK)];
  const [, label = '', base64 = ''] = blocks[0] ?? [];
  const mixedUp = kind.mixedUp[label];
  if (mixedUp !== undefined) {
    throw invalid(scope, `'${prop}' ${mixedUp}`);
  }
  if ((LABEL_ALIASES[label] ?? label) !== kind.label) {
    throw invalid(
      scope,
      `'${prop}' must be PEM text that begins with "-----BEGIN ${kind.label}-----"; pass the content of the file, not its path`,
    );
  }
  if (blocks.length > 1) {
    throw invalid(
      scope,
      `'${prop}' must hold one ${kind.noun}, got ${blocks.length} PEM blocks; keep only the first, which in a chain is the device's own`,
    );
  }
  if (text.replace(blocks[0]?.[0] ?? '', '').replace(/[ \t\r\n]+/g, '') !== '') {
    throw invalid(scope, `'${prop}' has text around its PEM block; keep only the lines from BEGIN to END`);
  }
  if (!OWN_LINES.test(text)) {
    throw invalid(scope, `'${prop}' must have BEGIN and END on lines of their own, without spaces before them; keep the line breaks of the file`);
  }
  return Buffer.from(base64, 'base64');
}
