import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as lambda from 'aws-cdk-lib/aws-lambda';

/**
 * Where AWS IoT asks, about once an hour, if the certificate of a domain has been revoked. It sends the answer along to
 * clients that ask for it (`status_request`).
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/iot-custom-endpoints-cert-config.html
 */
export class OcspStapling {
  /** The responder that the certificate names, which must be reachable over the internet and IPv4. */
  public static publicResponder(): OcspStapling {
    return new OcspStapling();
  }

  /**
   * A function in the account and Region of the domain, for a responder that is not public.
   *
   * @param responder Gets the request in DER and base64, and returns the answer so, of at most 4 KiB.
   * @param authorizedResponder The certificate of who signs the answers, if that is not the CA itself.
   */
  public static privateResponder(responder: lambda.IFunction, authorizedResponder?: acm.ICertificate): OcspStapling {
    return new OcspStapling(responder, authorizedResponder);
  }

  private constructor(
    /** @internal */
    public readonly _responder?: lambda.IFunction,
    /** @internal */
    public readonly _authorizedResponder?: acm.ICertificate,
  ) {}
}
