import type { RoleSession, Session } from './access-keys';
import { ServiceError, unknownOperation } from './service';
import type { Service, ServiceRequest } from './service';
import type { Surroundings } from './surroundings';
import { xmlAnswer, xmlError } from './xml';
import type { Xml } from './xml';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** Seconds that the credentials of a role are good for: by default, and at least and at most. */
const DURATION = { usual: 3600, least: 900, most: 43_200 };

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html */
const MAX_TAGS = 50;

/**
 * AWS STS: who asks, and the credentials of a role of the deployment. Whoever runs the twin may have those of any role,
 * as an administrator may see to it; others may not.
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
    evaluatesIam: true,
    handle: ({ body, caller = { kind: 'operator' } }: ServiceRequest) => {
      const input = new URLSearchParams(body.toString());
      const action = input.get('Action') ?? '';
      try {
        const operation = Object.hasOwn(operations, action) ? operations[action] : undefined;
        if (operation === undefined) {
          throw unknownOperation('STS', action, Object.keys(operations));
        }
        return Promise.resolve(xmlAnswer(200, [`${action}Response`, [operation(input, caller)]], NAMESPACE));
      } catch (error) {
        if (error instanceof ServiceError) {
          return Promise.resolve(xmlError(error, 'ErrorResponse'));
        }
        throw error;
      }
    },
  };
}

function assumeRole(input: URLSearchParams, caller: Session, { deployment, clock, keys }: Surroundings): Xml {
  const roleArn = input.get('RoleArn') ?? '';
  const sessionName = input.get('RoleSessionName') ?? '';
  const duration = Number(input.get('DurationSeconds') ?? DURATION.usual);
  if (!/^[\w+=,.@-]{2,64}$/.test(sessionName) || !Number.isInteger(duration) || duration < DURATION.least || duration > DURATION.most) {
    throw new ServiceError('ValidationError', `RoleSessionName must have 2 to 64 letters, digits and _+=,.@-, and DurationSeconds be from ${DURATION.least} to ${DURATION.most}`);
  }
  if (caller.kind !== 'operator' || !deployment().resources.some(({ type, arn }) => type === 'AWS::IAM::Role' && arn === roleArn)) {
    throw new ServiceError('AccessDenied', `the caller may not assume ${roleArn.slice(0, 200)}: it is no role of the deployment, or the caller does not run the twin`, 403);
  }
  const expiration = clock.now() + duration * 1000;
  const session: RoleSession = { kind: 'role', roleArn, sessionName, tags: tagsOf(input) };
  const { accessKeyId, secretAccessKey, sessionToken } = keys.issue(expiration, session);
  return ['AssumeRoleResult', [
    ['Credentials', [
      ['AccessKeyId', accessKeyId], ['SecretAccessKey', secretAccessKey], ['SessionToken', sessionToken], ['Expiration', new Date(expiration).toISOString()],
    ]],
    ['AssumedRoleUser', [['AssumedRoleId', `AROATWIN:${sessionName}`], ['Arn', assumedRoleArn(session)]]],
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
  return caller.kind === 'operator' ? `arn:${partition}:sts::${accountId}:assumed-role/twin/twin` : assumedRoleArn(caller);
}

function assumedRoleArn({ roleArn, sessionName }: RoleSession): string {
  return `${roleArn.replace(':iam:', ':sts:').replace(/:role\/(?:.*\/)?/, ':assumed-role/')}/${sessionName}`;
}
