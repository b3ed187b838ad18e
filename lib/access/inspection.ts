import { actionsOf, renderForInspection } from './document';
import { IotPolicyEffect, type IotPolicyStatement } from './iot-policy-statement';
import type { IotResource } from './iot-resource';
import { findAction, type ResourceType } from '../policy/actions';
import type { PolicyFinding } from '../policy/findings';
import { validatePolicy } from '../policy/parse';

/** The factory of `IotResource` that makes a resource of a type. */
const FACTORIES: { readonly [type in ResourceType]: string } = {
  client: 'IotResource.client',
  topic: 'IotResource.topic',
  topicfilter: 'IotResource.topicFilter',
  thing: 'IotResource.thing',
  rolealias: 'IotResource.roleAlias',
};

/** What is wrong with statements: what AWS IoT refuses, and what does not do what it seems to say. */
export function inspectStatements(statements: readonly IotPolicyStatement[]): PolicyFinding[] {
  return [
    ...validatePolicy(renderForInspection(statements)),
    ...statements.flatMap((statement, index) => [
      ...findWrongTypes(statement, `Statement[${index}]`),
      ...findDoubledArns(statement, `Statement[${index}]`),
      ...findPlaceholders(statement, `Statement[${index}]`),
      ...findDeadPermissions(statement, `Statement[${index}]`),
      ...findDeadDenials(statement, `Statement[${index}]`),
    ]),
  ];
}

/**
 * AWS IoT checks an action against one type of resource, and takes statements that name another without a word.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-action-resources.html
 */
function findWrongTypes(statement: IotPolicyStatement, path: string): PolicyFinding[] {
  const { resources } = statement;
  if (resources.some((resource) => resource._type === undefined)) {
    return [];
  }
  return actionsOf(statement).flatMap((name): PolicyFinding[] => {
    const action = findAction(name);
    const type = action?.resourceType ?? action?.disputedType;
    if (action === undefined || resources.some((resource) => resource._type === type)) {
      return [];
    }
    return [{
      severity: 'error',
      path: `${path}.Resource`,
      message: `${name} is checked against ${type === undefined ? 'no resource of its own' : `'${type}'`}, but none of the resources is that`,
      fix: `use ${type === undefined ? 'IotResource.any' : FACTORIES[type]}`,
    }];
  });
}

/** The name of a resource without its tokens and policy variables. */
function fixedText(resource: IotResource): string {
  return resource._name.replace(/\$\{[^}]*\}/g, '');
}

/** `IotResource` takes names and puts the ARN around them. */
function findDoubledArns({ resources }: IotPolicyStatement, path: string): PolicyFinding[] {
  return resources.filter((resource) => /^arn:[^:]*:/.test(fixedText(resource))).map((resource): PolicyFinding => ({
    severity: 'error',
    path: `${path}.Resource`,
    message: `'${resource._name}' is an ARN where a name is expected`,
    fix: 'pass only what follows the type in it',
  }));
}

/** Channels have placeholders; policies have variables for the same. */
function findPlaceholders({ resources }: IotPolicyStatement, path: string): PolicyFinding[] {
  return resources.filter((resource) => /\{(thing|type|attribute:[^}]*)\}/.test(fixedText(resource))).map((resource): PolicyFinding => ({
    severity: 'warning',
    path: `${path}.Resource`,
    message: `'${resource._name}' has a placeholder of channels, which is plain text in a policy`,
    fix: 'use a variable such as ${iot:Connection.Thing.ThingName}, or IotPolicy.forDevices',
  }));
}

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/pub-sub-policy.html */
function findDeadPermissions({ effect, resources }: IotPolicyStatement, path: string): PolicyFinding[] {
  return effect === IotPolicyEffect.DENY ? [] : resources
    .filter((resource) => resource._type === 'topic' && /[+#]/.test(fixedText(resource)))
    .map((resource): PolicyFinding => ({
      severity: 'warning',
      path: `${path}.Resource`,
      message: `'+' and '#' are plain characters in a policy and no topic name has them, so that '${resource._name}' allows nothing`,
      fix: "write '*', which covers deeper levels too",
    }));
}

/** @see https://docs.aws.amazon.com/iot-device-defender/latest/devguide/audit-chk-iot-misconfigured-policies.html */
function findDeadDenials({ effect, resources }: IotPolicyStatement, path: string): PolicyFinding[] {
  return effect !== IotPolicyEffect.DENY ? [] : resources
    .filter((resource) => resource._type?.startsWith('topic') && /[+#]/.test(fixedText(resource)))
    .map((resource): PolicyFinding => ({
      severity: 'warning',
      path: `${path}.Resource`,
      message: `'+' and '#' are plain characters in a policy, so that '${resource._name}' denies that text and nothing else`,
      fix: "write '*', and deny iot:Receive on the topics as well as iot:Subscribe on the filters",
    }));
}
