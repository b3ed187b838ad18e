import { CfnAuthorizer, type IAuthorizerRef } from 'aws-cdk-lib/aws-iot';
import type { IConstruct } from 'constructs';
import { invalid } from './errors';

/**
 * Fails for a default authorizer that this app defines as INACTIVE: whoever names no other could not connect. What is a token,
 * or defined elsewhere, passes; so does a status that is not given, whose default AWS does not document.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth-setup.html
 */
export function requireActiveAuthorizer(scope: IConstruct, prop: string, authorizer: IAuthorizerRef): void {
  if (authorizer.node.findAll().some((part) => CfnAuthorizer.isCfnAuthorizer(part) && part.status === 'INACTIVE')) {
    throw invalid(scope, `'${prop}' must be an authorizer that is ACTIVE, got ${authorizer.node.path}, whose 'status' is INACTIVE; make it ACTIVE or choose another`);
  }
}
