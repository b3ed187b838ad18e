import type { Deployment } from '../deployment';
import type { Clock } from './clock';

/** How to start the local AWS IoT Core. */
export interface TwinOptions {
  /** A cloud assembly folder or a template file, or a deployment read from one. */
  readonly assembly: string | Deployment;

  /**
   * The address to listen on. Anything but a loopback address lets other computers in.
   *
   * @default '127.0.0.1'
   */
  readonly host?: string;

  /** @default 0 - any free port */
  readonly port?: number;

  /** @default 0 - any free port */
  readonly httpsPort?: number;

  /** @default 0 - any free port */
  readonly consolePort?: number;

  /**
   * The folder that keeps the local certificate authority, the keys of connection kits, and what the twin was told: registry,
   * certificates, retained messages, sessions and what waits for them. What was acknowledged outlasts the process, however
   * that ends.
   *
   * @default - a folder that is removed when the twin stops; nothing is written down
   */
  readonly stateDirectory?: string;

  /**
   * Values for the parameters of the template.
   *
   * @default - their defaults
   */
  readonly parameters?: { readonly [name: string]: string };

  /**
   * The account of a template that does not say.
   *
   * @default '123456789012'
   */
  readonly accountId?: string;

  /**
   * The Region of a template that does not say.
   *
   * @default 'us-east-1'
   */
  readonly region?: string;

  /**
   * Whether the Lambda functions of the assembly run: hooks, and the handlers of custom resources. They may do on this
   * computer what you may, so run only what you trust.
   *
   * @default true
   */
  readonly runFunctions?: boolean;

  /**
   * Whether a shadow refuses more than 20 requests within a second, as on AWS. Tests on one computer come there more easily
   * than devices do.
   *
   * @default false - the journal says where AWS would refuse them
   */
  readonly enforceShadowRate?: boolean;

  /** @default - the time of this computer */
  readonly clock?: Clock;
}
