import type { CfnResource } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { identityRole } from './identity-role';
import { boundlessResource, show } from './reach';
import { UserVariable } from './user-variable';
import { iotArn } from '../../private/arns';
import { invalid } from '../../private/errors';
import { IotAction } from '../iot-action';
import { IotPolicyEffect, type IotPolicyStatement } from '../iot-policy-statement';

/** What somebody may do whom nobody knows. */
const GUEST_ACTIONS: readonly string[] = [IotAction.PUBLISH, IotAction.SUBSCRIBE, IotAction.RECEIVE];

/** No user has it, so that a guest never takes the connection of one. */
const CLIENT_ID_PREFIX = 'guest-';

/**
 * What guests of an app may do on AWS IoT. Grants work on it as on a role, within limits: topics must be named, or
 * contain the identity id; nothing is retained, and there are no shadows.
 *
 * Everybody on the internet who knows the id of the identity pool, which is in the code of the app, is a guest, and as
 * often as they like. AWS IoT asks their role alone: there are no IoT policies for guests.
 */
export class GuestAccess extends Construct implements iam.IGrantable {
  /** The role of guests. */
  public readonly role: iam.IRole;
  public readonly grantPrincipal: iam.IPrincipal;

  /** The client id that a guest connects with, in which the identity id is to be filled in. */
  public readonly clientIdPattern = `${CLIENT_ID_PREFIX}${UserVariable.identityId()}`;

  /** @internal */
  constructor(scope: Construct, id: string, identityPoolId: string) {
    super(scope, id);

    const role = identityRole(this, 'Role', { identityPoolId, state: 'unauthenticated' });
    role.addToPolicy(new iam.PolicyStatement({ actions: [IotAction.CONNECT], resources: [iotArn(this, 'client', this.clientIdPattern)] }));
    this.role = role;
    this.grantPrincipal = role;
  }

  /**
   * Refuses what guests must not have.
   *
   * @internal
   */
  public _checkStatements(statements: readonly IotPolicyStatement[]): void {
    const allowed = statements.filter(({ effect }) => effect !== IotPolicyEffect.DENY);
    const action = allowed.flatMap(({ actions, otherActions = [] }) => [...actions, ...otherActions]).find((each) => !GUEST_ACTIONS.includes(each));
    if (action !== undefined) {
      throw invalid(this, `guests may publish, subscribe and receive, got ${action}; grant it to those who sign in`);
    }
    const resource = boundlessResource(allowed) ?? allowed.flatMap(({ resources }) => resources).find(({ _name: name }) => name.startsWith('$aws/'));
    if (resource !== undefined) {
      throw invalid(this, `guests must not reach ${show(resource)}; name the topic, or scope the grant with UserVariable.identityId()`);
    }
  }

  /**
   * There are no IoT policies of guests to add them to.
   *
   * @internal
   */
  public _addIotStatements(statements: readonly IotPolicyStatement[]): void {
    this._checkStatements(statements);
  }
}

/** Says in the template why there are guests, where cdk-nag looks for it (`AwsSolutions-COG7`). */
export function acknowledgeGuests(identityPool: CfnResource): void {
  identityPool.addMetadata('cdk_nag', {
    rules_to_suppress: [{ id: 'AwsSolutions-COG7', reason: 'Guests were asked for by name; their role reaches named topics and nothing else' }],
  });
}
