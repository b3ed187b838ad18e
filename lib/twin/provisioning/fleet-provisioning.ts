import type { Account, ProvisioningTemplateRecord } from '../account';
import type { Asker, Journal } from '../journal';
import type { Functions } from '../lambda';
import type { Requester, TopicService } from '../mqtt/topic-service';
import type { Provisioned } from './apply';
import { askProvider } from './certificate-provider';
import { ProvisioningError } from './errors';
import { askHook } from './hook';
import type { OwnershipTokens } from './ownership-tokens';
import { decodePayload, encodePayload } from './payload';
import type { Answer, PayloadFormat } from './payload';
import { CERTIFICATE_ID, readParameters } from './plan';
import { issueForCsr } from './provisioner';
import type { CertificateIssuer, Provisioner } from './provisioner';
import { parseTemplate } from './template';

/** What fleet provisioning needs of the twin. */
export interface FleetProvisioningProps {
  readonly account: Account;
  readonly authority: CertificateIssuer;
  readonly provisioner: Provisioner;
  readonly tokens: OwnershipTokens;
  readonly functions: Functions;
  readonly journal: Journal;

  /** The function that signs requests in place of AWS IoT, where the account has a certificate provider. */
  readonly certificateProvider: () => string | undefined;
}

type Members = Readonly<Record<string, unknown>>;

interface Request {
  readonly requester: Requester;
  readonly members: Members;

  /** The part of the topic that differs. */
  readonly name: string;
}

/** The topics of the MQTT API, and what each answers. */
const OPERATIONS: readonly { readonly topic: RegExp; readonly operation: 'createKeys' | 'createFromCsr' | 'registerThing' }[] = [
  { topic: /^\$aws\/certificates\/create\/()(json|cbor)$/, operation: 'createKeys' },
  { topic: /^\$aws\/certificates\/create-from-csr\/()(json|cbor)$/, operation: 'createFromCsr' },
  { topic: /^\$aws\/provisioning-templates\/([^/]+)\/provision\/(json|cbor)$/, operation: 'registerThing' },
];

/** What a device is named that has only just got its keys, as AWS names it. */
const NEW_DEVICE = 'AWS IoT Certificate';

/** Requests of one connection that are being worked on. */
const MAX_AT_ONCE = 10;

/**
 * Fleet provisioning: devices get a certificate, and with it become things, by publishing to reserved topics.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/fleet-provision-api.html
 */
export class FleetProvisioning implements TopicService {
  private readonly atWork = new WeakMap<Requester, number>();

  constructor(private readonly props: FleetProvisioningProps) {}

  public receive(topic: string, payload: Buffer, requester: Requester): boolean {
    for (const { topic: pattern, operation } of OPERATIONS) {
      const [, name, format] = pattern.exec(topic) ?? [];
      if (format !== undefined) {
        // The parser reuses what it hands out.
        void this.handle(topic, format as PayloadFormat, Buffer.from(payload), requester, (members) => this[operation]({ requester, members, name: name! }));
        return true;
      }
    }
    return false;
  }

  private async handle(
    topic: string, format: PayloadFormat, payload: Buffer, requester: Requester, work: (members: Members) => Promise<Answer>,
  ): Promise<void> {
    const { journal } = this.props;
    const atWork = this.atWork.get(requester) ?? 0;
    this.atWork.set(requester, atWork + 1);
    try {
      if (atWork >= MAX_AT_ONCE) {
        throw new ProvisioningError('LimitExceeded', `A connection may have ${MAX_AT_ONCE} requests at once.`);
      }
      requester.answer(`${topic}/accepted`, await encodePayload(format, await work(await decodePayload(format, payload))));
    } catch (error) {
      // The last resort: what one client sends must not end the process.
      const { code, statusCode, message } = error instanceof ProvisioningError ? error : new ProvisioningError('InternalFailure', 'Internal failure.');
      journal.note(requester.asker, 'refused', `${topic}: ${error instanceof ProvisioningError ? `${code}: ${message}` : (error as Error).message}`);
      requester.answer(`${topic}/rejected`, await encodePayload(format, { statusCode, errorCode: code, errorMessage: message }));
    } finally {
      this.atWork.set(requester, this.atWork.get(requester)! - 1);
    }
  }

