import { readDeployment } from '../deployment';
import type { Deployment, Knowledge } from '../deployment';
import { showText } from '../policy';
import type { AccountScope } from '../policy';
import { TwinError } from './errors';

const DEFAULT_ACCOUNT = { accountId: '123456789012', region: 'us-east-1' } as const;

/** What fills in what an assembly leaves open. */
export interface AssemblyOptions {
  readonly parameters?: { readonly [name: string]: string };
  readonly accountId?: string;
  readonly region?: string;
}

/** Read a deployment; only what it leaves open about the account is filled in. */
export function readAssembly(path: string, { parameters, accountId, region }: AssemblyOptions, knowledge: Knowledge = {}): Deployment {
  const given = { ...knowledge, ...(parameters === undefined ? {} : { parameters }) };
  const { account } = readDeployment(path, given);
  const fill = (value: unknown, replacement: string): string | undefined => (typeof value === 'string' ? undefined : replacement);
  const filled = {
    accountId: fill(account.accountId, accountId ?? DEFAULT_ACCOUNT.accountId),
    region: fill(account.region, region ?? DEFAULT_ACCOUNT.region),
  };
  return readDeployment(path, {
    ...given,
    requireParameters: true,
    ...(filled.accountId === undefined ? {} : { accountId: filled.accountId }),
    ...(filled.region === undefined ? {} : { region: filled.region }),
  });
}

/** Where a deployment goes. */
export function scopeOf({ account }: Deployment): AccountScope {
  const { partition, region, accountId } = account;
  if (typeof partition !== 'string' || typeof region !== 'string' || typeof accountId !== 'string') {
    throw new TwinError(`cannot tell where the deployment goes (account ${showText(accountId)}, Region ${showText(region)}, partition ${showText(partition)}); pass --account and --region`);
  }
  return { partition, region, accountId };
}
