import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { asText, flagAt, isValueObject, textAt } from '../../deployment';
import type { Deployment, Resource } from '../../deployment';
import { showText } from '../../policy';
import { mayInvoke } from '../lambda';

/** A custom authorizer of the deployment. */
export interface CustomAuthorizer {
  readonly name: string;
  readonly active: boolean;
  readonly functionArn: string;

  /** Whether a token must be signed with one of the keys before the function is asked. */
  readonly signing: boolean;

  /** The name under which clients send the token. */
  readonly tokenKeyName?: string;
  readonly publicKeys: readonly KeyObject[];

  /** Whether an answer is good for other requests over the same HTTP connection. */
  readonly cachesHttp: boolean;

  /** Why AWS IoT could not ask the function; it would say so in its logs alone. */
  readonly notAllowed?: string;
}

/**
 * Find the custom authorizers of a deployment.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iot-authorizer.html
 */
export function readAuthorizers(deployment: Deployment): { readonly authorizers: readonly CustomAuthorizer[]; readonly notServed: readonly string[] } {
  const read = deployment.resources.filter(({ type }) => type === 'AWS::IoT::Authorizer').map((resource) => readAuthorizer(resource, deployment));
  return {
    authorizers: read.filter((one) => typeof one !== 'string'),
    notServed: read.filter((one) => typeof one === 'string'),
  };
}

function readAuthorizer({ path, physicalId, arn = '', properties, condition }: Resource, deployment: Deployment): CustomAuthorizer | string {
  const functionArn = textAt(properties, 'AuthorizerFunctionArn');
  if (condition !== undefined || typeof physicalId !== 'string' || functionArn === undefined) {
    return `${path}: not served by the twin: it is not known offline`;
  }
  const keys = isValueObject(properties.TokenSigningPublicKeys) ? Object.values(properties.TokenSigningPublicKeys).map((pem) => readKey(asText(pem))) : [];
  const tokenKeyName = textAt(properties, 'TokenKeyName');
  const notAllowed = mayInvoke(deployment, functionArn, showText(arn)) ? undefined
    : `no AWS::Lambda::Permission lets iot.amazonaws.com invoke ${functionArn} for ${showText(arn)}`;
  return {
    name: physicalId,
    active: textAt(properties, 'Status') !== 'INACTIVE',
    functionArn,
    signing: !flagAt(properties, 'SigningDisabled'),
    ...(tokenKeyName === undefined ? {} : { tokenKeyName }),
    publicKeys: keys.filter((key) => key !== undefined),
    cachesHttp: flagAt(properties, 'EnableCachingForHttp'),
    ...(notAllowed === undefined ? {} : { notAllowed }),
  };
}

function readKey(pem: ReturnType<typeof asText>): KeyObject | undefined {
  try {
    const key = createPublicKey(pem as string);
    return key.asymmetricKeyType === 'rsa' ? key : undefined;
  } catch {
    return undefined;
  }
}
