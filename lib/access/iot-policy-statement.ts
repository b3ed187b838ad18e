import type { IotAction } from './iot-action';
import type { IotResource } from './iot-resource';

/** Whether a statement allows or denies. A denial wins over any permission. */
export enum IotPolicyEffect {
  /** Permit. */
  ALLOW = 'Allow',
  /** Forbid. */
  DENY = 'Deny',
}

/** A statement of an AWS IoT policy. */
export interface IotPolicyStatement {
  /**
   * Whether the actions are allowed or denied.
   *
   * @default IotPolicyEffect.ALLOW
   */
  readonly effect?: IotPolicyEffect;

  /** What is allowed or denied. */
  readonly actions: IotAction[];

  /**
   * Actions that `IotAction` does not list, such as `greengrass:Discover`. Other services than AWS IoT are refused.
   *
   * @default - none
   */
  readonly otherActions?: string[];

  /** What it is allowed or denied on. */
  readonly resources: IotResource[];

  /**
   * When the statement counts: operator, then key, then values, for example
   * `{ Bool: { 'iot:Connection.Thing.IsAttached': ['true'] } }`.
   *
   * Operators and keys must all match, of the values one.
   *
   * @default - always
   * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-variables.html
   */
  readonly conditions?: { [operator: string]: { [key: string]: string[] } };
}
