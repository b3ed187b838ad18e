import { createPrivateKey, X509Certificate } from 'node:crypto';
import { parsed } from './json';
import type { LocalAccount } from './local-account';

/** What a device gets. */
interface Delivered {
  readonly privateKey?: string;
  readonly certificateId?: string;
}

/** What an account holds, in a form in which the same is equal although ids are drawn at random and versions count up. */
export function summarize(local: LocalAccount): object {
  const { store } = local.account;
  return {
    things: [...store.all('things')].map(({ thingName, thingTypeName, billingGroupName, groups }) => ({ thingName, thingTypeName, billingGroupName, groups: [...groups].sort() })),
    thingGroups: [...store.all('thingGroups')].map(({ thingGroupName, policies }) => ({ thingGroupName, policies: [...policies].sort() })),
    policies: [...store.all('policies')].map(({ policyName, versions, defaultVersionId, tags }) => ({
      policyName, tags, document: parsed(String(JSON.stringify(versions.find(({ versionId }) => versionId === defaultVersionId)?.document))),
    })).sort((a, b) => (a.policyName < b.policyName ? -1 : 1)),
    certificates: [...store.all('certificates')].map(({ status, policies, things, logicalId }) => JSON.stringify({ status, policies, things, isDeclared: logicalId !== undefined })).sort(),
    identities: [...store.all('identities')].map(({ identityId, policies }) => `${identityId}: ${[...policies].sort().join()}`).sort(),
    caCertificates: store.count('caCertificates'),
    endpointTls: ['iot:Data-ATS', 'iot:CredentialProvider', 'iot:Jobs'].map((domainConfigurationName) => local.account.describeDomainConfiguration({ domainConfigurationName }).tlsConfig),
    settings: [local.account.describeEventConfigurations(), local.account.getIndexingConfiguration(), store.get('settings', 'loggingOptions'), store.get('settings', 'defaultAuthorizer')],
    parameters: parametersOf(local).map(({ name, type }) => `${type} ${name}`).filter((parameter) => !parameter.includes(MEMORY)).sort(),
    delivered: deliveredBy(local).filter(({ secret }) => fits(local, secret)).map(({ place, labels }) => `${place}: ${[...labels].sort().join()}`).sort(),
  };
}

/** What handlers remember, which is more after a rollback: that is looked at in the end. */
const MEMORY = '/cdk-iot-warden/';

interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

export function parametersOf({ folder }: LocalAccount): readonly Parameter[] {
  return Object.values((folder.readJson('aws', 'ssm.json') ?? {}) as Readonly<Record<string, Parameter>>);
}

/** What handlers remember. */
export function memoryOf(local: LocalAccount): readonly string[] {
  return parametersOf(local).map(({ name }) => name).filter((name) => name.startsWith(MEMORY));
}

interface Secret {
  readonly name: string;
  readonly versions: Readonly<Record<string, { readonly text?: string; readonly stages: readonly string[] }>>;
}

/** Everything in a place for private keys, with the labels by which it is found. */
export function deliveredBy(local: LocalAccount): readonly { readonly place: string; readonly labels: readonly string[]; readonly secret: Delivered }[] {
  const { folder, deployment } = local;
  // The twin keeps those that have left the template.
  const declared = deployment.resources.filter(({ type }) => type === 'AWS::SecretsManager::Secret').map(({ arn }) => String(arn));
  const secrets = folder.list('aws').filter((file) => file.startsWith('secret-')).map((file) => folder.readJson('aws', file) as Secret)
    .filter(({ name }) => declared.some((arn) => arn.includes(`:secret:${name}-`)));
  const labelled = secrets.flatMap(({ name, versions }) => Object.values(versions).map(({ text = '{}', stages }) => ({
    // That a version was the current one before is for Secrets Manager to say.
    place: name, labels: stages.filter((stage) => stage !== 'AWSPREVIOUS'), secret: parsed(text) as Delivered,
  })));
  const parameters = parametersOf(local).filter(({ type }) => type === 'SecureString').map(({ name, value }) => ({ place: name, labels: ['SecureString'], secret: parsed(value) as Delivered }));
  return [...labelled.filter(({ labels, secret }) => labels.length > 0 && secret.privateKey !== undefined), ...parameters];
}

/** Whether the key is that of a certificate of the account: the key of one that is gone is of no use. */
function fits({ account }: LocalAccount, { privateKey, certificateId }: Delivered): boolean {
  const pem = certificateId === undefined ? undefined : account.store.get('certificates', certificateId)?.certificatePem;
  return pem !== undefined && privateKey !== undefined && new X509Certificate(pem).checkPrivateKey(createPrivateKey(privateKey));
}
