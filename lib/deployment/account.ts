import type { Account } from './model';
import type { Work } from './work';
import { joinText } from '../policy/text';
import type { Text } from '../policy/text';

/** What a caller knows of the account. */
export interface GivenAccount {
  readonly accountId?: string;
  readonly region?: string;

  /** @default - the partition of the region */
  readonly partition?: string;
}

/** The account of a stack; a field that nobody gives is unknown, the same for all such stacks as in the CDK. */
export function accountOf(given: GivenAccount, work: Work): Account {
  const partition = given.partition ?? PARTITIONS.find(({ regions }) => regions.test(given.region ?? ''))?.partition;
  return {
    accountId: given.accountId ?? unknown('AWS::AccountId', "pass the 'accountId'", work),
    region: given.region ?? unknown('AWS::Region', "pass the 'region'", work),
    partition: partition ?? unknown('AWS::Partition', "pass the 'region' or 'partition'", work),
  };
}

/** The domain that the services of a partition are under. */
export function urlSuffixOf(partition: Text, work: Work): Text {
  return urlSuffix(partition) ?? unknown('AWS::URLSuffix', "pass the 'region'", work);
}

/** The same where the partition may be one that nobody knows. */
export function urlSuffix(partition: Text): string | undefined {
  return PARTITIONS.find((entry) => entry.partition === partition)?.urlSuffix;
}

function unknown(path: string, advice: string, work: Work): Text {
  return joinText([work.unknown(path, `the template can be deployed anywhere; ${advice}`)]);
}

/** @see https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json */
const PARTITIONS: readonly { readonly partition: string; readonly urlSuffix: string; readonly regions: RegExp }[] = [
  { partition: 'aws', urlSuffix: 'amazonaws.com', regions: /^(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d+$/ },
  { partition: 'aws-cn', urlSuffix: 'amazonaws.com.cn', regions: /^cn-[a-z]+-\d+$/ },
  { partition: 'aws-us-gov', urlSuffix: 'amazonaws.com', regions: /^us-gov-[a-z]+-\d+$/ },
  { partition: 'aws-eusc', urlSuffix: 'amazonaws.eu', regions: /^eusc-[a-z]+-[a-z]+-\d+$/ },
  { partition: 'aws-iso', urlSuffix: 'c2s.ic.gov', regions: /^us-iso-[a-z]+-\d+$/ },
  { partition: 'aws-iso-b', urlSuffix: 'sc2s.sgov.gov', regions: /^us-isob-[a-z]+-\d+$/ },
  { partition: 'aws-iso-e', urlSuffix: 'cloud.adc-e.uk', regions: /^eu-isoe-[a-z]+-\d+$/ },
  { partition: 'aws-iso-f', urlSuffix: 'csp.hci.ic.gov', regions: /^us-isof-[a-z]+-\d+$/ },
];
