import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { AccountSetting, AccountSettingRemoval } from './account-setting';
import { NO_RESOURCE } from '../private/custom-resource';
import { invalid } from '../private/errors';
import { requireOnlyOne } from '../private/only-one';

const KIND = { name: 'configure-events', description: 'Switches events of AWS IoT on' };

/**
 * What AWS IoT publishes on `$aws/events/…` when it happens.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-events.html
 */
export enum IotEventType {
  /** A thing is created, updated or deleted. */
  THING = 'THING',
  /** A thing group is created, updated or deleted. */
  THING_GROUP = 'THING_GROUP',
  /** A thing type is created, updated or deleted. */
  THING_TYPE = 'THING_TYPE',
  /** A thing joins or leaves a thing group. */
  THING_GROUP_MEMBERSHIP = 'THING_GROUP_MEMBERSHIP',
  /** A thing group joins or leaves another. */
  THING_GROUP_HIERARCHY = 'THING_GROUP_HIERARCHY',
  /** A thing gets or loses its thing type. */
  THING_TYPE_ASSOCIATION = 'THING_TYPE_ASSOCIATION',
  /** A job is completed, canceled or deleted. */
  JOB = 'JOB',
  /** A job ends for one thing. */
  JOB_EXECUTION = 'JOB_EXECUTION',
  /** A policy changes. */
  POLICY = 'POLICY',
  /** A certificate changes. */
  CERTIFICATE = 'CERTIFICATE',
  /** An unknown certificate of a registered CA connects for the first time. */
  CA_CERTIFICATE = 'CA_CERTIFICATE',
}

/** Properties for switching events on. */
export interface EventConfigurationsProps {
  /** The events to switch on. Others stay as they are. */
  readonly events: IotEventType[];

  /**
   * What becomes of the events when this construct leaves the stack.
   *
   * @default AccountSettingRemoval.RETAIN
   */
  readonly onRemoval?: AccountSettingRemoval;
}

/**
 * Switches events of the registry, of jobs and of certificates on, for the whole account in this Region.
 *
 * Whether devices connect, disconnect and subscribe is always published. Each event is a message that costs money.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-events.html
 */
export class EventConfigurations extends Construct {
  constructor(scope: Construct, id: string, props: EventConfigurationsProps) {
    super(scope, id);

    requireOnlyOne(this, (other) => other instanceof EventConfigurations);
    if (props.events.length === 0) {
      throw invalid(this, "'events' must have at least one entry, got none");
    }

    new AccountSetting(this, 'Setting', {
      kind: KIND,
      resourceType: 'IotEventConfigurations',
      wanted: Object.fromEntries([...props.events].sort().map((type) => [type, true])),
      onRemoval: props.onRemoval ?? AccountSettingRemoval.RETAIN,
      readPermissions: () => [new iam.PolicyStatement({ actions: ['iot:DescribeEventConfigurations'], resources: [NO_RESOURCE] })],
      writePermissions: () => [new iam.PolicyStatement({ actions: ['iot:UpdateEventConfigurations'], resources: [NO_RESOURCE] })],
    });
  }
}
