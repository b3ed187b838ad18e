import { AnswerError } from './errors';
import type { PolicyDocument, PolicyStatement } from './event';
import type { Grant, Permission } from './permission';
import { AUTHORIZER_ANSWER } from '../policy/authorizer-answer';
import { MAX_POLICY_SIZE } from '../policy/size';

const ACTION = /^(?:\*|(?:iot|iotjobsdata|greengrass):[A-Za-z*?]+)$/;

/** `arn:PARTITION:lambda:REGION:ACCOUNT:function:NAME`, perhaps with an alias. */
const FUNCTION_ARN = /^arn:([\w-]+):lambda:([\w-]+):(\d{12}):function:/;

const EMPTY_SIZE = JSON.stringify(documentOf([])).length;

/** What the ARNs of AWS IoT begin with where a function runs: it is in the account and Region of its authorizer. */
export function arnPrefixOf(functionArn: string): string {
  const [, partition, region, account] = FUNCTION_ARN.exec(functionArn) ?? [];
  if (account === undefined) {
    throw new AnswerError('the ARN of the function is not one of AWS Lambda, so that the account is unknown');
  }
  return `arn:${partition}:iot:${region}:${account}:`;
}

/**
 * The documents for these permissions, as few as they fit into.
 *
 * White space counts here, which AWS IoT leaves out, so that a document is never too large.
 */
export function packDocuments(permissions: readonly Permission[], arnPrefix: string): readonly PolicyDocument[] {
  const documents: PolicyStatement[][] = [];
  let size = MAX_POLICY_SIZE;
  const add = (statement: PolicyStatement): void => {
    const needed = sizeOf(statement) + 1;
    if (size + needed > MAX_POLICY_SIZE) {
      documents.push([]);
      size = EMPTY_SIZE;
    }
    size += needed;
    if (size > MAX_POLICY_SIZE) {
      throw new AnswerError(`a statement must have at most ${MAX_POLICY_SIZE} characters with the document around it`);
    }
    documents.at(-1)!.push(statement);
  };
  for (const [action, resources] of byAction(permissions.flatMap(({ grants = [] }) => grants), arnPrefix)) {
    chunksOf(action, [...resources]).forEach(add);
  }
  permissions.forEach(({ statement }) => statement && add(checked(statement)));
  if (documents.length > AUTHORIZER_ANSWER.maxDocuments) {
    throw new AnswerError(`the permissions need ${documents.length} documents of ${MAX_POLICY_SIZE} characters, AWS IoT takes ${AUTHORIZER_ANSWER.maxDocuments}; allow fewer topics, or topics with wildcards`);
  }
  return documents.map(documentOf);
}

function documentOf(statements: readonly PolicyStatement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements };
}

function byAction(grants: readonly Grant[], arnPrefix: string): ReadonlyMap<string, ReadonlySet<string>> {
  const resources = new Map<string, Set<string>>();
  for (const { action, resource } of grants) {
    const arns = resources.get(action) ?? new Set();
    resources.set(action, arns.add(arnPrefix + resource));
  }
  return resources;
}

/** Statements for one action, each as large as a document can take. */
function chunksOf(action: string, arns: readonly string[]): readonly PolicyStatement[] {
  const room = MAX_POLICY_SIZE - EMPTY_SIZE - sizeOf(allow(action, [])) - 1;
  const chunks: string[][] = [];
  let left = 0;
  for (const arn of arns) {
    const needed = sizeOf(arn) + 1;
    if (needed > left) {
      chunks.push([]);
      left = room;
    }
    left -= needed;
    chunks.at(-1)!.push(arn);
  }
  return chunks.map((chunk) => allow(action, chunk));
}

function allow(action: string, arns: readonly string[]): PolicyStatement {
  return { Effect: 'Allow', Action: action, Resource: arns };
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** A statement of the user's own, as far as a mistake in it would make AWS IoT refuse the whole answer. */
function checked(given: PolicyStatement): PolicyStatement {
  const { Effect, Action, Resource } = given;
  const all = (list: string | readonly string[], isGood: (text: string) => boolean): boolean => {
    const texts: readonly unknown[] = [list].flat();
    return texts.length > 0 && texts.every((text) => typeof text === 'string' && isGood(text));
  };
  if (Effect !== 'Allow' && Effect !== 'Deny') {
    throw new AnswerError("'Effect' of a statement must be Allow or Deny");
  }
  if (!all(Action, (action) => ACTION.test(action))) {
    throw new AnswerError("'Action' of a statement must name actions of AWS IoT, such as iot:Publish");
  }
  if (!all(Resource, (resource) => resource === '*' || resource.startsWith('arn:'))) {
    throw new AnswerError("'Resource' of a statement must be ARNs, or *");
  }
  return given;
}
