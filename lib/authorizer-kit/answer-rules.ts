import { AUTHORIZER_ANSWER } from '../policy/authorizer-answer';
import { MAX_POLICY_SIZE, policySize } from '../policy/size';

const { maxDocuments, minSeconds, maxSeconds, principalId: PRINCIPAL_ID } = AUTHORIZER_ANSWER;

/** What AWS IoT would refuse about the answer of an authorizer, whoever wrote it; nothing where it is good. */
export function problemsOf(answer: unknown): readonly string[] {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
    return ['the answer must be an object'];
  }
  const { isAuthenticated, principalId, disconnectAfterInSeconds, refreshAfterInSeconds, policyDocuments } = answer as Readonly<Record<string, unknown>>;
  if (typeof isAuthenticated !== 'boolean') {
    return ["'isAuthenticated' must be true or false"];
  }
  if (!isAuthenticated) {
    return [];
  }
  return [
    ...typeof principalId === 'string' && PRINCIPAL_ID.test(principalId) ? [] : ["'principalId' must have 1 to 128 letters and digits"],
    ...Object.entries({ disconnectAfterInSeconds, refreshAfterInSeconds }).flatMap(([name, value]) => (
      isSeconds(value) ? [] : [`'${name}' must be a whole number from ${minSeconds} to ${maxSeconds}`]
    )),
    ...problemsOfDocuments(policyDocuments ?? []),
  ];
}

function isSeconds(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= minSeconds && Number(value) <= maxSeconds;
}

function problemsOfDocuments(documents: unknown): readonly string[] {
  if (!Array.isArray(documents)) {
    return ["'policyDocuments' must be a list"];
  }
  const count = documents.length > maxDocuments ? [`'policyDocuments' must have at most ${maxDocuments} documents, got ${documents.length}`] : [];
  return [...count, ...documents.flatMap((document: unknown, index) => {
    if (typeof document !== 'string' && (typeof document !== 'object' || document === null)) {
      return [`policyDocuments[${index}] must be a policy document`];
    }
    const size = policySize(document);
    return size > MAX_POLICY_SIZE ? [`policyDocuments[${index}] must have at most ${MAX_POLICY_SIZE} characters without white space, got ${size}`] : [];
  })];
}
