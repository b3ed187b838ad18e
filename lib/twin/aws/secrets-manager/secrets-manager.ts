import { randomUUID } from 'node:crypto';
import { bytes, invalid, optionalText, tagList, tags, text, texts } from '../input';
import { jsonService } from '../json-service';
import type { Input } from '../json-service';
import { ServiceError } from '../service';
import type { Service } from '../service';
import type { Surroundings } from '../surroundings';
import { secretsManagerPermissions } from './permissions';
import { CURRENT, moveStage, Secrets } from './secrets';
import type { Content, Secret, Version } from './secrets';

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const MAX_SECRET_BYTES = 65_536;

/** AWS Secrets Manager with the secrets that the deployment declares. */
export function secretsManagerService(around: Surroundings): Service {
  const secrets = new Secrets(around);
  const secretOf = (input: Input): Secret => secrets.find(text(input, 'SecretId'));
  return jsonService('secretsmanager', 'Secrets Manager', {
    GetSecretValue: (input) => {
      const secret = secretOf(input);
      const [versionId, { text: SecretString, binary: SecretBinary, stages, created }] = versionOf(secret, input);
      return { ...identify(secret), VersionId: versionId, SecretString, SecretBinary, VersionStages: stages, CreatedDate: created };
    },
    PutSecretValue: (input) => {
      const secret = secretOf(input);
      const versionId = optionalText(input, 'ClientRequestToken') ?? randomUUID();
      const content = contentOf(input);
      const stages = input.VersionStages === undefined ? [CURRENT] : texts(input, 'VersionStages');
      const known = get(secret, versionId);
      if (known !== undefined && (known.text !== content.text || known.binary !== content.binary)) {
        throw new ServiceError('ResourceExistsException', 'a version with this ClientRequestToken has another value already');
      }
      const changed = known === undefined ? secrets.put(secret, versionId, content, stages) : secret;
      secrets.keep(changed);
      return { ...identify(secret), VersionId: versionId, VersionStages: get(changed, versionId)?.stages ?? [] };
    },
    UpdateSecretVersionStage: (input) => {
      const secret = secretOf(input);
      const stage = text(input, 'VersionStage');
      const to = optionalText(input, 'MoveToVersionId');
      const from = optionalText(input, 'RemoveFromVersionId');
      const holder = Object.entries(secret.versions).find(([, { stages }]) => stages.includes(stage))?.[0];
      if (to !== undefined && get(secret, to) === undefined) {
        throw new ServiceError('ResourceNotFoundException', 'there is no version to move the stage to');
      }
      if (holder !== undefined && holder !== to && holder !== from) {
        throw new ServiceError('InvalidParameterException', `the stage ${stage} is with another version; name that in RemoveFromVersionId`);
      }
      if (to === undefined && stage === CURRENT) {
        throw new ServiceError('InvalidParameterException', `the stage ${CURRENT} can be moved, not removed`);
      }
      secrets.keep(moveStage(secret, stage, to));
      return identify(secret);
    },
    DescribeSecret: (input) => {
      const secret = secretOf(input);
      return {
        ...identify(secret),
        Tags: tagList(secret.tags),
        VersionIdsToStages: Object.fromEntries(Object.entries(secret.versions).map(([id, { stages }]) => [id, stages])),
      };
    },
    TagResource: (input) => {
      const secret = secretOf(input);
      secrets.keep({ ...secret, tags: { ...secret.tags, ...tags(input, 'Tags') } });
      return {};
    },
    UntagResource: (input) => {
      const secret = secretOf(input);
      const keys = texts(input, 'TagKeys');
      secrets.keep({ ...secret, tags: Object.fromEntries(Object.entries(secret.tags).filter(([key]) => !keys.includes(key))) });
      return {};
    },
  }, secretsManagerPermissions(secrets, around.scope));
}

function identify({ arn, name }: Secret): object {
  return { ARN: arn, Name: name };
}

function get({ versions }: Secret, versionId: string): Version | undefined {
  return Object.hasOwn(versions, versionId) ? versions[versionId] : undefined;
}

function versionOf(secret: Secret, input: Input): [string, Version] {
  const id = optionalText(input, 'VersionId');
  const stage = optionalText(input, 'VersionStage') ?? (id === undefined ? CURRENT : undefined);
  const found = Object.entries(secret.versions).find(([versionId, { stages }]) => (
    (id === undefined || versionId === id) && (stage === undefined || stages.includes(stage))
  ));
  if (found === undefined) {
    throw new ServiceError('ResourceNotFoundException', `Secrets Manager can't find the specified secret value for ${id === undefined ? `staging label: ${stage ?? ''}` : 'this version'}`);
  }
  return found;
}

function contentOf(input: Input): Content {
  const secretText = optionalText(input, 'SecretString');
  if ((secretText === undefined) === (input.SecretBinary === undefined)) {
    throw invalid("give either 'SecretString' or 'SecretBinary'");
  }
  const content = secretText === undefined ? { binary: bytes(input, 'SecretBinary').toString('base64') } : { text: secretText };
  if (Buffer.byteLength(content.text ?? content.binary ?? '') > MAX_SECRET_BYTES) {
    throw invalid(`a secret has at most ${MAX_SECRET_BYTES} bytes`);
  }
  return content;
}
