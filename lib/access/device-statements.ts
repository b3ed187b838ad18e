import { documentSize } from './document';
import { IotAction } from './iot-action';
import type { IotPolicyStatement } from './iot-policy-statement';
import { IotResource } from './iot-resource';
import type { StatementUnit } from './packing';
import { topicStatements } from './topic-statements';
import { PlaceholderValues, type TopicSpace } from '../topics';

/** Values of `iot:ConnectAttributes`. */
const WILL = 'LastWill';
const PERSISTENCE = 'PersistentConnect';

/**
 * What a device of a topic space may do: connect as its own thing, and use its own topics.
 *
 * In the order of packing: what comes later never moves what is before it to another policy. A new channel can move
 * shadows, jobs and the rest, a new shadow the jobs and the rest, and jobs only what comes after them.
 *
 * @param persistentSessions whether the session may outlive the connection.
 */
export function deviceStatements(space: TopicSpace, persistentSessions?: boolean): StatementUnit[] {
  const grants = space._grants(PlaceholderValues.policyVariables());
  const connect = connectStatement([
    // A will is also checked as a publish on its topic, so that it reaches no further than the channels do.
    ...grants.some((grant) => grant.publish.length > 0) ? [WILL] : [],
    ...persistentSessions ?? grants.some((grant) => grant.subscribe.length > 0) ? [PERSISTENCE] : [],
  ]);
  return [
    { name: 'connect', statements: [connect], growth: documentSize([connectStatement([WILL, PERSISTENCE])]) - documentSize([connect]) },
    // Jobs and the rest come last, so that there is nothing left to fill the gaps but they.
    ...grants.map((grant) => ({ name: grant.name, statements: topicStatements(grant, attributeConditions(grant.attributes)), divisible: grant.divisible })),
  ];
}

/**
 * The variable has a value only for a certificate that is attached to the thing, so that the client id must be the name
 * of the certificate's own thing; `iot:Connection.Thing.IsAttached` would say it twice.
 *
 * A connect without session or will has an empty set of attributes, for which ForAllValues is true: as intended here.
 * Without the condition, attributes that AWS may add some day would be allowed as well.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/connect-policy.html
 */
function connectStatement(attributes: string[]): IotPolicyStatement {
  return {
    actions: [IotAction.CONNECT],
    resources: [IotResource.client(PlaceholderValues.policyVariables()._thing)],
    conditions: { 'ForAllValues:StringEquals': { 'iot:ConnectAttributes': attributes } },
  };
}

/**
 * The value of an attribute may contain `/` and `#`, with which a topic would reach into those of others.
 *
 * @see https://docs.aws.amazon.com/iot/latest/apireference/API_AttributePayload.html
 */
function attributeConditions(attributes: readonly string[]): IotPolicyStatement['conditions'] {
  return attributes.length === 0 ? undefined : {
    StringNotLike: Object.fromEntries(attributes.map((name) => [`iot:Connection.Thing.Attributes[${name}]`, ['*/*', '*#*']])),
  };
}
