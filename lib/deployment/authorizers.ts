import { showText } from '../policy/text';
import type { Deployment } from './model';
import { asText, propertyOf } from './values';

/** A custom authorizer of a deployment. */
export interface Authorizer {
  readonly name: string;
  readonly path: string;
  readonly logicalId: string;
  readonly functionArn: string;
  readonly isActive: boolean;

  /** Whether AWS IoT checks the signature of tokens. */
  readonly isSigned: boolean;
}

/** The custom authorizers of a deployment; of a name or function that only AWS knows, the text says so. */
export function authorizersOf({ resources }: Pick<Deployment, 'resources'>): readonly Authorizer[] {
  return resources.filter(({ type }) => type === 'AWS::IoT::Authorizer').map(({ physicalId, path, logicalId, properties }) => {
    const text = (name: string): string => showText(asText(propertyOf(properties, name)) ?? '');
    return {
      name: showText(physicalId),
      path,
      logicalId,
      functionArn: text('AuthorizerFunctionArn'),
      isActive: text('Status') !== 'INACTIVE',
      isSigned: text('SigningDisabled') !== 'true',
    };
  });
}
