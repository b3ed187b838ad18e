import { unknownOperation } from './service';
import type { Service } from './service';
import type { Surroundings } from './surroundings';
import { xmlAnswer, xmlError } from './xml';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** AWS STS, as far as it says who asks: a role that everybody has in the twin. */
export function stsService({ scope }: Surroundings): Service {
  return {
    name: 'sts',
    handle: ({ body }) => {
      const action = new URLSearchParams(body.toString()).get('Action') ?? '';
      if (action !== 'GetCallerIdentity') {
        return Promise.resolve(xmlError(unknownOperation('STS', action, ['GetCallerIdentity']), 'ErrorResponse'));
      }
      return Promise.resolve(xmlAnswer(200, ['GetCallerIdentityResponse', [
        ['GetCallerIdentityResult', [
          ['Arn', `arn:${scope.partition}:sts::${scope.accountId}:assumed-role/twin/twin`],
          ['UserId', 'AROATWIN:twin'],
          ['Account', scope.accountId],
        ]],
      ]], NAMESPACE));
    },
  };
}
