import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTwin } from '../../../lib/twin';
import type { ConnectionKit, JournalEntry, Twin, TwinOptions } from '../../../lib/twin';
import { Inbox } from './inbox';

/** The account that a template which names none is taken to be in. */
const PREFIX = 'arn:aws:iot:us-east-1:123456789012:';

/** A statement; resources without the ARN prefix, such as `topic/a/b`. */
export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: object;
}

export function allow(action: string | readonly string[], ...resources: readonly string[]): Statement {
  return { Effect: 'Allow', Action: action, Resource: resources.map((resource) => (resource === '*' ? '*' : PREFIX + resource)) };
}

export function deny(action: string | readonly string[], ...resources: readonly string[]): Statement {
  return { ...allow(action, ...resources), Effect: 'Deny' };
}

/** A policy that lets a device do anything: for tests that are about something else. */
export const ANYTHING = [allow('iot:*', '*')];

/** A thing with a certificate and a policy of its own. */
export interface Device {
  readonly may: readonly Statement[];
  readonly exclusive?: boolean;
  readonly status?: 'ACTIVE' | 'INACTIVE' | 'REVOKED';

  /** A certificate from elsewhere; without it the template has a signing request. */
  readonly pem?: string;
  readonly attributes?: { readonly [name: string]: string };
}

/** The template of some devices, by the names of their things. The logical ids are `Thing0`, `Certificate0` and so on. */
export function templateOf(devices: { readonly [thing: string]: Device }, others: object = {}): object {
  const resources = Object.entries(devices).flatMap(([thing, device], index) => [
    [`Thing${index}`, {
      Type: 'AWS::IoT::Thing',
      Properties: { ThingName: thing, ...(device.attributes === undefined ? {} : { AttributePayload: { Attributes: device.attributes } }) },
    }],
    [`Certificate${index}`, {
      Type: 'AWS::IoT::Certificate',
      Properties: {
        Status: device.status ?? 'ACTIVE',
        ...(device.pem === undefined ? { CertificateSigningRequest: 'csr' } : { CertificatePem: device.pem, CertificateMode: 'SNI_ONLY' }),
      },
    }],
    [`Policy${index}`, {
      Type: 'AWS::IoT::Policy',
      Properties: { PolicyName: `policy-of-${thing}`, PolicyDocument: { Version: '2012-10-17', Statement: device.may } },
    }],
    [`PolicyOf${index}`, {
      Type: 'AWS::IoT::PolicyPrincipalAttachment',
      Properties: { PolicyName: { Ref: `Policy${index}` }, Principal: { 'Fn::GetAtt': [`Certificate${index}`, 'Arn'] } },
    }],
    [`CertificateOf${index}`, {
      Type: 'AWS::IoT::ThingPrincipalAttachment',
      Properties: {
        ThingName: { Ref: `Thing${index}` },
        Principal: { 'Fn::GetAtt': [`Certificate${index}`, 'Arn'] },
        ...(device.exclusive === true ? { ThingPrincipalType: 'EXCLUSIVE_THING' } : {}),
      },
    }],
  ]);
  return { Resources: { ...Object.fromEntries(resources) as object, ...others } };
}

/** A folder that lasts as long as a test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'twin-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A twin that serves some devices, and what a test asks of it. */
export class TestTwin {
  private constructor(public readonly twin: Twin) {}

  /** @param others more resources of the template, by logical id */
  public static async start(devices: { readonly [thing: string]: Device }, options: Partial<TwinOptions> = {}, others: object = {}): Promise<TestTwin> {
    const folder = mkdtempSync(join(tmpdir(), 'twin-template-'));
    try {
      const assembly = join(folder, 'template.json');
      writeFileSync(assembly, JSON.stringify(templateOf(devices, others)));
      return new TestTwin(await startTwin({ assembly, ...options }));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  public kit(thing: string): Promise<ConnectionKit> {
    return this.twin.issueKit(thing);
  }

  /** What the journal says from now on. */
  public journal(): Inbox<JournalEntry> {
    const inbox = new Inbox<JournalEntry>();
    this.twin.journal.listen((entry) => inbox.push(entry));
    return inbox;
  }

  public stop(): Promise<void> {
    return this.twin.stop();
  }
}

/** Whether an entry is the twin's refusal with such a reason. */
export function refused(reason: string | RegExp): (entry: JournalEntry) => boolean {
  return (entry) => entry.event === 'refused' && (typeof reason === 'string' ? entry.reason === reason : reason.test(entry.reason));
}

/** Whether an entry is a denied request. */
export function denied(action: string, resource: string): (entry: JournalEntry) => boolean {
  return (entry) => entry.decision?.decision === 'deny' && entry.action === action && entry.resource === resource;
}
