import { createHash, randomInt, randomUUID } from 'node:crypto';
import { asText, propertyOf } from '../../../deployment';
import type { AccountScope } from '../../../policy';
import { ServiceError } from '../service';
import { StateFile } from '../state-file';
import { declared } from '../surroundings';
import type { DeclaredResource, Surroundings } from '../surroundings';

export const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';

/** What a secret holds in one version: text, or bytes in base64. */
export interface Content {
  readonly text?: string;
  readonly binary?: string;
}

export interface Version extends Content {
  readonly stages: readonly string[];
  readonly created: number;
}

/** A secret and its versions, by id. */
export interface Secret {
  readonly name: string;
  readonly arn: string;
  readonly versions: Readonly<Record<string, Version>>;
  readonly tags: Readonly<Record<string, string>>;

  /** The digest of what the template said when it was last followed. */
  readonly declared?: string;
}

/** The secrets that the deployment declares, each in a file of its own. */
export class Secrets {
  constructor(private readonly around: Surroundings) {}

  /**
   * The secret of a name, an ARN, or an ARN without the characters at its end that AWS draws at random.
   *
   * @throws ServiceError as AWS Secrets Manager does for one that is not there.
   */
  public find(secretId: string): Secret {
    const found = this.declared(secretId);
    if (found === undefined) {
      throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret: the assembly declares none with this id.");
    }
    return this.follow(found);
  }

  /** The ARN of a secret that is named so, whether or not it is there, and the tags that it has. */
  public identify(secretId: string, { partition, region, accountId }: AccountScope): Pick<Secret, 'arn' | 'tags'> {
    const found = this.declared(secretId);
    return found === undefined
      ? { arn: secretId.startsWith('arn:') ? secretId : `arn:${partition}:secretsmanager:${region}:${accountId}:secret:${secretId}`, tags: {} }
      : { arn: found.arn, tags: this.fileOf(found.arn).read().tags ?? {} };
  }

  public keep(secret: Secret): void {
    this.fileOf(secret.arn).write(secret);
  }

  /** A new value, with its stages taken from the versions that had them. */
  public put(secret: Secret, versionId: string, content: Content, stages: readonly string[]): Secret {
    const version: Version = { ...content, stages: [], created: this.around.clock.now() / 1000 };
    return stages.reduce((current, stage) => moveStage(current, stage, versionId), { ...secret, versions: { ...secret.versions, [versionId]: version } });
  }

  /** The secret with what the template says, if that has changed. */
  private follow({ arn, resource: { properties } }: DeclaredResource): Secret {
    const { arn: _, ...kept } = { arn, name: nameOf(arn), versions: {}, tags: {}, ...this.fileOf(arn).read() };
    const secret: Secret = { ...kept, arn };
    const text = asText(propertyOf(properties, 'SecretString'));
    const rule = propertyOf(properties, 'GenerateSecretString');
    const declaration = createHash('sha256').update(JSON.stringify([text ?? null, rule ?? null])).digest('hex');
    if (secret.declared === declaration) {
      return secret;
    }
    const value = typeof text === 'string' ? text : rule === undefined ? undefined : generate(rule);
    const followed = { ...value === undefined ? secret : this.put(secret, randomUUID(), { text: value }, [CURRENT]), declared: declaration };
    this.keep(followed);
    return followed;
  }

  private declared(secretId: string): DeclaredResource | undefined {
    return declared(this.around, 'AWS::SecretsManager::Secret').find(({ arn }) => (
      arn === secretId || arn.slice(0, -'-xxxxxx'.length) === secretId || nameOf(arn) === secretId
    ));
  }

  private fileOf(arn: string): StateFile<Partial<Secret>> {
    return new StateFile(this.around.folder, `secret-${nameOf(arn)}`, {});
  }
}

/**
 * Give a stage to a version, which takes it from the version that has it. What was current becomes the previous one, and
 * a version without stages is gone.
 */
export function moveStage(secret: Secret, stage: string, versionId: string | undefined): Secret {
  const before = Object.entries(secret.versions).find(([, { stages }]) => stages.includes(stage))?.[0];
  if (before === versionId) {
    return secret;
  }
  const moved = Object.entries(secret.versions).map(([id, version]): [string, Version] => {
    const others = version.stages.filter((one) => one !== stage && !(stage === CURRENT && one === PREVIOUS));
    const own = [...others, ...id === versionId ? [stage] : [], ...stage === CURRENT && id === before ? [PREVIOUS] : []];
    return [id, { ...version, stages: own }];
  });
  return { ...secret, versions: Object.fromEntries(moved.filter(([, { stages }]) => stages.length > 0)) };
}

/** The name in an ARN, without the seven characters that AWS adds. */
function nameOf(arn: string): string {
  return arn.split(':').slice(6).join(':').slice(0, -'-xxxxxx'.length);
}

const CHARACTERS = {
  ExcludeLowercase: 'abcdefghijklmnopqrstuvwxyz',
  ExcludeUppercase: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  ExcludeNumbers: '0123456789',
  ExcludePunctuation: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
} as const;

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-secretsmanager-secret-generatesecretstring.html */
function generate(rule: Parameters<typeof propertyOf>[0]): string {
  const textOf = (name: string): string => {
    const text = asText(propertyOf(rule, name));
    return typeof text === 'string' ? text : '';
  };
  const excluded = textOf('ExcludeCharacters');
  const kinds = Object.entries(CHARACTERS).filter(([name]) => textOf(name) !== 'true').map(([, characters]) => characters);
  const pool = [...kinds.join(''), ...textOf('IncludeSpace') === 'true' ? ' ' : ''].filter((character) => !excluded.includes(character));
  const length = Math.min(Number(textOf('PasswordLength')) || 32, 4096);
  const password = pool.length === 0 ? '' : Array.from({ length }, () => pool[randomInt(pool.length)]).join('');
  const key = textOf('GenerateStringKey');
  return key === '' ? password : JSON.stringify({ ...JSON.parse(textOf('SecretStringTemplate') || '{}') as object, [key]: password });
}
