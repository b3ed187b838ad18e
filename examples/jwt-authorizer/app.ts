import { App } from 'aws-cdk-lib';
import { JwtAuthorizerStack } from './stack';

const app = new App();
new JwtAuthorizerStack(app, 'JwtAuthorizer', { issuer: context('issuer'), audience: context('audience') });

/** The value of `cdk synth -c NAME=VALUE`. Ends the process in one line where there is none. */
function context(name: string): string {
  const value: unknown = app.node.tryGetContext(name);
  if (typeof value === 'string' && value !== '') {
    return value;
  }
  process.stderr.write(`the context '${name}' is missing: add -c ${name}=…, see the README of the example\n`);
  process.exit(1);
}
