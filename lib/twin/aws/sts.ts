import { userArn } from '../iam';
import type { KnownKeys, Need } from '../iam';
import type { RoleSession, Session } from './access-keys';
import { requestTags } from './permissions';
import { ServiceError, unknownOperation } from './service';
import type { Service, ServiceRequest } from './service';
import type { Surroundings } from './surroundings';
import { xmlAnswer, xmlError } from './xml';
import type { Xml } from './xml';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/**
 * Seconds that the credentials of a role are good for: by default, at least and at most, and at most for a role that asks.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
 */
const DURATION = { usual: 3600, least: 900, most: 43_200, chained: 3600 };

/** Parameters that make a session another than the twin would make: one that may less, or is asked about more. */
const NOT_TAKEN = /^(Policy$|PolicyArns\.|SourceIdentity$|TransitiveTagKeys\.|ProvidedContexts\.|SerialNumber$|TokenCode$)/;

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html */
const MAX_TAGS = 50;

/**
 * AWS STS: who asks, and the credentials of a role of the deployment. Whoever runs the twin may have those of any role,
 * as an administrator may see to it; a role those of roles that trust it.
 *
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
export function stsService(around: Surroundings): Service {
  const operations: Readonly<Record<string, (input: URLSearchParams, caller: Session) => Xml>> = {
    GetCallerIdentity: (_, caller) => ['GetCallerIdentityResult', [
      ['Arn', arnOf(caller, around)],
      ['UserId', caller.kind === 'operator' ? 'AROATWIN:twin' : `AROATWIN:${caller.sessionName}`],
      ['Account', around.scope.accountId],
    ]],
    AssumeRole: (input, caller) => assumeRole(input, caller, around),
  };
  return {
    name: 'sts',
    needs: (request) => needsOf(readCall(request)),
    handle: (request) => {
      try {
        const { action, input } = readCall(request);
        return Promise.resolve(xmlAnswer(200, [`${action}Response`, [operations[action]!(input, request.caller ?? { kind: 'operator' })]], NAMESPACE));
      } catch (error) {
        if (error instanceof ServiceError) {
          return Promise.resolve(xmlError(error, 'ErrorResponse'));
        }
        throw error;
      }
    },
  };

  function readCall({ body }: ServiceRequest): Call {
    const input = new URLSearchParams(body.toString());
    const action = input.get('Action') ?? '';
    if (!Object.hasOwn(operations, action)) {
      throw unknownOperation('STS', action, Object.keys(operations));
    }
    return { action, input };
  }
}

interface Call {
  readonly action: string;
  readonly input: URLSearchParams;
}

/**
 * GetCallerIdentity takes no permission. To assume a role with tags takes two, of the role that asks or in the trust policy.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_permissions-required
 */
function needsOf({ action, input }: Call): readonly Need[] | undefined {
  if (action !== 'AssumeRole') {
    return action === 'GetCallerIdentity' ? [] : undefined;
  }
  const tags = Object.entries(tagsOf(input));
  const values: KnownKeys = {
    'sts:RoleSessionName': input.get('RoleSessionName') ?? undefined,
    'sts:ExternalId': input.get('ExternalId') ?? undefined,
    'sts:SourceIdentity': undefined,
    'sts:TransitiveTagKeys': undefined,
    ...requestTags(tags.map(([Key, Value]) => ({ Key, Value }))),
  };
  return ['sts:AssumeRole', ...tags.length > 0 ? ['sts:TagSession'] : []].map((needed) => ({ action: needed, resource: input.get('RoleArn') ?? '', values }));
}

function assumeRole(input: URLSearchParams, caller: Session, { deployment, clock, keys }: Surroundings): Xml {
  const roleArn = input.get('RoleArn') ?? '';
  const sessionName = input.get('RoleSessionName') ?? '';
  const duration = Number(input.get('DurationSeconds') ?? DURATION.usual);
  if (!/^[\w+=,.@-]{2,64}$/.test(sessionName) || !Number.isInteger(duration) || duration < DURATION.least || duration > DURATION.most) {
    throw new ServiceError('ValidationError', `RoleSessionName must have 2 to 64 letters, digits and _+=,.@-, and DurationSeconds be from ${DURATION.least} to ${DURATION.most}`);
  }
  const notTaken = [...input.keys()].find((name) => NOT_TAKEN.test(name));
  if (notTaken !== undefined) {
    throw new ServiceError('ValidationError', `the twin does not take ${notTaken.split('.')[0]!}: a session may what its role may`);
  }
  if (caller.kind === 'role' && duration > DURATION.chained) {
    throw new ServiceError('ValidationError', 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining');
  }
  if (!deployment().resources.some(({ type, arn }) => type === 'AWS::IAM::Role' && arn === roleArn)) {
    throw new ServiceError('AccessDenied', `the caller may not assume ${roleArn.slice(0, 200)}: it is no role of the deployment`, 403);
  }
  const expiration = clock.now() + duration * 1000;
  const session: RoleSession = { kind: 'role', roleArn, sessionName, tags: tagsOf(input) };
  const { accessKeyId, secretAccessKey, sessionToken } = keys.issue(expiration, session);
  return ['AssumeRoleResult', [
    ['Credentials', [
      ['AccessKeyId', accessKeyId], ['SecretAccessKey', secretAccessKey], ['SessionToken', sessionToken], ['Expiration', new Date(expiration).toISOString()],
    ]],
    ['AssumedRoleUser', [['AssumedRoleId', `AROATWIN:${sessionName}`], ['Arn', userArn(session)]]],
  ]];
}

function tagsOf(input: URLSearchParams): Record<string, string> {
  const members = Array.from({ length: MAX_TAGS }, (_, index) => `Tags.member.${index + 1}.`);
  return Object.fromEntries(members.flatMap((member) => {
    const key = input.get(`${member}Key`);
    return key === null ? [] : [[key, input.get(`${member}Value`) ?? '']];
  }));
}

function arnOf(caller: Session, { scope: { partition, accountId } }: Surroundings): string {
  return caller.kind === 'operator' ? `arn:${partition}:sts::${accountId}:assumed-role/twin/twin` : userArn(caller);
}
