/** The kinds of resource that AWS IoT checks an action against: the word before the `/` of an ARN's last segment. */
export type ResourceType = 'client' | 'topic' | 'topicfilter' | 'thing' | 'rolealias';

/** What AWS IoT checks when a caller does something. */
export interface ActionRecord {
  /** As AWS writes it, service prefix included. */
  readonly name: string;

  /** The type of the one resource it is checked against; absent where only `Resource: "*"` grants it. */
  readonly resourceType?: ResourceType;

  /**
   * A type that AWS does not document, or on which its pages disagree. A grant on it is neither believed nor refused:
   * "cannot tell".
   */
  readonly disputedType?: ResourceType;
}

/**
 * Every data-plane action and the resource type it is checked against.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-action-resources.html
 */
export const ACTIONS: readonly ActionRecord[] = [
  { name: 'iot:Connect', resourceType: 'client' },
  { name: 'iot:Publish', resourceType: 'topic' },
  { name: 'iot:RetainPublish', resourceType: 'topic' },
  { name: 'iot:Subscribe', resourceType: 'topicfilter' },
  { name: 'iot:Receive', resourceType: 'topic' },
  { name: 'iot:GetRetainedMessage', resourceType: 'topic' },
  { name: 'iot:ListRetainedMessages' },
  { name: 'iot:GetThingShadow', resourceType: 'thing' },
  { name: 'iot:UpdateThingShadow', resourceType: 'thing' },
  { name: 'iot:DeleteThingShadow', resourceType: 'thing' },
  // The action table gives no resource type, the REST page's example a thing ARN.
  { name: 'iot:ListNamedShadowsForThing', disputedType: 'thing' },
  { name: 'iotjobsdata:DescribeJobExecution', resourceType: 'thing' },
  { name: 'iotjobsdata:GetPendingJobExecutions', resourceType: 'thing' },
  { name: 'iotjobsdata:StartNextPendingJobExecution', resourceType: 'thing' },
  { name: 'iotjobsdata:UpdateJobExecution', resourceType: 'thing' },
  { name: 'iot:AssumeRoleWithCertificate', resourceType: 'rolealias' },
  { name: 'iot:DeleteConnection', resourceType: 'client' },
  { name: 'iot:SendDirectMessage', resourceType: 'client' },
  // Only policy examples of third parties name a type.
  { name: 'iot:GetConnection', disputedType: 'client' },
  { name: 'iot:ListSubscriptions', disputedType: 'client' },
];

const BY_LOWER_NAME = new Map(ACTIONS.map((action) => [action.name.toLowerCase(), action]));

/** Look an action up; action names are case-insensitive. */
export function findAction(name: string): ActionRecord | undefined {
  return BY_LOWER_NAME.get(name.toLowerCase());
}
