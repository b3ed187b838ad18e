import { StringConcat, Token, Tokenization } from 'aws-cdk-lib';
import { IotPolicyEffect, type IotPolicyStatement } from './iot-policy-statement';
import type { IotResource } from './iot-resource';
import { POLICY_VERSION } from '../policy/parse';
import { policySize } from '../policy/size';

/** A policy document as AWS IoT takes it. */
export interface IotPolicyDocument {
  readonly Version: string;
  readonly Statement: readonly RenderedStatement[];
}

interface RenderedStatement {
  readonly Effect: IotPolicyEffect;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: { readonly [operator: string]: { readonly [key: string]: readonly string[] } };
}

/** How a document writes what the statements leave open. */
export interface Writer {
  /** The ARN of a resource. */
  readonly arn: (type: string, name: string) => string;

  /** A text that may contain tokens. */
  readonly text: (text: string) => string;
}

/** Stands for a token: no name that a policy mentions can be longer. */
const UNKNOWN_TEXT = 'x'.repeat(128);

/**
 * Writes a document without tokens that is as long as the deployed one can get, whatever the partition, Region and
 * account. Documents are measured and packed by it, so that they do not differ between the stages of an app.
 */
const LONGEST: Writer = {
  arn: (type, name) => `arn:aws-us-gov:iot:ap-southeast-1:123456789012:${type}/${LONGEST.text(name)}`,
  text: (text) => (Token.isUnresolved(text)
    ? Tokenization.reverseString(text).mapTokens({ mapToken: () => UNKNOWN_TEXT }).join(new StringConcat()) as string
    : text),
};

/** The document of these statements; the same for any order of statements, actions, resources and conditions. */
export function renderDocument(statements: readonly IotPolicyStatement[], writer: Writer): IotPolicyDocument {
  // A different order would be a new version of the policy, of which AWS IoT keeps five.
  const sorted = sortBy(statements.map(sortStatement), (statement) => JSON.stringify(renderStatement(statement, LONGEST)));
  return { Version: POLICY_VERSION, Statement: sorted.map((statement) => renderStatement(statement, writer)) };
}

/** The document in the order of the caller, with `Statement[n]` for `statements[n]`, to look for mistakes in. */
export function renderForInspection(statements: readonly IotPolicyStatement[]): IotPolicyDocument {
  return { Version: POLICY_VERSION, Statement: statements.map((statement) => renderStatement(statement, LONGEST)) };
}

/** The size of the document as AWS IoT counts it, at most. */
export function documentSize(statements: readonly IotPolicyStatement[]): number {
  return policySize(renderForInspection(statements));
}

/** All actions of a statement. */
export function actionsOf({ actions, otherActions = [] }: IotPolicyStatement): readonly string[] {
  return [...actions, ...otherActions];
}

function sortStatement(statement: IotPolicyStatement): IotPolicyStatement {
  return {
    ...statement,
    actions: [...statement.actions].sort(),
    ...statement.otherActions && { otherActions: [...statement.otherActions].sort() },
    resources: sortBy(statement.resources, (resource) => renderResource(resource, LONGEST)),
    ...statement.conditions && { conditions: mapSorted(statement.conditions, (keys) => mapSorted(keys, (values) => sortBy(values, LONGEST.text))) },
  };
}

function renderStatement(statement: IotPolicyStatement, writer: Writer): RenderedStatement {
  const { effect, resources, conditions } = statement;
  return {
    Effect: effect ?? IotPolicyEffect.ALLOW,
    Action: unwrap(actionsOf(statement)),
    Resource: unwrap(resources.map((resource) => renderResource(resource, writer))),
    ...conditions && { Condition: mapSorted(conditions, (keys) => mapSorted(keys, (values) => values.map(writer.text))) },
  };
}

function renderResource(resource: IotResource, writer: Writer): string {
  return resource._type === undefined ? '*' : writer.arn(resource._type, resource._name);
}

function unwrap(list: readonly string[]): string | readonly string[] {
  return list.length === 1 ? list[0]! : list;
}

function sortBy<T>(list: readonly T[], keyOf: (item: T) => string): T[] {
  return list.map((item) => ({ item, key: keyOf(item) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ item }) => item);
}

function mapSorted<T, R>(record: { readonly [key: string]: T }, change: (value: T) => R): { [key: string]: R } {
  return Object.fromEntries(Object.keys(record).sort().map((key) => [key, change(record[key]!)]));
}

