/**
 * A web app whose users see and control their own thermostat, and no other.
 *
 * What to look at: the same two grants go into the role of the users and into the IoT policy of each user's identity. Which
 * thermostat is a user's own says an attribute that an administrator sets, and that no user can write.
 */
import { type CfnResource, CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';
import { AttachService, Channel, CognitoAccess, DeviceFleet, IotEndpoint, LoginProvider, UserVariable } from '../../lib';

export interface WebAppCognitoStackProps extends StackProps {
  /** The certificate signing request of each thermostat, which keeps its private key, as PEM text, by the name of its thing. */
  readonly thermostats: Readonly<Record<string, string>>;

  /** The origin of the page. */
  readonly origin: string;
}

export class WebAppCognitoStack extends Stack {
  constructor(scope: Construct, id: string, props: WebAppCognitoStackProps) {
    super(scope, id, props);

    const fleet = new DeviceFleet(this, 'Thermostats', {
      topics: {
        telemetry: Channel.fromDevice('dt/thermostats/{thing}/telemetry'),
        commands: Channel.toDevice('cmd/thermostats/{thing}/+'),
      },
    });
    for (const [thing, csr] of Object.entries(props.thermostats)) {
      fleet.addCertificate(`Certificate-${thing}`, { thing: fleet.addThing(thing), csr, removalPolicy: RemovalPolicy.DESTROY });
    }

    const userPool = this.defineUserPool();
    const client = userPool.addClient('Page', {
      // Not SRP: it keeps the password from Amazon Cognito as well, and takes the page a library for it. Here the password
      // goes to Amazon Cognito over TLS, and is neither kept nor sent anywhere else.
      authFlows: { userPassword: true },
      disableOAuth: true,
      preventUserExistenceErrors: true,
      // Whoever could write 'custom:device' would choose their thermostat.
      writeAttributes: new cognito.ClientAttributes().withStandardAttributes({ fullname: true }),
    });

    const users = new CognitoAccess(this, 'Users', {
      providers: [LoginProvider.userPool(userPool, client, { principalTags: { device: 'custom:device' } })],
    });
    const own = { thing: UserVariable.principalTag('device') };
    fleet.channel('telemetry').grants.subscribe(users, own);
    fleet.channel('commands').grants.publish(users, own);
    const service = new AttachService(this, 'Attach', { access: users, allowedOrigins: [props.origin] });

    for (const [name, value] of Object.entries({
      UserPoolId: userPool.userPoolId,
      ClientId: client.userPoolClientId,
      IdentityPoolId: users.identityPoolId,
      AttachUrl: service.url,
      Endpoint: IotEndpoint.of(this).dataAddress,
    })) {
      new CfnOutput(this, name, { value });
    }
  }

  private defineUserPool(): cognito.UserPool {
    const userPool = new cognito.UserPool(this, 'UserPool', {
      selfSignUpEnabled: false,
      signInCaseSensitive: false,
      passwordPolicy: { minLength: 12, requireDigits: true, requireLowercase: true, requireUppercase: true, requireSymbols: true },
      accountRecovery: cognito.AccountRecovery.NONE,
      customAttributes: { device: new cognito.StringAttribute({ minLen: 1, maxLen: 128, mutable: true }) },
      // Looks out for stolen passwords. It has a price for each user who signs in.
      featurePlan: cognito.FeaturePlan.PLUS,
      standardThreatProtectionMode: cognito.StandardThreatProtectionMode.FULL_FUNCTION,
      // For an app, keep the users.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledge(userPool, 'AwsSolutions-COG2', 'The page of this example asks for a password and for nothing after it');
    return userPool;
  }
}

/** Says to cdk-nag why one of its rules does not apply. */
function acknowledge(construct: { readonly node: Construct['node'] }, id: string, reason: string): void {
  (construct.node.defaultChild as CfnResource).addMetadata('cdk_nag', { rules_to_suppress: [{ id, reason }] });
}
