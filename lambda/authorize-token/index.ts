/**
 * Lets callers in whose token an OpenID Connect issuer has signed, and lets them use the channels that its claims name.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/custom-auth-lambda.html
 */
import { authorizer, type AuthorizerHandler, type User } from '../../lib/authorizer-kit/authorizer';
import { Refusal } from '../../lib/authorizer-kit/errors';
import type { ConnectionRequest } from '../../lib/authorizer-kit/request';
import type { SourceSettings, TokenSettings } from '../../lib/authorizer/settings';
import { accessOf, textsOf } from './access';
import { fetchJson } from './fetch-json';
import type { Surroundings } from './keys';
import { TokenVerifier, type Claims } from './verifier';

const SURROUNDINGS: Surroundings = { now: Date.now, log: (line) => void process.stdout.write(`${line}\n`), fetchJson };

/** The handler, and the keys of the issuer on their way. */
export function createHandler(settings: TokenSettings, around: Surroundings = SURROUNDINGS): AuthorizerHandler {
  const { signed, clientIds, maxSessionSeconds, minRemainingSeconds } = settings;
  const verifier = new TokenVerifier(settings, around);
  const accesses = settings.access.map(accessOf);
  void verifier.prepare();
  const userOf = (claims: Claims): User<Claims> => ({
    // Unique among all issuers.
    subject: `${claims.iss} ${claims.sub}`,
    // Within the tolerance, a token that has expired is still good.
    expiresAt: Math.max(claims.exp * 1000, around.now() + 1),
    claims,
  });
  return authorizer<Claims>({
    acceptUnsigned: !signed,
    maxSessionSeconds,
    minRemainingSeconds,
    now: around.now,
    log: around.log,
    verify: (request) => {
      const token = tokenIn(request, settings.sources);
      if (token === undefined) {
        throw new Refusal('there is no token where the authorizer looks for it');
      }
      const claims = verifier.claimsOf(token);
      return claims instanceof Promise ? claims.then(userOf) : userOf(claims);
    },
    allow: ({ claims }) => accesses.flatMap((access) => access(claims)),
    ...clientIds !== undefined && { clientIds: ({ claims }) => textsOf(claims, clientIds) },
  });
}

function tokenIn(request: ConnectionRequest, sources: readonly SourceSettings[]): string | undefined {
  for (const source of sources) {
    const token = source === 'token' ? request.token : source === 'password' ? request.password : bearer(request.header(source.header));
    if (token !== undefined && token !== '') {
      return token;
    }
  }
  return undefined;
}

function bearer(header: string | undefined): string | undefined {
  return header?.replace(/^bearer +/i, '').trim();
}

/** The settings, with the keys of a user pool where they are: at AWS, or at the local AWS IoT Core. */
export function readSettings({ SETTINGS: settings = '{}', AWS_ENDPOINT_URL: endpoint }: NodeJS.ProcessEnv): TokenSettings {
  const read = JSON.parse(settings) as TokenSettings;
  const { userPool } = read.issuer;
  const jwksUri = userPool && endpoint ? `${endpoint}/${userPool.id}/.well-known/jwks.json` : read.issuer.jwksUri;
  return { ...read, issuer: { ...read.issuer, jwksUri } };
}

/** Lets nobody in, and says why: a function without its settings. */
const unsettled: AuthorizerHandler = authorizer({
  verify: () => {
    throw new Refusal("the environment of the function has no SETTINGS; deploy its 'JwtAuthorizer' again");
  },
  allow: () => [],
});

// When it is loaded: AWS Lambda gives a function more of a processor then, and the first caller need not wait.
export const handler: AuthorizerHandler = process.env.SETTINGS === undefined ? unsettled : createHandler(readSettings(process.env));
