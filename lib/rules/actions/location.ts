import type * as location from 'aws-cdk-lib/aws-location';
import { naming, templated, type ActionDefinition } from './definition';
import type { RuleTimestamp } from './timestream';

/** Options for updating the position of a device. Substitution templates are replaced in all texts. */
export interface LocationActionOptions {
  /** Which device it is for the tracker, for example `${topic(3)}`. */
  readonly deviceId: string;

  /** Degrees north, for example `${position.lat}`. */
  readonly latitude: string;

  /** Degrees east. */
  readonly longitude: string;

  /**
   * When it was there.
   *
   * @default - when the rule runs
   */
  readonly timestamp?: RuleTimestamp;
}

const DEGREES = { pattern: /^-?\d{1,3}(\.\d+)?$/, characters: 'a template or degrees', maxLength: 32 };

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/location-rule-action.html */
export function locationAction(tracker: location.ITrackerRef, { deviceId, latitude, longitude, timestamp }: LocationActionOptions): ActionDefinition {
  const { trackerName, trackerArn } = tracker.trackerRef;
  return {
    kind: 'Location',
    env: tracker.env,
    fields: [
      naming('deviceId', deviceId, { pattern: /^[\p{L}\p{N}\-._]+$/u, characters: 'letters, digits and -._', maxLength: 100 }),
      templated('latitude', latitude, DEGREES),
      templated('longitude', longitude, DEGREES),
      templated('timestamp.value', timestamp?.value),
    ],
    permissions: () => [{ actions: ['geo:BatchUpdateDevicePosition'], resources: [trackerArn] }],
    render: (roleArn) => ({ location: { roleArn, trackerName, deviceId, latitude, longitude, timestamp } }),
  };
}
