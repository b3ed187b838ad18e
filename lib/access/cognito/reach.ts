import { UserVariable } from './user-variable';
import { IotAction } from '../iot-action';
import { IotPolicyEffect, type IotPolicyStatement } from '../iot-policy-statement';
import type { IotResource } from '../iot-resource';

const PRINCIPAL_TAG = /\$\{aws:PrincipalTag\/([^}]+)\}/gi;

/** The principal tags that statements take values of. */
export function principalTagsIn(statements: readonly IotPolicyStatement[]): readonly string[] {
  const texts = statements.flatMap(({ resources }) => resources.map(({ _name: name }) => name));
  return [...new Set(texts.flatMap((text) => [...text.matchAll(PRINCIPAL_TAG)].map(([, name]) => name!)))];
}

/** IoT policies do not know principal tags. What a role allows by them, an IoT policy must allow for all values. */
export function withoutPrincipalTags(statement: IotPolicyStatement): IotPolicyStatement {
  return { ...statement, resources: statement.resources.map((resource) => resource._map((name) => name.replace(PRINCIPAL_TAG, '*'))) };
}

/**
 * The first resource that one statement gives to every user alike although it does not name it: the topics of all
 * devices, by a wildcard of policies or of MQTT. What depends on the user, or is named to the end, is meant.
 */
export function boundlessResource(statements: readonly IotPolicyStatement[]): IotResource | undefined {
  return statements.filter(({ effect }) => effect !== IotPolicyEffect.DENY).flatMap(({ resources }) => resources)
    .find(({ _name: name }) => !dependsOnUser(name) && /[*?+#]/.test(name.replace(/\$\{[^}]*\}/g, '')));
}

/** A client id that is not bound to one user: with it, a user could end the connection of another. */
export function sharedClientId(statements: readonly IotPolicyStatement[]): IotResource | undefined {
  return statements.filter(({ effect, actions }) => effect !== IotPolicyEffect.DENY && actions.includes(IotAction.CONNECT)).flatMap(({ resources }) => resources)
    .find(({ _name: name }) => !name.includes(UserVariable.identityId()));
}

function dependsOnUser(name: string): boolean {
  return name.includes(UserVariable.identityId()) || name.search(PRINCIPAL_TAG) >= 0;
}

/** A resource for a message. */
export function show({ _type: type, _name: name }: IotResource): string {
  return type === undefined ? name : `${type}/${name}`;
}
