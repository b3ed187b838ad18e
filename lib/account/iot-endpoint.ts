import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { HandlerResource, HAS_NO_RESOURCE, NO_RESOURCE } from '../private/custom-resource';

const KIND = { name: 'describe-endpoint', description: 'Looks up the endpoints of AWS IoT' };
const ID = 'CdkIotWarden-Endpoint';

/**
 * The addresses of AWS IoT that the devices of this account connect to.
 *
 * They are looked up once for each stack, when it is deployed: AWS IoT limits look-ups, so that functions should get the
 * address from their environment and not ask for it.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-connect-devices.html
 */
export class IotEndpoint extends Construct {
  /** The endpoint of the account and Region that the stack is in. */
  public static of(scope: Construct): IotEndpoint {
    const stack = Stack.of(scope);
    return stack.node.tryFindChild(ID) as IotEndpoint | undefined ?? new IotEndpoint(stack, ID);
  }

  /**
   * The host name for MQTT and HTTPS, whose certificate Amazon Trust Services has signed.
   */
  public readonly dataAddress: string;

  /**
   * The host name where devices exchange their certificate for AWS credentials.
   */
  public readonly credentialProviderAddress: string;

  private constructor(scope: Construct, id: string) {
    super(scope, id);

    const resource = new HandlerResource(this, 'Default', {
      kind: KIND,
      resourceType: 'IotEndpoint',
      properties: {},
      permissions: () => [new iam.PolicyStatement({ actions: ['iot:DescribeEndpoint'], resources: [NO_RESOURCE] })],
      wildcards: HAS_NO_RESOURCE,
    });
    this.dataAddress = resource.attribute('DataAddress');
    this.credentialProviderAddress = resource.attribute('CredentialProviderAddress');
  }
}
