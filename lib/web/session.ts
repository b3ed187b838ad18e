import { callAttachService } from './attachment';
import { IdentityCredentials, type Credentials, type Login } from './credentials';
import { IotWebError } from './errors';
import { signMqttUrl } from './mqtt-url';
import { BROWSER, type Surroundings } from './surroundings';

/** Where an app and its user are. Nothing of it is secret. */
export interface SignInOptions {
  /** The Region of the identity pool, the attach service and AWS IoT. */
  readonly region: string;

  /** The identity pool: `identityPoolId` of the construct `CognitoAccess`. */
  readonly identityPoolId: string;

  /** The host of AWS IoT for data, such as `abc-ats.iot.eu-central-1.amazonaws.com`. */
  readonly iotEndpoint: string;

  /** `url` of the construct `AttachService`. */
  readonly attachUrl: string;

  readonly login: Login;

  /**
   * How many seconds a signed URL is good for: 1 to 3600.
   *
   * @default 120
   */
  readonly urlExpirySeconds?: number;

  /**
   * Other endpoints, for a local twin: `http://localhost:8080` for Amazon Cognito, and a `ws:` or `wss:` URL for MQTT.
   *
   * @default - those of AWS
   */
  readonly endpoints?: { readonly cognitoIdentity?: string; readonly mqtt?: string };
}

/** Options for mqtt.js. */
export interface MqttOptions {
  readonly clientId: string;
  readonly transformWsUrl: () => string;
  readonly clean: true;
  readonly reconnectPeriod: number;
  readonly reconnectOnConnackError: true;
}

/** A new attachment takes AWS IoT seconds to notice, for which it refuses connections. */
const RECONNECT_MS = 2000;

/** How often a URL is signed that is ready for the next connection. Browsers slow down pages in the background to once a minute. */
const RENEW_MS = 30_000;

/** Tokens and signatures go there: over TLS, or to this computer. */
function requireProtected(urls: Readonly<Record<string, string | undefined>>): void {
  for (const [name, url] of Object.entries(urls)) {
    if (url !== undefined && !/^(https|wss):\/\/|^(http|ws):\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/|$)/i.test(url)) {
      throw new IotWebError(`'${name}' must begin with https:// or wss://, as tokens and signatures go there, got ${JSON.stringify(url.slice(0, 100))}`);
    }
  }
}

/** Signs a user in. Nothing is asked before the first call needs it. */
export function signIn(options: SignInOptions, around: Surroundings = BROWSER): IotSession {
  return new IotSession(options, around);
}

/** A user who has signed in: credentials, the attachment, and URLs to connect with. */
export class IotSession {
  /** Where to connect, unsigned: the first argument of `mqtt.connect`. */
  public readonly brokerUrl: string;

  private readonly identity: IdentityCredentials;
  private readonly expirySeconds: number;
  private nextUrl: string | undefined;
  private stopRenewing: (() => void) | undefined;

  /** @internal */
  constructor(private readonly options: SignInOptions, private readonly around: Surroundings) {
    const { region, identityPoolId, iotEndpoint, attachUrl, login, urlExpirySeconds = 120, endpoints = {} } = options;
    if (!Number.isInteger(urlExpirySeconds) || urlExpirySeconds < 1 || urlExpirySeconds > 3600) {
      throw new IotWebError(`'urlExpirySeconds' must be 1 to 3600, got ${urlExpirySeconds}`);
    }
    this.expirySeconds = urlExpirySeconds;
    this.brokerUrl = endpoints.mqtt ?? `wss://${iotEndpoint}/mqtt`;
    requireProtected({ attachUrl, brokerUrl: this.brokerUrl, cognitoIdentity: endpoints.cognitoIdentity });
    this.identity = new IdentityCredentials(region, identityPoolId, login, endpoints.cognitoIdentity, around);
  }

  /** The id of the user's identity. */
  public identityId(): Promise<string> {
    return this.identity.identityId();
  }

  /** Credentials that are good for some minutes at least; fetched again when they are not. */
  public credentials(): Promise<Credentials> {
    return this.identity.get();
  }

  /** Has the IoT policies attached to the identity. Call it before the first connection; again, it does no harm. */
  public attach(): Promise<void> {
    return callAttachService(this.options.attachUrl, 'POST', this.options.region, () => this.credentials(), this.around);
  }

  /** Has the IoT policies taken off, also for the user's other devices. */
  public detach(): Promise<void> {
    return callAttachService(this.options.attachUrl, 'DELETE', this.options.region, () => this.credentials(), this.around);
  }

  /** A URL to connect with, signed now. It is a secret until it expires. */
  public async mqttUrl(): Promise<string> {
    return signMqttUrl(this.brokerUrl, this.options.region, await this.credentials(), this.expirySeconds, this.around.now());
  }

  /**
   * The client id of a connection: the identity id, with something behind it where there are several at once.
   *
   * @param suffix What tells the connections of the user apart, such as a random text for each tab.
   */
  public async clientId(suffix?: string): Promise<string> {
    const id = await this.identityId();
    return suffix === undefined ? id : `${id}-${suffix}`;
  }

  /**
   * Options for `mqtt.connect(session.brokerUrl, …)` of mqtt.js. Each connection, also a later one, gets a URL of its own.
   *
   * mqtt.js does not wait for a URL, so that one is kept ready until `close` is called.
   */
  public async mqttOptions(suffix?: string): Promise<MqttOptions> {
    this.nextUrl = await this.mqttUrl();
    this.stopRenewing ??= this.around.every(RENEW_MS, () => this.renew());
    return {
      clientId: await this.clientId(suffix),
      transformWsUrl: () => {
        const url = this.nextUrl!;
        // After the computer has slept it may be too old; then the next attempt has another.
        void this.renew();
        return url;
      },
      clean: true,
      reconnectPeriod: RECONNECT_MS,
      reconnectOnConnackError: true,
    };
  }

  /** Stops keeping a URL ready. Connections stay; end them yourself. */
  public close(): void {
    this.stopRenewing?.();
    this.stopRenewing = undefined;
  }

  /** Where that fails, as without a network, the next attempt may not. */
  private async renew(): Promise<void> {
    this.nextUrl = await this.mqttUrl().catch(() => this.nextUrl);
  }
}
