/** Where the services of the page are: what configure.ts writes. */
export interface Config {
  readonly region: string;
  readonly userPoolId: string;
  readonly clientId: string;
  readonly identityPoolId: string;
  readonly attachUrl: string;
  readonly iotEndpoint: string;

  /** Of Amazon Cognito, on the twin. */
  readonly endpointUrl?: string;
}
