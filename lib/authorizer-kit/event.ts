/**
 * What AWS IoT asks an authorizer with. Only what applies to the connection is there.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth-lambda.html
 */
export interface AuthorizerEvent {
  /** The value of the token key; present where the authorizer has one. */
  readonly token?: string;

  /** Whether AWS IoT has checked the signature of the token. */
  readonly signatureVerified?: boolean;
  readonly protocols?: readonly string[];
  readonly protocolData?: {
    readonly tls?: {
      readonly serverName?: string;

      /** With `CUSTOM_AUTH_X509` only, as is `principalId`. */
      readonly x509CertificatePem?: string;
      readonly principalId?: string;
    };
    readonly http?: { readonly headers?: Readonly<Record<string, string>>; readonly queryString?: string };

    /** `username` has its query string, `password` is in base64. */
    readonly mqtt?: { readonly username?: string; readonly password?: string; readonly clientId?: string };
  };
  readonly connectionMetadata?: { readonly id?: string };
}

/** What AWS Lambda tells a handler besides, as far as it is needed here. */
export interface InvocationContext {
  readonly invokedFunctionArn: string;
}

/** What an authorizer answers. */
export interface AuthorizerAnswer {
  readonly isAuthenticated: boolean;
  readonly principalId: string;
  readonly disconnectAfterInSeconds: number;
  readonly refreshAfterInSeconds: number;
  readonly policyDocuments: readonly PolicyDocument[];
}

/** A policy as AWS IoT takes it. */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

/** A statement of a policy. */
export interface PolicyStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}
