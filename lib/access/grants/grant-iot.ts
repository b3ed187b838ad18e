import * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { isTwoLayerGrantable } from './two-layer-grantable';
import { iotArn } from '../../private/arns';
import { NO_RESOURCE } from '../../private/custom-resource';
import { actionsOf } from '../document';
import type { IotPolicyStatement } from '../iot-policy-statement';
import { IotResource } from '../iot-resource';
import { mergeStatements } from '../packing';

/**
 * Lets a grantee do what the statements allow, in the account and Region of the stack around `scope`.
 *
 * Everything that apps may do with topics and shadows goes through here, so that it also reaches the AWS IoT policies of
 * those who need them besides a role.
 */
export function grantIot(grantee: iam.IGrantable, scope: IConstruct, statements: readonly IotPolicyStatement[]): iam.Grant {
  const merged = mergeStatements(statements);
  if (isTwoLayerGrantable(grantee)) {
    grantee._addIotStatements(merged, scope);
  }
  return merged
    .map((statement) => iam.Grant.addToPrincipal({
      grantee,
      actions: [...actionsOf(statement)],
      resourceArns: statement.resources.map(({ _type, _name }) => (_type === undefined ? _name : iotArn(scope, _type, _name))),
      ...statement.conditions && { conditions: statement.conditions },
    }))
    .reduce((all, one) => all.combine(one));
}

/**
 * Lets a grantee call the control plane, about which AWS IoT policies have no say.
 *
 * @param resources names of resources, by the type of their ARNs; nothing where AWS knows none.
 */
export function grantControl(
  grantee: iam.IGrantable, scope: IConstruct, actions: readonly string[], resources?: { readonly [type: string]: readonly string[] }, conditions?: Record<string, Record<string, unknown>>,
): iam.Grant {
  if (isTwoLayerGrantable(grantee)) {
    // What is about things is checked against them, whatever else it is checked against.
    const { thing = [NO_RESOURCE] } = resources ?? {};
    grantee._checkStatements([{ actions: [], otherActions: [...actions], resources: thing.map((name) => IotResource.thing(name)) }], scope);
  }
  return iam.Grant.addToPrincipal({
    grantee,
    actions: [...actions],
    resourceArns: resources === undefined ? [NO_RESOURCE] : Object.entries(resources).flatMap(([type, names]) => names.map((name) => iotArn(scope, type, name))),
    ...conditions && { conditions },
  });
}

/** Lets a grantee give a role to AWS IoT and to no other service. */
export function passRole(grantee: iam.IGrantable, role: iam.IRole): iam.Grant {
  return iam.Grant.addToPrincipal({
    grantee,
    actions: ['iam:PassRole'],
    resourceArns: [role.roleArn],
    conditions: { StringEquals: { 'iam:PassedToService': 'iot.amazonaws.com' } },
  });
}
