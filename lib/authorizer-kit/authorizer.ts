import { AUTHORIZER_ANSWER } from '../policy/authorizer-answer';
import { grantedClientIds, principalIdOf } from './client-id';
import { arnPrefixOf, packDocuments } from './documents';
import { AnswerError, Refusal } from './errors';
import type { AuthorizerAnswer, AuthorizerEvent, InvocationContext } from './event';
import type { Permission } from './permission';
import { ConnectionRequest } from './request';
import { checkSession, sessionTimes, type SessionOptions } from './session';
import { TopicError } from '../topics/errors';

/** Who a caller is, once that is proved. */
export interface User<Claims> {
  /** What the caller is known by for good, such as the `sub` of a token. It is hashed before AWS IoT or a log gets it. */
  readonly subject: string;

  /** When the proof expires, in milliseconds since the epoch; the connection ends then. */
  readonly expiresAt?: number;

  /** What else is known of the caller; for `allow`. */
  readonly claims: Claims;
}

/** How to decide about callers. */
export interface AuthorizerOptions<Claims> extends SessionOptions {
  /**
   * Who the caller is. Nothing, or a `Refusal` thrown, refuses it, as does any other error.
   *
   * AWS IoT waits 5 seconds in all.
   */
  readonly verify: (request: ConnectionRequest) => User<Claims> | undefined | Promise<User<Claims> | undefined>;

  /** What the caller may do, besides connecting. */
  readonly allow: (user: User<Claims>, request: ConnectionRequest) => readonly Permission[] | Promise<readonly Permission[]>;

  /**
   * The client ids that a caller may connect with.
   *
   * Nobody may take one that another could have: a second connection with a client id ends the first.
   *
   * @default - the hash of the subject, or that and a hyphen before anything, see `clientIdOf`; over `CUSTOM_AUTH_X509`,
   * those that the policies of the certificate allow
   */
  readonly clientIds?: (user: User<Claims>) => readonly string[];

  /**
   * Whether callers get this far whose token AWS IoT has not checked the signature of: for an authorizer whose signing is
   * off, with which everyone can make the function run.
   *
   * @default false
   */
  readonly acceptUnsigned?: boolean;

  /**
   * The time in milliseconds since the epoch.
   *
   * @default Date.now
   */
  readonly now?: () => number;

  /**
   * Told one line of JSON for each decision, without credentials.
   *
   * @default - standard output, which AWS Lambda logs
   */
  readonly log?: (line: string) => void;
}

/** The handler of a Lambda function that is an authorizer. */
export type AuthorizerHandler = (event: AuthorizerEvent, context: InvocationContext) => Promise<AuthorizerAnswer>;

/** Of the 5 seconds that AWS IoT waits, so that there is still a line in the log. */
const TIME_MS = 4500;

/** Of what a client chose, this much is logged. */
const MAX_LOGGED_CHARS = 128;

const REFUSED: AuthorizerAnswer = Object.freeze({
  isAuthenticated: false, principalId: 'refused', disconnectAfterInSeconds: AUTHORIZER_ANSWER.minSeconds, refreshAfterInSeconds: AUTHORIZER_ANSWER.minSeconds, policyDocuments: [],
});

/**
 * The handler of a Lambda function that decides who may connect, and what they may do then.
 *
 * Its answer is one that AWS IoT takes, or a refusal: it never throws. What AWS IoT would not take, such as more topics
 * than 10 documents hold, is an `AnswerError` in the log.
 *
 * @throws AnswerError for times that AWS IoT would not take.
 */
export function authorizer<Claims>(options: AuthorizerOptions<Claims>): AuthorizerHandler {
  checkSession(options);
  const { now = Date.now, log = (line) => void process.stdout.write(`${line}\n`) } = options;
  let arn = '';
  let arnPrefix = '';
  const prefixOf = ({ invokedFunctionArn }: InvocationContext): string => {
    if (arn !== invokedFunctionArn) {
      arnPrefix = arnPrefixOf(invokedFunctionArn);
      arn = invokedFunctionArn;
    }
    return arnPrefix;
  };

  const decide = async (request: ConnectionRequest, context: InvocationContext): Promise<AuthorizerAnswer> => {
    if (options.acceptUnsigned !== true && !request.signatureVerified) {
      throw new Refusal("the token has no signature that AWS IoT has checked; where the authorizer's signing is off, set 'acceptUnsigned'");
    }
    const deadline = performance.now() + TIME_MS;
    const user = await inTime(deadline, options.verify(request));
    if (user === undefined) {
      throw new Refusal('the credentials are not good');
    }
    const subject = requireSubject(user.subject);
    const times = sessionTimes(user.expiresAt, now(), options);
    const allowed = await inTime(deadline, options.allow(user, request));
    return {
      isAuthenticated: true,
      principalId: requirePrincipal(request.certificate?.principalId ?? subject),
      ...times,
      policyDocuments: packDocuments([connecting(subject, user, request), ...allowed], prefixOf(context)),
    };
  };

  const connecting = (subject: string, user: User<Claims>, request: ConnectionRequest): Permission => {
    const clientIds = options.clientIds?.(user);
    if (request.certificate !== undefined && clientIds === undefined) {
      return {};
    }
    return { grants: grantedClientIds(subject, request.clientId, clientIds).map((id) => ({ action: 'iot:Connect', resource: `client/${id}` })) };
  };

  return async (event, context) => {
    const request = new ConnectionRequest(Object(event) as AuthorizerEvent);
    const who = { connectionId: request.connectionId, clientId: request.clientId?.slice(0, MAX_LOGGED_CHARS) };
    try {
      const answer = await decide(request, context);
      log(JSON.stringify({ level: 'INFO', message: 'caller allowed', ...who, principalId: answer.principalId, seconds: answer.disconnectAfterInSeconds }));
      return answer;
    } catch (error) {
      log(JSON.stringify({ level: error instanceof Refusal ? 'WARN' : 'ERROR', message: 'caller refused', ...who, reason: reasonOf(error) }));
      return REFUSED;
    }
  };
}

/** The answer of the user's own code. One that is there already needs no timer. */
async function inTime<T>(deadline: number, answer: T | Promise<T>): Promise<T> {
  if (!(answer instanceof Promise)) {
    return answer;
  }
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Refusal(`no decision within ${TIME_MS / 1000} seconds`)), Math.max(0, deadline - performance.now()));
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

function requireSubject(subject: unknown): string {
  if (typeof subject !== 'string' || subject === '') {
    throw new AnswerError("'subject' must be text");
  }
  return principalIdOf(subject);
}

/** With `CUSTOM_AUTH_X509`, AWS IoT takes none but the certificate's. */
function requirePrincipal(principalId: string): string {
  if (!AUTHORIZER_ANSWER.principalId.test(principalId)) {
    throw new AnswerError('the principal id of the certificate must have 1 to 128 letters and digits');
  }
  return principalId;
}

/** Errors of others may quote what the caller sent. */
function reasonOf(error: unknown): string {
  if (error instanceof Refusal || error instanceof AnswerError || error instanceof TopicError) {
    return error.message;
  }
  return `the decision failed with ${error instanceof Error ? error.name.slice(0, MAX_LOGGED_CHARS) : typeof error}`;
}
