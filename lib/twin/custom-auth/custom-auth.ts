import { createHash, verify } from 'node:crypto';
import type { AccountScope } from '../../policy';
import type { Clock } from '../clock';
import type { Domain } from '../front/domains';
import type { Asker, Journal } from '../journal';
import type { Functions } from '../lambda';
import { readAnswer } from './answer';
import type { Verdict } from './answer';
import type { CustomAuthorizer } from './authorizers';
import { eventOf, readChoice } from './request';
import type { Presented } from './request';

/** AWS IoT waits no longer for the function. */
const TIMEOUT_MS = 5000;

export interface CustomAuthProps {
  readonly account: AccountScope;
  readonly functions: Functions;
  readonly journal: Journal;
  readonly clock: Clock;

  /** The authorizer with this name, or the one that is the default of the account's endpoint. */
  readonly find: (name: string) => CustomAuthorizer | undefined;
  readonly defaultName: () => string | undefined;
}

/** What is to be asked, and the way to ask it again when the answer is to be refreshed. */
export interface Question {
  readonly authorizer: CustomAuthorizer;

  /** The same for the same credentials. */
  readonly key: string;
  ask(asker: Asker): Promise<Verdict | string>;
}

/** Asks the functions of custom authorizers about clients. */
export class CustomAuth {
  constructor(private readonly props: CustomAuthProps) {}

  /** Whether there is an authorizer to ask about clients that name none. */
  public applies(domain: Domain): boolean {
    return this.defaultOf(domain) !== undefined;
  }

  /** Whether a client names an authorizer, or shows a signature for one. */
  public names(presented: Presented): boolean {
    const { name, signature } = readChoice(presented);
    return name !== undefined || signature !== undefined;
  }

  /**
   * Choose the authorizer and check the signature of the token, before any function is asked.
   *
   * @returns why nobody is asked, where that is so
   */
  public question(domain: Domain, presented: Presented): Question | string {
    const choice = readChoice(presented);
    const name = choice.name ?? this.defaultOf(domain);
    if (name === undefined) {
      return 'custom authentication: the client names no authorizer (x-amz-customauthorizer-name), and there is no default';
    }
    if (choice.name !== undefined && domain.serverName !== undefined && choice.name !== domain.defaultAuthorizer && !domain.allowsOverride) {
      return `custom authentication: domain configuration '${domain.name}' does not let clients name another authorizer than its default`;
    }
    const authorizer = this.props.find(name);
    if (authorizer === undefined || !authorizer.active) {
      return `custom authentication: there is no active authorizer '${name.slice(0, 128)}'`;
    }
    if (authorizer.notAllowed !== undefined) {
      return `custom authentication: ${authorizer.notAllowed}`;
    }
    const token = authorizer.tokenKeyName === undefined ? undefined : choice.token(authorizer.tokenKeyName);
    const objection = authorizer.signing ? objectToSignature(authorizer, token, choice.signature) : undefined;
    if (objection !== undefined) {
      return `authorizer '${name}': ${objection}`;
    }
    const event = eventOf(presented, token, authorizer);
    return { authorizer, key: keyOf(name, choice.token(authorizer.tokenKeyName ?? ''), presented), ask: (asker) => this.ask(authorizer, event, presented.tls?.principalId, asker) };
  }

  private async ask(authorizer: CustomAuthorizer, event: object, principalId: string | undefined, asker: Asker): Promise<Verdict | string> {
    const { functions, account, journal } = this.props;
    let answer: unknown;
    try {
      answer = await functions.invoke(authorizer.functionArn, event, { timeoutMs: TIMEOUT_MS });
    } catch (error) {
      return `authorizer '${authorizer.name}': the function failed: ${(error as Error).message}`;
    }
    const verdict = readAnswer(answer, { account, authorizerName: authorizer.name, ...(principalId === undefined ? {} : { principalId }) });
    if (typeof verdict === 'string') {
      return `authorizer '${authorizer.name}': the function ${verdict}`;
    }
    verdict.warnings.forEach((warning) => journal.note(asker, 'log', `authorizer '${authorizer.name}': ${warning}`));
    return verdict;
  }

  private defaultOf(domain: Domain): string | undefined {
    return domain.serverName === undefined ? this.props.defaultName() : domain.defaultAuthorizer;
  }
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/custom-authorizer.html */
function objectToSignature({ publicKeys, tokenKeyName = '' }: CustomAuthorizer, token: string | undefined, signature: string | undefined): string | undefined {
  if (token === undefined || signature === undefined) {
    return `the client sends no ${token === undefined ? `token ('${tokenKeyName}')` : 'signature of its token (x-amz-customauthorizer-signature)'}`;
  }
  const bytes = /^[A-Za-z0-9+/]+={0,2}$/.test(signature) ? Buffer.from(signature, 'base64') : undefined;
  return bytes !== undefined && publicKeys.some((key) => verify('sha256', Buffer.from(token), key, bytes)) ? undefined
    : "the signature of the token (base64 of RSA with SHA-256) fits none of the authorizer's keys";
}

/** Headers that say nothing about who sends a request. */
const OF_THE_BODY = new Set(['content-length', 'content-type', 'transfer-encoding']);

/** The same for the same credentials, wherever the function may look for them. */
function keyOf(name: string, token: string | undefined, { http, mqtt, tls }: Presented): string {
  const headers = Object.entries(http?.headers ?? {}).filter(([header]) => !OF_THE_BODY.has(header));
  return createHash('sha256').update(JSON.stringify([name, token, headers, http?.queryString, mqtt, tls])).digest('hex');
}
