import { asText, listAt, propertyOf, textAt } from '../../deployment';
import type { Deployment, Resource, Value } from '../../deployment';
import { showText, withDoubt } from '../../policy';
import type { Policy, Text } from '../../policy';
import { readDocument, unknownDocument } from './documents';

/** Managed policies of AWS that roles of functions commonly have, and that grant nothing on AWS IoT or APIs. */
const GRANT_NOTHING_HERE = /^service-role\/(AWSLambda(BasicExecutionRole|VPCAccessExecutionRole|SQSQueueExecutionRole|DynamoDBExecutionRole|KinesisExecutionRole)|AWSXRayDaemonWriteAccess)$|^AWSXRayDaemonWriteAccess$/;

const EVERYTHING = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } };

/** A role of the deployment. */
export function findRole({ resources }: Deployment, roleArn: string): Resource | undefined {
  return resources.find(({ type, arn }) => type === 'AWS::IAM::Role' && arn === roleArn);
}

/**
 * The policies of a role that are declared in the deployment. What is not known of them is in them as "cannot tell": a
 * document that only AWS knows, and a policy that exists perhaps.
 */
export function policiesOfRole(deployment: Deployment, role: Resource): readonly Policy[] {
  const name = role.physicalId;
  const names = (properties: Value): boolean => listAt(properties, 'Roles').some((item) => asText(item) === name);
  const declared = deployment.resources.filter(({ type, properties }) => (
    (type === 'AWS::IAM::Policy' || type === 'AWS::IAM::ManagedPolicy') ? names(properties)
      : type === 'AWS::IAM::RolePolicy' && asText(properties.RoleName) === name
  ));
  const attached = listAt(role.properties, 'ManagedPolicyArns').map((arn) => asText(arn));
  const managed = deployment.resources.filter(({ type, physicalId }) => type === 'AWS::IAM::ManagedPolicy' && attached.includes(physicalId));
  return [
    ...listAt(role.properties, 'Policies').map((inline) => read(propertyOf(inline, 'PolicyDocument'), asText(propertyOf(inline, 'PolicyName')) ?? '')),
    ...[...new Set([...declared, ...managed])].map(({ properties, logicalId, condition }) => perhaps(read(properties.PolicyDocument, logicalId), condition !== undefined)),
    ...attached.filter((arn) => !managed.some(({ physicalId }) => physicalId === arn)).flatMap((arn) => foreign(showText(arn ?? ''))),
  ];
}

/** The permissions boundary of a role, if it has one; one that the deployment does not have permits nothing. */
export function boundaryOf({ resources }: Deployment, { properties }: Resource): readonly Policy[] | undefined {
  if (propertyOf(properties, 'PermissionsBoundary') === undefined) {
    return undefined;
  }
  const arn = textAt(properties, 'PermissionsBoundary');
  const boundary = resources.find((policy) => policy.type === 'AWS::IAM::ManagedPolicy' && policy.arn === arn && policy.condition === undefined);
  return boundary === undefined ? [] : [read(boundary.properties.PolicyDocument, boundary.path)];
}

function read(document: Value | undefined, policyName: Text): Policy {
  return readDocument(showText(policyName), document ?? {});
}

/** A policy that no resource declares. Those of AWS allow, but for the few that are made to deny. */
function foreign(arn: string): readonly Policy[] {
  const [, ofAws] = /^arn:[^:]+:iam::aws:policy\/(.+)$/.exec(arn) ?? [];
  if (ofAws !== undefined && GRANT_NOTHING_HERE.test(ofAws)) {
    return [];
  }
  return [ofAws === undefined || /Deny|Quarantine/.test(ofAws)
    ? unknownDocument(arn)
    : perhaps(readDocument(arn, EVERYTHING), true)];
}

function perhaps(policy: Policy, isUncertain: boolean): Policy {
  return isUncertain ? withDoubt(policy) : policy;
}
