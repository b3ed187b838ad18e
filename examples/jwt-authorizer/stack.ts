/**
 * Users of an app who log in with an OpenID Connect issuer, and reach the sensors that their token names.
 *
 * What to look at: the claim `sensors` of a token fills `{thing}`, so that what a user may do follows from the topics of
 * the fleet. A token is good here only if it is for this app.
 */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Channel, Claim, DeviceFleet, JwtAuthorizer, JwtIssuer, TokenAccess, TokenSigning } from '../../lib';

export interface JwtAuthorizerStackProps extends StackProps {
  /** The issuer of the tokens, as in their claim `iss`. */
  readonly issuer: string;

  /** What the issuer calls the app, in the claim `aud`. */
  readonly audience: string;
}

export class JwtAuthorizerStack extends Stack {
  constructor(scope: Construct, id: string, { issuer, audience, ...props }: JwtAuthorizerStackProps) {
    super(scope, id, props);

    const fleet = new DeviceFleet(this, 'Sensors', {
      topics: {
        telemetry: Channel.fromDevice('dt/sensors/{thing}/telemetry'),
        commands: Channel.toDevice('cmd/sensors/{thing}/+'),
      },
    });
    fleet.addThings(['sensor-1', 'sensor-2']);

    const sensors = { thing: Claim.of('sensors') };
    const users = new JwtAuthorizer(this, 'Users', {
      // For a user pool of Amazon Cognito: JwtIssuer.userPool(pool, [client])
      issuer: JwtIssuer.oidc({ issuer, audience: [audience] }),
      allow: [
        TokenAccess.subscribe(fleet.channel('telemetry'), sensors),
        TokenAccess.publish(fleet.channel('commands'), sensors),
      ],
      // The issuer signs tokens for itself, not for AWS IoT.
      tokenSigning: TokenSigning.unsignedAnyoneMayInvoke(),
    });
    new CfnOutput(this, 'Authorizer', { value: users.authorizerName });
  }
}
