import { Resource, type IResource } from 'aws-cdk-lib';
import type * as iot from 'aws-cdk-lib/aws-iot';

/** Represents a custom authorizer, owned by this app or not. */
export interface IAuthorizer extends IResource, iot.IAuthorizerRef {
  /**
   * The name of this authorizer, which clients ask for.
   *
   * @attribute
   */
  readonly authorizerName: string;

  /**
   * The ARN of this authorizer.
   *
   * @attribute
   */
  readonly authorizerArn: string;
}

/**
 * What follows from the name and the ARN of an authorizer.
 *
 * @internal
 */
export abstract class AuthorizerBase extends Resource implements IAuthorizer {
  public abstract readonly authorizerName: string;
  public abstract readonly authorizerArn: string;

  public get authorizerRef(): iot.AuthorizerReference {
    return { authorizerName: this.authorizerName, authorizerArn: this.authorizerArn };
  }
}
