import { AUTHORIZER_ANSWER, CompiledPolicy, MAX_POLICY_SIZE, PolicyError, parsePolicy, policySize } from '../../policy';
import type { AccountScope } from '../../policy';

/** What a function has decided about a client. */
export interface Verdict {
  readonly principalId: string;
  readonly documents: readonly CompiledPolicy[];

  /** The documents as answered, JSON text each. */
  readonly texts: readonly string[];
  readonly disconnectAfterSec: number;
  readonly refreshAfterSec: number;

  /** What AWS lets pass and an auditor would not. */
  readonly warnings: readonly string[];
}

/** Not a fault, but a refusal as it should be. */
export const SAID_NO = 'said no';

const { maxDocuments: MAX_DOCUMENTS, minSeconds: MIN_SEC, maxSeconds: MAX_SEC, principalId: PRINCIPAL_ID } = AUTHORIZER_ANSWER;

/** What a client is good for, with the name of the authorizer to tell its documents by. */
export interface AnswerScope {
  readonly account: AccountScope;
  readonly authorizerName: string;

  /** With a client certificate besides: documents may be left out, and this is who the answer must be about. */
  readonly principalId?: string;
}

/**
 * Check the answer of an authorizer's function; what AWS IoT would not take is a refusal, with the reason.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth-lambda.html
 */
export function readAnswer(answer: unknown, { account, authorizerName, principalId: certificate }: AnswerScope): Verdict | string {
  if (!isObject(answer) || typeof answer.isAuthenticated !== 'boolean') {
    return 'answered without isAuthenticated, true or false';
  }
  if (!answer.isAuthenticated) {
    return SAID_NO;
  }
  const { principalId, policyDocuments = certificate === undefined ? undefined : [], disconnectAfterInSeconds = MAX_SEC } = answer;
  const refreshAfterInSeconds = answer.refreshAfterInSeconds ?? disconnectAfterInSeconds;
  if (typeof principalId !== 'string' || !PRINCIPAL_ID.test(principalId)) {
    return 'answered a principalId that is not 1 to 128 letters and digits';
  }
  if (certificate !== undefined && principalId !== certificate) {
    return "answered a principalId that is not that of the client's certificate";
  }
  for (const [name, value] of Object.entries({ disconnectAfterInSeconds, refreshAfterInSeconds })) {
    if (!Number.isInteger(value) || (value as number) < MIN_SEC || (value as number) > MAX_SEC) {
      return `answered a ${name} that is no whole number from ${MIN_SEC} to ${MAX_SEC}`;
    }
  }
  if (!Array.isArray(policyDocuments) || policyDocuments.length > MAX_DOCUMENTS) {
    return `answered policyDocuments that are no list of at most ${MAX_DOCUMENTS} documents`;
  }
  const documents: CompiledPolicy[] = [];
  const warnings: string[] = [];
  for (const [index, raw] of (policyDocuments as unknown[]).entries()) {
    const name = `${authorizerName}.policyDocuments[${index}]`;
    const document = fromText(raw);
    if (!isObject(document) || policySize(document) > MAX_POLICY_SIZE) {
      return `answered policyDocuments[${index}], which is no object of at most ${MAX_POLICY_SIZE} characters`;
    }
    try {
      const policy = parsePolicy(document, { name });
      documents.push(new CompiledPolicy(policy, account));
      if (policy.statements.some(({ effect, resources }) => effect === 'Allow' && (resources.negated || resources.patterns.some(({ source }) => source === '*')))) {
        warnings.push(`policyDocuments[${index}] allows actions on every resource ('*'), as AWS would let it; name the client, topics and topic filters`);
      }
    } catch (error) {
      if (error instanceof PolicyError) {
        return `answered policyDocuments[${index}], which is no policy: ${error.message}`;
      }
      throw error;
    }
  }
  const texts = (policyDocuments as unknown[]).map((document) => (typeof document === 'string' ? document : JSON.stringify(document)));
  return { principalId, documents, texts, disconnectAfterSec: disconnectAfterInSeconds as number, refreshAfterSec: refreshAfterInSeconds as number, warnings };
}

/** AWS's own samples answer documents as JSON text too. */
function fromText(document: unknown): unknown {
  if (typeof document !== 'string') {
    return document;
  }
  try {
    return JSON.parse(document) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
