import type { SecureVersion } from 'node:tls';

/** What a TLS security policy lets a client use. */
export interface TlsPolicy {
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;

  /** In OpenSSL's words; that of Node where AWS says nothing else. */
  readonly ciphers?: string;
}

/** TLS 1.2 suites with CBC and with RSA key exchange, which all policies of AWS with TLS 1.2 still have. */
const TLS12_SUITES = [
  ...['ECDHE-ECDSA', 'ECDHE-RSA'].flatMap((exchange) => [
    'AES128-GCM-SHA256', 'AES128-SHA256', 'AES128-SHA', 'AES256-GCM-SHA384', 'AES256-SHA384', 'AES256-SHA',
  ].map((suite) => `${exchange}-${suite}`)),
  'AES128-GCM-SHA256', 'AES128-SHA256', 'AES128-SHA', 'AES256-GCM-SHA384', 'AES256-SHA256', 'AES256-SHA',
];
const TLS13_SUITES = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];
const TLS12: TlsPolicy = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: TLS12_SUITES.join(':') };

/** @see https://docs.aws.amazon.com/iot/latest/developerguide/transport-security.html */
export const TLS_POLICIES: Readonly<Record<string, TlsPolicy>> = {
  IoTSecurityPolicy_TLS13_1_3_2022_10: { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ciphers: TLS13_SUITES.join(':') },
  IoTSecurityPolicy_TLS13_1_2_2022_10: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', ciphers: [...TLS13_SUITES, ...TLS12_SUITES].join(':') },
  IoTSecurityPolicy_TLS12_1_2_2022_10: TLS12,
  IoTSecurityPolicy_TLS12_1_0_2016_01: TLS12,
  IoTSecurityPolicy_TLS12_1_0_2015_01: { ...TLS12, ciphers: [...TLS12_SUITES, 'DHE-RSA-AES256-SHA'].join(':') },
};

/** What new endpoints and domain configurations have. */
export const DEFAULT_TLS_POLICY = 'IoTSecurityPolicy_TLS13_1_2_2022_10';
