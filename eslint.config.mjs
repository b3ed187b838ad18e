import importPlugin from 'eslint-plugin-import';
import tseslint from 'typescript-eslint';

/** What each folder of lib/ may import of ours; the drawing in the architecture, kept true. */
const LAYERS = {
  policy: [],
  sql: [],
  topics: ['policy'],
  deployment: ['policy'],
  private: [],
  registry: ['private'],
  certificates: ['private', 'registry'],
  jobs: ['private'],
  access: ['private', 'policy', 'topics', 'registry', 'certificates', 'jobs'],
  account: ['private'],
  endpoint: ['private', 'account', 'access'],
  membership: ['private', 'policy', 'registry', 'access'],
  credentials: ['private', 'access'],
  provisioning: ['private', 'topics', 'registry', 'certificates', 'access'],
  'authorizer-kit': ['policy', 'topics'],
  authorizer: ['private', 'topics', 'authorizer-kit', 'certificates', 'fleet'],
  rules: ['private', 'sql', 'topics'],
  fleet: ['private', 'credentials', 'policy', 'topics', 'registry', 'certificates', 'access', 'jobs', 'membership', 'provisioning', 'rules'],
  twin: ['policy', 'deployment', 'sql'],
  web: [],
};

/** Folders that plain TypeScript uses without the CDK. */
const WITHOUT_CDK = ['authorizer-kit', 'policy', 'sql', 'topics', 'deployment', 'twin', 'web'];

/** npm packages that a folder may import besides the CDK; all of them are bundled, but for the client of web apps. */
const BUNDLED = {
  deployment: ['yaml'],
  // Of the SDK, only the types of requests and answers.
  twin: ['@aws-sdk/client-iot', '@smithy/signature-v4', '@smithy/types', 'read-tls-client-hello', 'ws', '@peculiar/x509', 'asn1js', 'cborg', 'dynalite', 'jose', 'mqtt-packet', 'node-sqlite3-wasm', 'reflect-metadata'],
  web: ['@aws-sdk/client-cognito-identity', 'aws4fetch'],
};

const CDK = ['aws-cdk-lib', 'aws-cdk-lib/*', 'constructs'];

function layer(folder) {
  const bundled = BUNDLED[folder] ?? [];
  const packages = [...WITHOUT_CDK.includes(folder) ? [] : CDK, ...bundled];
  return {
    files: [`lib/${folder}/**/*.ts`],
    rules: {
      'import/no-restricted-paths': ['error', {
        zones: Object.keys(LAYERS).filter((other) => other !== folder && !LAYERS[folder].includes(other)).map((other) => ({
          target: `./lib/${folder}`,
          from: `./lib/${other}`,
          message: `lib/${folder} may import ${LAYERS[folder].map((name) => `lib/${name}`).join(', ') || 'nothing of ours'}`,
        })),
      }],
      'no-restricted-imports': ['error', {
        patterns: [{ regex: `^(?!\\.|node:${packages.map((name) => `|${name.replace('/*', '/.*')}$`).join('')})`, message: `lib/${folder} may import Node${packages.map((name) => `, ${name}`).join('')}` }],
      }],
    },
  };
}

export default tseslint.config(
  { ignores: ['dist/', 'examples/*/page/dist/', 'bundle/', 'coverage/', 'cdk.out/', 'bench/peers/', '**/*.d.ts'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.dev.json', tsconfigRootDir: import.meta.dirname } },
    plugins: { import: importPlugin },
    settings: { 'import/resolver': { typescript: { project: './tsconfig.dev.json' } } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-require-imports': ['error', { allow: ['/csr$', '^../sql$', '^node:net$'] }],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      'import/no-cycle': ['error', { ignoreExternal: true }],
      'import/no-duplicates': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    // It runs in a browser.
    files: ['examples/web-app-cognito/page/**/*.ts'],
    languageOptions: { parserOptions: { project: './examples/web-app-cognito/page/tsconfig.json' } },
  },
  ...Object.keys(LAYERS).map(layer),
  {
    // The one file of lib/certificates with dependencies; the build bundles it.
    files: ['lib/certificates/csr.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ regex: '^(?!\\.|node:|@peculiar/|asn1js$)', message: 'only what the build bundles' }] }] },
  },
  {
    // For the command line, which the build bundles; no construct imports it.
    files: ['lib/provisioning/manifest/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ regex: '^(?!\\.|node:|jose$)', message: 'only Node and jose' }] }] },
  },
  {
    // Templates and matchers of jest are `any` by nature.
    files: ['test/**/*.ts'],
    rules: Object.fromEntries(['no-unsafe-assignment', 'no-unsafe-argument', 'no-unsafe-return', 'no-unsafe-member-access', 'no-unsafe-call', 'no-unsafe-enum-comparison', 'no-base-to-string', 'unbound-method', 'require-await']
      .map((rule) => [`@typescript-eslint/${rule}`, 'off'])),
  },
  { files: ['**/*.{js,mjs}'], ...tseslint.configs.disableTypeChecked },
);
