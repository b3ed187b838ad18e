/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // Constructs with custom resources take their handlers from bundle/, and the twin the process that runs them.
  globalSetup: '<rootDir>/test/global-setup.mjs',
  setupFiles: ['<rootDir>/test/setup.ts'],
  // ES modules, which jest takes only as CommonJS.
  moduleNameMapper: { '^cborg$': '<rootDir>/node_modules/cborg/cborg.js' },
  transformIgnorePatterns: ['/node_modules/(?!(?:cborg|jose)/)'],
  transform: {
    '/node_modules/(?:cborg|jose)/.+\\.js$': ['@swc/jest', { jsc: { target: 'es2022' }, module: { type: 'commonjs' } }],
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }],
  },
  // Two cores: one file beside the runner itself keeps the brokers under test responsive.
  maxWorkers: 2,
  // Real clients on a busy machine; nothing waits this long unless it is stuck.
  testTimeout: 180_000,
};
