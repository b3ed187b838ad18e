import { Token } from 'aws-cdk-lib';
import { batchingProblem, renderBatching, type RuleBatching } from './batching';
import { naming, plain, templated, type ActionDefinition } from './definition';
import type { HttpRuleDestination } from '../destinations/http';
import { HTTPS_URL } from '../destinations/urls';
import { quote } from '../../private/errors';
import { hasTemplate, readTemplate } from '../templates';

/** How a request is signed with Signature Version 4. */
export interface HttpSigning {
  /** The service that checks the signature, for example `execute-api`. */
  readonly serviceName: string;

  /** The one action that the request needs, for example `execute-api:Invoke`. */
  readonly action: string;

  /** The ARN that it needs it on, for example `api.arnForExecuteApi('POST', '/telemetry')`. */
  readonly resourceArn: string;

  /**
   * The Region of the service.
   *
   * @default - that of the stack
   */
  readonly region?: string;
}

/** Options for sending messages to an HTTPS endpoint. */
export interface HttpActionOptions {
  /**
   * The destination that the URL belongs to, whose endpoint has confirmed it. AWS IoT sends nothing before that.
   *
   * @default - AWS IoT makes one for `url`, which outlives the rule
   */
  readonly destination?: HttpRuleDestination;

  /**
   * The confirmation URL of a destination that exists outside this app, in place of `destination`. `url` begins with it.
   *
   * @default - that of `destination`
   */
  readonly confirmationUrl?: string;

  /**
   * Headers of each request, at most 100. Substitution templates are replaced in the values.
   *
   * They are in the template and in the rule for all who may read it; a secret goes into `${get_secret(…)}`.
   *
   * @default - none
   */
  readonly headers?: { readonly [name: string]: string };

  /**
   * How requests are signed.
   *
   * @default - not at all; the endpoint cannot tell who calls it
   */
  readonly signing?: HttpSigning;

  /**
   * How messages are gathered into one request; as an error action it cannot.
   *
   * @default - each message is a request
   */
  readonly batching?: RuleBatching;
}

/** https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_HEADERS = 100;

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/https-rule-action.html */
export function httpAction(url: string, options: HttpActionOptions): ActionDefinition {
  const { destination, headers = {}, signing, batching } = options;
  const confirmationUrl = destination?.confirmationUrl ?? options.confirmationUrl;
  const entries = Object.entries(headers);
  return {
    kind: 'Http',
    problem: () => urlProblem(url, options, confirmationUrl) ?? batchingProblem(batching)
      ?? (entries.length > MAX_HEADERS ? `'headers' must have at most ${MAX_HEADERS} entries, got ${entries.length}` : undefined),
    fields: [
      naming('url', url, HTTPS_URL),
      templated('confirmationUrl', options.confirmationUrl, HTTPS_URL),
      ...entries.flatMap(([name, value]) => [
        plain('headers', name, { pattern: /^[\w!#$%&'*+.^`|~-]+$/, characters: 'the names of headers', maxLength: 256 }),
        templated(`headers.${name}`, value, { pattern: /^[^\r\n]*$/, characters: 'one line', maxLength: 2048 }),
      ]),
      plain('signing.serviceName', signing?.serviceName),
    ],
    ...signing && {
      permissions: () => [{ actions: [signing.action], resources: [signing.resourceArn] }],
      wildcards: 'The resource is the one that the user of the construct names',
    },
    isBatch: batching !== undefined,
    dependsOn: destination ? [destination] : [],
    render: (roleArn, { region }) => ({
      http: {
        url,
        confirmationUrl,
        headers: entries.length === 0 ? undefined : entries.map(([key, value]) => ({ key, value })),
        auth: signing && { sigv4: { roleArn, serviceName: signing.serviceName, signingRegion: signing.region ?? region } },
        ...batching && { enableBatching: true, batchConfig: renderBatching(batching) },
      },
    }),
  };
}

/** AWS IoT checks who owns an endpoint, for which it must know where that begins. */
function urlProblem(url: string, options: HttpActionOptions, confirmationUrl: string | undefined): string | undefined {
  if (options.destination && options.confirmationUrl !== undefined) {
    return "'confirmationUrl' must be left out with 'destination', which has one";
  }
  if (confirmationUrl === undefined) {
    return hasTemplate(url) ? "'destination' must be given for a URL with templates, of which AWS IoT can confirm none" : undefined;
  }
  if (!endsHost(url)) {
    return `'url' must have a / after its host and before the first template, or a message chooses another host, got ${quote(url)}`;
  }
  return Token.isUnresolved(url) || Token.isUnresolved(confirmationUrl) || isWithin(url, confirmationUrl)
    ? undefined
    : `'url' must begin with the confirmation URL of its destination, ${quote(confirmationUrl)}, got ${quote(url)}`;
}

/** Whether the host is the same for all messages. */
function endsHost(url: string): boolean {
  const [first] = readTemplate(url);
  return !hasTemplate(url) || (first?.kind === 'text' && (Token.isUnresolved(first.text) || /^https:\/\/[^/?#]+[/?#]/.test(first.text)));
}

/** `https://a.com.example.org` begins with `https://a.com`, and is of somebody else. */
function isWithin(url: string, confirmationUrl: string): boolean {
  return url.startsWith(confirmationUrl) && new URL(url.replaceAll(/[${}]/g, '_')).host === new URL(confirmationUrl).host;
}
