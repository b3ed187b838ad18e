import { Stack } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';

/**
 * What an app client may write when nobody says what it may.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cognito-userpoolclient.html "WriteAttributes"
 */
const STANDARD_ATTRIBUTES: readonly string[] = [
  'address', 'birthdate', 'email', 'family_name', 'gender', 'given_name', 'locale', 'middle_name', 'name', 'nickname', 'phone_number', 'picture',
  'preferred_username', 'profile', 'updated_at', 'website', 'zoneinfo',
];

/** Whether the app declares the user pool, so that it also declares who may write what. */
export function isDeclaredHere({ node }: cognito.IUserPool): boolean {
  return node.defaultChild instanceof cognito.CfnUserPool;
}

/** The app client of a user pool by which users can write a claim of their own tokens, as far as the app declares them. */
export function writerOf(userPool: cognito.IUserPool, claim: string): cognito.CfnUserPoolClient | undefined {
  const resolve = (value: unknown): string => JSON.stringify(Stack.of(userPool).resolve(value));
  const poolId = resolve(userPool.userPoolId);
  return userPool.node.root.node.findAll()
    .filter((construct): construct is cognito.CfnUserPoolClient => construct instanceof cognito.CfnUserPoolClient)
    .find((client) => resolve(client.userPoolId) === poolId && (client.writeAttributes ?? STANDARD_ATTRIBUTES).includes(claim));
}