  private async createKeys(): Promise<Answer> {
    const { certificatePem, privateKeyPem } = await this.props.authority.deviceCertificate(NEW_DEVICE);
    return { ...this.enter(certificatePem), privateKey: privateKeyPem };
  }

  private async createFromCsr({ members, requester }: Request): Promise<Answer> {
    const { certificateSigningRequest } = members;
    if (typeof certificateSigningRequest !== 'string' || certificateSigningRequest === '') {
      throw new ProvisioningError('InvalidPayload', 'certificateSigningRequest must be a string.');
    }
    return { ...this.enter(await this.sign(certificateSigningRequest, requester)) };
  }

  private sign(certificateSigningRequest: string, { asker, clientId, principal }: Requester): Promise<string> {
    const { authority, certificateProvider, functions } = this.props;
    const provider = certificateProvider();
    return provider === undefined
      ? issueForCsr(authority, certificateSigningRequest)
      : askProvider(functions, provider, { certificateSigningRequest, principalId: principal, clientId }, (reason) => this.explain(asker, reason));
  }

  /** Put a new certificate into the registry, where it waits for its thing. */
  private enter(certificatePem: string): Answer {
    const { account, tokens } = this.props;
    const { certificateId } = account.addIssuedCertificate({ certificatePem, status: 'PENDING_ACTIVATION' });
    return { certificateId, certificatePem, certificateOwnershipToken: tokens.issue(certificateId) };
  }

  private async registerThing({ requester, members, name }: Request): Promise<Answer> {
    const { tokens, provisioner, journal } = this.props;
    const template = this.findTemplate(name);
    const sent = readParameters(members.parameters ?? {});
    const ownership = tokens.take(members.certificateOwnershipToken);
    let provisioned: Provisioned;
    try {
      const overrides = await this.askHook(template, requester, ownership.certificateId, sent);
      // The certificate is the one of the token, whatever else was sent.
      const parameters = new Map([...sent, ...overrides, [CERTIFICATE_ID, ownership.certificateId]]);
      provisioned = provisioner.provision(parseTemplate(template.templateBody, 'fleet'), parameters);
    } catch (error) {
      ownership.release();
      throw error;
    }
    ownership.spend();
    const { thingName, deviceConfiguration } = provisioned;
    journal.note(requester.asker, 'provisioned', `template ${name}: certificate ${ownership.certificateId}${thingName === undefined ? '' : `, thing ${thingName}`}`);
    return { deviceConfiguration, ...(thingName === undefined ? {} : { thingName }) };
  }

  private findTemplate(name: string): ProvisioningTemplateRecord {
    const template = this.props.account.store.get('provisioningTemplates', name);
    if (template === undefined || template.type !== 'FLEET_PROVISIONING') {
      throw new ProvisioningError('ResourceNotFound', `Provisioning template ${name} was not found.`);
    }
    if (!template.enabled) {
      throw new ProvisioningError('AccessDenied', `Provisioning template ${name} is not enabled.`);
    }
    return template;
  }

  private async askHook(
    { templateName, preProvisioningHook }: ProvisioningTemplateRecord, { asker, clientId, principal: claimCertificateId }: Requester,
    certificateId: string, parameters: ReadonlyMap<string, string>,
  ): Promise<ReadonlyMap<string, string>> {
    const { account, functions } = this.props;
    if (preProvisioningHook === undefined) {
      return new Map();
    }
    const verdict = await askHook(functions, preProvisioningHook.targetArn, {
      claimCertificateId,
      certificateId,
      certificatePem: account.store.get('certificates', certificateId)?.certificatePem ?? '',
      templateArn: account.arn(`provisioningtemplate/${templateName}`),
      clientId,
      parameters: Object.fromEntries(parameters),
    });
    if (!verdict.allowed) {
      this.explain(asker, verdict.reason);
      throw new ProvisioningError('AccessDenied', 'Access denied.');
    }
    return verdict.overrides;
  }

  /** What the device is not told. */
  private explain(asker: Asker, reason: string): void {
    this.props.journal.note(asker, 'refused', reason);
  }
}
