import { Annotations, Stack } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';

/**
 * What an app client may write when nobody says what it may.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cognito-userpoolclient.html "WriteAttributes"
 */
const STANDARD_ATTRIBUTES: readonly string[] = [
  'address', 'birthdate', 'email', 'family_name', 'gender', 'given_name', 'locale', 'middle_name', 'name', 'nickname', 'phone_number', 'picture',
  'preferred_username', 'profile', 'updated_at', 'website', 'zoneinfo',
];

/** The name of an account, in id tokens and in access tokens. */
const USERNAMES = ['cognito:username', 'username'];

/** What is taken from a claim of users, such as `the principal tag 'device'`. */
export type Taken = readonly [what: string, claim: string];

/**
 * Fails, when the app is synthesized, for what is taken from a claim that users can write themselves: they could name
 * each other's devices. Warns where the app cannot tell.
 *
 * App clients may be added later.
 */
export function requireClaimsOfOthers(scope: Construct, userPool: cognito.IUserPool, taken: readonly Taken[], warning: string): void {
  const { defaultChild: pool } = userPool.node;
  if (taken.length > 0 && !(pool instanceof cognito.CfnUserPool)) {
    const claims = [...new Set(taken.map(([, claim]) => claim))].join(', ');
    Annotations.of(scope).addWarningV2(
      warning, `the user pool ${userPool.node.path} is not of this app, which cannot tell whether users may write ${claims}; make sure that no app client of it has write access`,
    );
  }
  scope.node.addValidation({
    validate: () => taken.flatMap(([what, claim]) => {
      const writer = writerOf(userPool, claim);
      return [
        ...writer === undefined ? [] : [`users can write '${claim}', from which ${what} is taken, by ${writer.node.path}; leave it out of 'writeAttributes' there`],
        ...!USERNAMES.includes(claim) || !(pool instanceof cognito.CfnUserPool) || !letsChooseUsername(pool) ? []
          : [`users choose '${claim}', from which ${what} is taken, when they sign up at ${userPool.node.path}; turn off 'selfSignUpEnabled' there, or take 'sub'`],
      ];
    }),
  });
}

/** Whether people make their own accounts, and not under their mail address or phone number, for which the pool makes a name up. */
function letsChooseUsername({ adminCreateUserConfig, usernameAttributes }: cognito.CfnUserPool): boolean {
  const { allowAdminCreateUserOnly } = (adminCreateUserConfig ?? {}) as cognito.CfnUserPool.AdminCreateUserConfigProperty;
  return allowAdminCreateUserOnly !== true && (usernameAttributes ?? []).length === 0;
}

/** The app client of a user pool by which users can write a claim of their own tokens, as far as the app declares them. */
function writerOf(userPool: cognito.IUserPool, claim: string): cognito.CfnUserPoolClient | undefined {
  const resolve = (value: unknown): string => JSON.stringify(Stack.of(userPool).resolve(value));
  const poolId = resolve(userPool.userPoolId);
  return userPool.node.root.node.findAll()
    .filter((construct): construct is cognito.CfnUserPoolClient => construct instanceof cognito.CfnUserPoolClient)
    .find((client) => resolve(client.userPoolId) === poolId && (client.writeAttributes ?? STANDARD_ATTRIBUTES).includes(claim));
}
