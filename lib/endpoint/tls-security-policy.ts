import { Annotations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { isInChina, regionOf } from './regions';
import { invalid } from '../private/errors';

/**
 * Which versions of TLS, and which ciphers, AWS IoT agrees to. Own policies cannot be made.
 *
 * @see https://docs.aws.amazon.com/iot/latest/developerguide/transport-security.html#tls-policy-table
 */
export enum TlsSecurityPolicy {
  /** TLS 1.3 alone: the only one without ciphers that lack forward secrecy. */
  TLS13_1_3_2022_10 = 'IoTSecurityPolicy_TLS13_1_3_2022_10',
  /** TLS 1.3, and TLS 1.2 for devices that do not speak it. */
  TLS13_1_2_2022_10 = 'IoTSecurityPolicy_TLS13_1_2_2022_10',
  /** TLS 1.2 alone, also for devices that speak TLS 1.3. */
  TLS12_1_2_2022_10 = 'IoTSecurityPolicy_TLS12_1_2_2022_10',
  /** TLS 1.2 as it was in 2016, where AWS IoT opened then or later; the 1.0 in its name is history. */
  TLS12_1_0_2016_01 = 'IoTSecurityPolicy_TLS12_1_0_2016_01',
  /** TLS 1.2 as it was in 2015, in the Regions of that time; the 1.0 in its name is history. */
  TLS12_1_0_2015_01 = 'IoTSecurityPolicy_TLS12_1_0_2015_01',
}

interface PolicyFacts {
  readonly hasTls13: boolean;

  /** @default - every Region */
  readonly regions?: readonly string[];
}

/** https://docs.aws.amazon.com/iot/latest/developerguide/iot-endpoints-tls-config.html, but for China, which has no policies at all */
const POLICIES: Readonly<Record<TlsSecurityPolicy, PolicyFacts>> = {
  [TlsSecurityPolicy.TLS13_1_3_2022_10]: { hasTls13: true },
  [TlsSecurityPolicy.TLS13_1_2_2022_10]: { hasTls13: true },
  [TlsSecurityPolicy.TLS12_1_2_2022_10]: { hasTls13: false },
  [TlsSecurityPolicy.TLS12_1_0_2016_01]: {
    hasTls13: false,
    regions: [
      'ap-east-1', 'ap-northeast-2', 'ap-south-1', 'ap-southeast-2', 'ca-central-1', 'eu-north-1', 'eu-west-2', 'eu-west-3', 'me-south-1',
      'sa-east-1', 'us-east-2', 'us-gov-east-1', 'us-gov-west-1', 'us-west-1',
    ],
  },
  [TlsSecurityPolicy.TLS12_1_0_2015_01]: {
    hasTls13: false,
    regions: ['ap-northeast-1', 'ap-southeast-1', 'eu-central-1', 'eu-west-1', 'us-east-1', 'us-west-2'],
  },
};

/** Fails for a policy without TLS 1.3 that nobody has allowed; adds an error where the Region does not have the policy. */
export function requireTlsPolicy(scope: IConstruct, prop: string, policy: TlsSecurityPolicy, isLegacyAllowed: boolean): void {
  const { hasTls13, regions } = POLICIES[policy];
  if (!hasTls13 && !isLegacyAllowed) {
    throw invalid(scope, `'${prop}' must be a policy with TLS 1.3, got ${policy}; set 'allowLegacyTls' for devices that cannot do without`);
  }
  const region = regionOf(scope);
  if (isInChina(scope)) {
    Annotations.of(scope).addError(`'${prop}' must be left out in ${region}: AWS IoT has no TLS policies in China`);
  } else if (region !== undefined && regions?.includes(region) === false) {
    Annotations.of(scope).addError(`'${prop}' must be a policy that ${region} has, got ${policy}, which there is in ${regions.join(', ')} only`);
  }
}
